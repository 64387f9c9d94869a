/* Bodies of requests, counted. The isolated host writes them: behind a body that ended another request may
 * hide, so the end is found here and nothing behind it leaves. */
#include "egress/proxy_body.h"

#include "base/ensure.h"
#include "base/error.h"

#define CHUNK_DIGITS_MAX 8 /* hexadecimal: a chunk of up to 4 GiB */

void proxy_body_init(struct proxy_body *self, enum proxy_body_kind kind, uint64_t content_length)
{
	*self = (struct proxy_body){.state = BODY_DONE};
	if (kind == PROXY_BODY_CHUNKED) {
		self->is_chunked = true;
		self->state = BODY_SIZE_FIRST;
	} else if (kind == PROXY_BODY_LENGTH && content_length > 0) {
		self->state = BODY_DATA;
		self->remaining = content_length;
	}
}

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

static int take_size_byte(struct proxy_body *self, uint8_t byte)
{
	int digit = hex_digit(byte);

	if (digit >= 0 && self->n_digits < CHUNK_DIGITS_MAX) {
		self->remaining = self->remaining * 16 + (uint64_t)digit;
		self->n_digits++;
		self->state = BODY_SIZE;
		return 0;
	}
	if (byte != '\r' || self->state == BODY_SIZE_FIRST)
		return SHOJI_ERR_MALFORMED;
	self->state = BODY_SIZE_LF;
	return 0;
}

static int take_byte(
        struct proxy_body *self, uint8_t byte, uint8_t expected, enum proxy_body_state next)
{
	if (byte != expected)
		return SHOJI_ERR_MALFORMED;
	self->state = next;
	return 0;
}

/* One byte of what frames the chunks. */
static int take_framing_byte(struct proxy_body *self, uint8_t byte)
{
	switch (self->state) {
	case BODY_SIZE_FIRST:
	case BODY_SIZE:
		return take_size_byte(self, byte);
	case BODY_SIZE_LF:
		self->n_digits = 0;
		return take_byte(self, byte, '\n', self->remaining ? BODY_DATA : BODY_END_CR);
	case BODY_DATA_CR:
		return take_byte(self, byte, '\r', BODY_DATA_LF);
	case BODY_DATA_LF:
		return take_byte(self, byte, '\n', BODY_SIZE_FIRST);
	case BODY_END_CR:
		return take_byte(self, byte, '\r', BODY_END_LF);
	case BODY_END_LF:
		return take_byte(self, byte, '\n', BODY_DONE);
	case BODY_DATA:
	case BODY_DONE:
		break;
	}
	ensure(!"a framing byte is expected in this state");
	return SHOJI_ERR_MALFORMED;
}

static size_t take_data(struct proxy_body *self, size_t available)
{
	size_t taken = available < self->remaining ? available : (size_t)self->remaining;

	self->remaining -= taken;
	if (self->remaining == 0)
		self->state = self->is_chunked ? BODY_DATA_CR : BODY_DONE;
	return taken;
}

int proxy_body_consume(
        struct proxy_body *self, const uint8_t *data, size_t length, size_t *consumed)
{
	size_t at = 0;

	while (at < length && self->state != BODY_DONE) {
		if (self->state == BODY_DATA) {
			at += take_data(self, length - at);
			continue;
		}
		int error = take_framing_byte(self, data[at]);
		if (error)
			return error;
		at++;
	}
	*consumed = at;
	return 0;
}

bool proxy_body_is_done(const struct proxy_body *self)
{
	return self->state == BODY_DONE;
}
