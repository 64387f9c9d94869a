/* TLS towards the terminals: the server's certificate and key, and what is accepted. */
#ifndef SHOJI_GATE_TLS_H
#define SHOJI_GATE_TLS_H

#include <stdbool.h>

struct ssl_ctx_st;
struct tls_identity;

#define TLS_FILE_MAX (256 * 1024) /* bytes of a PEM file */

/* Reads both from descriptors that hold PEM (they stay the caller's). The key's bytes are wiped.
 * Errors are logged and say what to do. */
int tls_identity_new(int certificate_fd, int key_fd, struct tls_identity **out);
void tls_identity_free(struct tls_identity *self);

/* Whether the certificate names that host or IP address (origin_names_fn). */
bool tls_identity_names(const void *identity, const char *host);

/* Puts identity and rules into a context that lws made: TLS 1.3 (1.2 too if wanted), no renegotiation. */
int tls_configure(const struct tls_identity *self, struct ssl_ctx_st *context, bool with_tls_1_2);

#endif
