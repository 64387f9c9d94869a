/* Follows the body of a request: which of the bytes that come still belong to it. Pure.
 *
 * The bytes are sent on as they are; what lies behind the body never is. */
#ifndef SHOJI_EGRESS_PROXY_BODY_H
#define SHOJI_EGRESS_PROXY_BODY_H

#include "egress/proxy_request.h"

enum proxy_body_state {
	BODY_DATA,       /* `remaining` bytes of content or of a chunk */
	BODY_SIZE_FIRST, /* a chunk's size: at least one digit */
	BODY_SIZE,
	BODY_SIZE_LF,
	BODY_DATA_CR,
	BODY_DATA_LF,
	BODY_END_CR,
	BODY_END_LF,
	BODY_DONE,
};

struct proxy_body {
	enum proxy_body_state state;
	bool is_chunked;
	unsigned n_digits;
	uint64_t remaining; /* bytes */
};

void proxy_body_init(struct proxy_body *self, enum proxy_body_kind kind, uint64_t content_length);
/* 0, and *consumed of the bytes belong to the body (fewer than length: it has ended); or
 * SHOJI_ERR_MALFORMED: chunk extensions and trailers are refused, nothing of a browser's needs them. */
int proxy_body_consume(
        struct proxy_body *self, const uint8_t *data, size_t length, size_t *consumed);
bool proxy_body_is_done(const struct proxy_body *self);

#endif
