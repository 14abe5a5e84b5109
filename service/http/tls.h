/* TLS, as libmicrohttpd does it with GnuTLS: versions 1.2 and 1.3, and a certificate that may be exchanged
 * while connections stay. */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdbool.h>

#include "http/certificate.h"

/* MHD_OPTION_HTTPS_PRIORITIES: what a browser of today asks for, and nothing below it (RFC 9325). */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls {
    pthread_mutex_t mutex;
    struct certificate *certificate; /* NULL: the server speaks plain HTTP */
};

/* Takes the certificate (NULL: none) over. */
void tls_init(struct tls *tls, struct certificate *certificate);
void tls_deinit(struct tls *tls);

/* Handshakes from now on show this one, which is taken over. Any thread. */
void tls_exchange(struct tls *tls, struct certificate *certificate);

/* Whose certificate a session shows; before its handshake. */
void tls_attach(struct tls *tls, gnutls_session_t session);

/* MHD_OPTION_HTTPS_CERT_CALLBACK2. */
int tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **chain,
                 unsigned *count, gnutls_ocsp_data_st **staples, unsigned *staple_count,
                 gnutls_privkey_t *key, unsigned *flags);
