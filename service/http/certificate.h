/* What a server that speaks TLS shows: its certificate with the chain up to who vouches for it, and the key
 * to it, from two PEM files. Kept as the files have them; a key with a password cannot be asked for it and is
 * refused.
 *
 * Each handshake gets objects of its own made from the text, which GnuTLS frees: so a certificate may be
 * exchanged while handshakes go on, and none has to be kept until the last of them is over. */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/err.h"

struct certificate;

/* Reads both files, of which each may have LIMIT_CERTIFICATE_BYTES, and which are not waited for. NULL, and
 * *read for the caller to free; or what is wrong, for a user: it names neither file's content, and lasts
 * until the next call that may set errno's texts. *path is then the file that is at fault. */
const char *certificate_read(const char *chain_path, const char *key_path, struct certificate **read,
                             const char **path);

/* Wipes the key. Takes NULL. */
void certificate_free(struct certificate *certificate);

/* The chain, the leaf first, and the key, both for GnuTLS to free (GNUTLS_CERT_RETR_DEINIT_ALL). ERR_MEMORY;
 * nothing is written then. */
enum err certificate_make(const struct certificate *certificate, gnutls_pcert_st **chain, unsigned *count,
                          gnutls_privkey_t *key);
