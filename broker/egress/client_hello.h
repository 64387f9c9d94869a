/* The first message of TLS, read as far as the name that the client asks for. Pure. */
#ifndef SHOJI_EGRESS_CLIENT_HELLO_H
#define SHOJI_EGRESS_CLIENT_HELLO_H

#include "egress/proxy_host.h"

#define CLIENT_HELLO_MAX 16384      /* bytes of the handshake message */
#define CLIENT_HELLO_RECORDS_MAX 16 /* pieces that it may come in */
#define CLIENT_HELLO_BYTES_MAX (CLIENT_HELLO_MAX + 4 + 5 * CLIENT_HELLO_RECORDS_MAX)

struct client_hello {
	bool has_server_name;
	char server_name[HOST_NAME_MAX_BYTES]; /* in normal form */
	/* Encrypted ClientHello, real or as noise: the name above may be the outer one. */
	bool has_encrypted_hello;
};

/* >0: bytes read, and *out is filled; 0: need more; SHOJI_ERR_MALFORMED (not TLS, or not as RFC 8446 and
 * RFC 6066 say), SHOJI_ERR_LIMIT. */
int client_hello_parse(const uint8_t *data, size_t length, struct client_hello *out);

#endif
