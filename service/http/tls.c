#include "http/tls.h"

void tls_init(struct tls *tls, struct certificate *certificate)
{
    pthread_mutex_init(&tls->mutex, NULL);
    tls->certificate = certificate;
}

void tls_deinit(struct tls *tls)
{
    certificate_free(tls->certificate);
    pthread_mutex_destroy(&tls->mutex);
}

void tls_exchange(struct tls *tls, struct certificate *certificate)
{
    pthread_mutex_lock(&tls->mutex);
    struct certificate *before = tls->certificate;
    tls->certificate = certificate;
    pthread_mutex_unlock(&tls->mutex);
    certificate_free(before);
}

/* GnuTLS hands the callback nothing but the session, whose own pointer is libmicrohttpd's. The one for a
 * database of sessions is free: there is none. */
void tls_attach(struct tls *tls, gnutls_session_t session)
{
    gnutls_db_set_ptr(session, tls);
}

int tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **chain,
                 unsigned *count, gnutls_ocsp_data_st **staples, unsigned *staple_count,
                 gnutls_privkey_t *key, unsigned *flags)
{
    struct tls *tls = gnutls_db_get_ptr(session);
    (void)info;
    if (tls == NULL)
        return -1;
    pthread_mutex_lock(&tls->mutex);
    enum err err = certificate_make(tls->certificate, chain, count, key);
    pthread_mutex_unlock(&tls->mutex);
    if (err != ERR_OK)
        return -1;
    *staples = NULL;
    *staple_count = 0;
    *flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    return 0;
}
