#include "http/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

struct certificate {
    gnutls_datum_t chain, key; /* of LIMIT_CERTIFICATE_BYTES each */
};

/* Reads what there is; a sentence when it cannot be read or is too long. */
static const char *read_whole(const char *path, gnutls_datum_t *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer must not hold us */
    if (fd < 0)
        return strerror(errno);
    ssize_t got = 1;
    while (got > 0 && text->size < LIMIT_CERTIFICATE_BYTES) {
        got = read(fd, text->data + text->size, LIMIT_CERTIFICATE_BYTES - text->size);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            text->size += (unsigned)got;
    }
    int error = errno;
    close(fd);
    if (got < 0)
        return strerror(error);
    return got == 0 ? NULL : "it is longer than a certificate or a key can be";
}

static struct certificate *certificate_new(void)
{
    struct certificate *certificate = calloc(1, sizeof *certificate);
    if (certificate == NULL)
        return NULL;
    certificate->chain.data = malloc(LIMIT_CERTIFICATE_BYTES);
    certificate->key.data = malloc(LIMIT_CERTIFICATE_BYTES);
    if (certificate->chain.data != NULL && certificate->key.data != NULL)
        return certificate;
    certificate_free(certificate);
    return NULL;
}

void certificate_free(struct certificate *certificate)
{
    if (certificate == NULL)
        return;
    if (certificate->key.data != NULL)
        explicit_bzero(certificate->key.data, certificate->key.size);
    free(certificate->key.data);
    free(certificate->chain.data);
    free(certificate);
}

static gnutls_pcert_st *make_chain(const struct certificate *certificate, unsigned *count, int *code)
{
    *count = LIMIT_CHAIN;
    gnutls_pcert_st *chain = gnutls_calloc(LIMIT_CHAIN, sizeof *chain);
    *code = chain == NULL ? GNUTLS_E_MEMORY_ERROR
                          : gnutls_pcert_list_import_x509_raw(chain, count, &certificate->chain,
                                                              GNUTLS_X509_FMT_PEM, 0);
    if (*code >= 0)
        return chain;
    gnutls_free(chain);
    return NULL;
}

static bool make_key(const struct certificate *certificate, gnutls_privkey_t *key, int *code)
{
    gnutls_privkey_t made;
    *code = gnutls_privkey_init(&made);
    if (*code < 0)
        return false;
    *code = gnutls_privkey_import_x509_raw(made, &certificate->key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (*code >= 0)
        *key = made;
    else
        gnutls_privkey_deinit(made);
    return *code >= 0;
}

static void free_chain(gnutls_pcert_st *chain, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        gnutls_pcert_deinit(&chain[i]);
    gnutls_free(chain);
}

/* Whether what the certificate's key has signed is what this key would have signed. */
static int compare(const gnutls_pcert_st *leaf, gnutls_privkey_t key)
{
    unsigned char ids[2][64];
    size_t sizes[2] = {sizeof ids[0], sizeof ids[1]};
    gnutls_pubkey_t own;
    int code = gnutls_pubkey_init(&own);
    if (code < 0)
        return code;
    code = gnutls_pubkey_import_privkey(own, key, 0, 0);
    if (code >= 0)
        code = gnutls_pubkey_get_key_id(own, 0, ids[0], &sizes[0]);
    if (code >= 0)
        code = gnutls_pubkey_get_key_id(leaf->pubkey, 0, ids[1], &sizes[1]);
    gnutls_pubkey_deinit(own);
    if (code < 0)
        return code;
    bool same = sizes[0] == sizes[1] && memcmp(ids[0], ids[1], sizes[0]) == 0;
    return same ? 0 : GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
}

/* A sentence about the first of them that cannot be used. */
static const char *check(const struct certificate *certificate, const char *const paths[static 2],
                         const char **path)
{
    unsigned count;
    int code;
    gnutls_privkey_t key;
    *path = paths[0];
    gnutls_pcert_st *chain = make_chain(certificate, &count, &code);
    if (chain == NULL)
        return gnutls_strerror(code);
    *path = paths[1];
    if (make_key(certificate, &key, &code)) {
        code = compare(&chain[0], key);
        gnutls_privkey_deinit(key);
    }
    free_chain(chain, count);
    return code < 0 ? gnutls_strerror(code) : NULL;
}

const char *certificate_read(const char *chain_path, const char *key_path, struct certificate **read,
                             const char **path)
{
    const char *const paths[] = {chain_path, key_path};
    struct certificate *certificate = certificate_new();
    *path = chain_path;
    if (certificate == NULL)
        return err_text(ERR_MEMORY);
    const char *why = read_whole(chain_path, &certificate->chain);
    if (why == NULL) {
        *path = key_path;
        why = read_whole(key_path, &certificate->key);
    }
    if (why == NULL)
        why = check(certificate, paths, path);
    if (why == NULL)
        *read = certificate;
    else
        certificate_free(certificate);
    return why;
}

enum err certificate_make(const struct certificate *certificate, gnutls_pcert_st **chain, unsigned *count,
                          gnutls_privkey_t *key)
{
    unsigned made_count;
    int code;
    gnutls_pcert_st *made = make_chain(certificate, &made_count, &code);
    if (made == NULL)
        return ERR_MEMORY;
    if (!make_key(certificate, key, &code)) {
        free_chain(made, made_count);
        return ERR_MEMORY;
    }
    *chain = made;
    *count = made_count;
    return ERR_OK;
}
