/* HTTP answers and the security headers on every one of them. Nothing that a terminal sent is ever part
 * of a header. */
#include "gate/answer.h"

#include "base/ensure.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

#define PIECE_BYTES 16384

/* Names as lws wants them: lower case, with colon. */
static const struct lws_protocol_vhost_options security_headers[] = {
        {&security_headers[1], NULL, "content-security-policy:",
                "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
                "style-src 'self'; "
                "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'"},
        {&security_headers[2], NULL, "x-content-type-options:", "nosniff"},
        {&security_headers[3], NULL, "referrer-policy:", "no-referrer"},
        {&security_headers[4], NULL, "cross-origin-opener-policy:", "same-origin"},
        {&security_headers[5], NULL, "cross-origin-embedder-policy:", "require-corp"},
        {&security_headers[6], NULL, "cross-origin-resource-policy:", "same-origin"},
        {&security_headers[7], NULL, "permissions-policy:",
                "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
                "magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"},
        /* A year; no includeSubDomains: the town's other servers are not ours to decide about. */
        {NULL, NULL, "strict-transport-security:", "max-age=31536000"},
};

const struct lws_protocol_vhost_options *answer_security_headers(void)
{
	return &security_headers[0];
}

void answer_json(struct answer *self, unsigned status, const char *text, bool is_last)
{
	size_t length = strlen(text);

	ensure(length <= ANSWER_SMALL_MAX);
	answer_finish(self);
	memcpy(self->own, text, length);
	self->status = status;
	self->content_type = "application/json";
	self->cache_control = "no-store";
	self->body = (const uint8_t *)self->own;
	self->length = length;
	self->is_last = is_last;
}

void answer_file(struct answer *self, const char *content_type, const uint8_t *data, size_t length,
        const char *etag)
{
	answer_finish(self);
	self->status = 200;
	self->content_type = content_type;
	self->cache_control = "no-cache";
	self->body = data;
	self->length = length;
	snprintf(self->etag, sizeof(self->etag), "%s", etag);
}

void answer_not_modified(struct answer *self, const char *etag)
{
	answer_finish(self);
	self->status = 304;
	self->cache_control = "no-cache";
	snprintf(self->etag, sizeof(self->etag), "%s", etag);
}

void answer_finish(struct answer *self)
{
	bool is_head = self->is_head;

	explicit_bzero(self, sizeof(*self));
	self->is_head = is_head;
}

struct header {
	struct lws *wsi;
	unsigned char *at, *end;
	int error;
};

static void add(struct header *header, const char *name, const char *value)
{
	if (!header->error && value && *value)
		header->error = lws_add_http_header_by_name(header->wsi,
		        (const unsigned char *)name, (const unsigned char *)value,
		        (int)strlen(value), &header->at, header->end);
}

static int send_header(struct answer *self, struct lws *wsi)
{
	unsigned char bytes[LWS_PRE + 2048];
	unsigned char *start = bytes + LWS_PRE;
	struct header header = {.wsi = wsi, .at = start, .end = bytes + sizeof(bytes)};

	header.error = lws_add_http_header_status(wsi, self->status, &header.at, header.end);
	add(&header, "content-type:", self->content_type);
	add(&header, "cache-control:", self->cache_control);
	add(&header, "etag:", self->etag);
	add(&header, "set-cookie:", self->set_cookie);
	add(&header, "allow:", self->allow);
	add(&header, "connection:", self->is_last ? "close" : NULL);
	if (!header.error && self->status != 304)
		header.error = lws_add_http_header_content_length(
		        wsi, self->length, &header.at, header.end);
	if (!header.error)
		header.error = lws_finalize_http_header(wsi, &header.at, header.end);
	int length = (int)(header.at - start);
	if (header.error || lws_write(wsi, start, (size_t)length, LWS_WRITE_HTTP_HEADERS) != length)
		header.error = -1;
	explicit_bzero(bytes, sizeof(bytes)); /* the cookie */
	self->has_header = true;
	return header.error ? -1 : 0;
}

int answer_send(struct answer *self, struct lws *wsi)
{
	if (!self->has_header) {
		if (send_header(self, wsi))
			return -1;
		if (self->is_head || self->length == 0)
			return 1;
		lws_callback_on_writable(wsi);
		return 0;
	}
	size_t left = self->length - self->sent;
	size_t piece = left < PIECE_BYTES ? left : PIECE_BYTES;
	/* lws leaves an HTTP/1.1 body as it is, so the bundle's read-only bytes can be handed over. */
	int written = lws_write(wsi, (unsigned char *)self->body + self->sent, piece,
	        piece == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP);
	if (written < 0 || (size_t)written != piece)
		return -1;
	self->sent += piece;
	if (self->sent == self->length)
		return 1;
	lws_callback_on_writable(wsi);
	return 0;
}
