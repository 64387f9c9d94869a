/* Proxy requests: CONNECT and absolute-form, HTTP/1.1, strictly. Pure: bytes in, a checked request out, and
 * the bytes of the request that is sent on. */
#ifndef SHOJI_EGRESS_PROXY_REQUEST_H
#define SHOJI_EGRESS_PROXY_REQUEST_H

#include "egress/http_head.h"
#include "egress/proxy_host.h"

#define PROXY_METHOD_MAX 16
#define PROXY_FIELDS_MAX (HTTP_LINES_MAX - 1)
#define PROXY_CONTENT_LENGTH_MAX (1ull << 40) /* bytes: 1 TiB */

enum proxy_body_kind { PROXY_BODY_NONE, PROXY_BODY_LENGTH, PROXY_BODY_CHUNKED };

/* Borrowed from the parsed bytes. */
struct proxy_field {
	const char *name;
	size_t name_length;
	const char *value; /* without white space around it */
	size_t value_length;
	bool is_dropped; /* concerns this connection only: never sent on */
};

struct proxy_request {
	bool is_connect;
	char method[PROXY_METHOD_MAX + 1];
	struct proxy_host host;
	uint16_t port;
	const char *path; /* borrowed; starts with '/' or '?', or is empty. Absolute-form only */
	size_t path_length;
	enum proxy_body_kind body;
	uint64_t content_length; /* bytes, for PROXY_BODY_LENGTH */
	size_t n_fields;
	struct proxy_field fields[PROXY_FIELDS_MAX];
};

/* >0: bytes of the head, and *out is filled; 0: need more; SHOJI_ERR_MALFORMED or SHOJI_ERR_LIMIT: refuse and
 * close. *out borrows from data. */
int proxy_request_parse(const uint8_t *data, size_t length, struct proxy_request *out);

/* What an absolute-form request becomes on its way. NULL via_host: for the server itself (origin-form).
 * Otherwise for the upstream proxy: absolute-form that names via_host and via_port. Host is written anew from the
 * request's own authority, "Connection: close" is said, hop-by-hop fields are left out.
 * 0 and *length, or SHOJI_ERR_LIMIT; HTTP_HEAD_MAX + 1024 bytes always suffice. */
int proxy_request_write(const struct proxy_request *self, const struct proxy_host *via_host,
        uint16_t via_port, uint8_t *out, size_t size, size_t *length);
/* CONNECT for the upstream proxy. */
int proxy_connect_write(
        const struct proxy_host *host, uint16_t port, uint8_t *out, size_t size, size_t *length);

#endif
