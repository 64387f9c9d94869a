/* The RFB handshake. Its input comes from the isolated host, which is assumed hostile.
 *
 * Shoji's own instead of libvncclient's rfbInitClient(): that one follows the server into TLS, SASL and ARD when it
 * says "RFB 003.003" with such a scheme, whatever it was told, and always offers 13 encodings, so that the
 * decoders of all of them would have to be trusted. */
#include "capture/handshake.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/session.h"

#include <string.h>

#define VERSION "RFB 003.008\n"
#define VERSION_BYTES 12
#define SECURITY_NONE 1

/* SetPixelFormat: 32 bits, depth 24, little endian, red 16, green 8, blue 0: B,G,R,X in memory. */
static const uint8_t set_pixel_format[] = {
        0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0};

/* Not LastRect: told of it, Xvnc searches each update for areas of one colour and writes those pixel by pixel, half of its
 * processor time (perf: checkSolidTile, writeSolidRect) and 3 ms of a key that changes the whole page.
 *
 * The compression level is for its search for a palette, which it makes of every area although raw pixels need none, and gives up after a 72nd
 * of the area's pixels in colours instead of a 16th: a sixth less of its processor time while text scrolls (docs/performance.md). */
static const int32_t encodings[] = {
        RFB_RAW,
        RFB_COPY_RECT,
        RFB_CURSOR,
        RFB_EXTENDED_DESKTOP_SIZE,
        RFB_EXTENDED_KEY,
        RFB_COMPRESS_LEVEL_9,
};
#define N_ENCODINGS (sizeof(encodings) / sizeof(encodings[0]))

void handshake_init(struct handshake *self, uint16_t width_max, uint16_t height_max)
{
	*self = (struct handshake){.width_max = width_max, .height_max = height_max};
}

static void reply(struct handshake *self, const void *bytes, size_t length)
{
	ensure(self->reply_length + length <= sizeof(self->reply));
	memcpy(self->reply + self->reply_length, bytes, length);
	self->reply_length += length;
}

static void reply_set_encodings(struct handshake *self)
{
	uint8_t message[4 + 4 * N_ENCODINGS] = {2, 0, 0, N_ENCODINGS};

	for (size_t i = 0; i < N_ENCODINGS; i++) {
		uint32_t encoding = (uint32_t)encodings[i];
		for (size_t j = 0; j < 4; j++)
			message[4 + 4 * i + j] = (uint8_t)(encoding >> (24 - 8 * j));
	}
	reply(self, message, sizeof(message));
}

static uint16_t field_u16(const struct handshake *self, size_t at)
{
	return (uint16_t)(self->field[at] << 8 | self->field[at + 1]);
}

static uint32_t field_u32(const struct handshake *self, size_t at)
{
	return (uint32_t)field_u16(self, at) << 16 | field_u16(self, at + 2);
}

static int on_version(struct handshake *self)
{
	if (memcmp(self->field, VERSION, VERSION_BYTES) != 0)
		return SHOJI_ERR_FORBIDDEN;
	reply(self, VERSION, VERSION_BYTES);
	self->state = HANDSHAKE_SECURITY_COUNT;
	return 0;
}

/* Exactly one type, exactly None: our Xvnc is started so, and whoever offers another is not it. */
static int on_security_count(struct handshake *self)
{
	if (self->field[0] != 1)
		return SHOJI_ERR_FORBIDDEN;
	self->state = HANDSHAKE_SECURITY_TYPE;
	return 0;
}

static int on_security_type(struct handshake *self)
{
	const uint8_t chosen = SECURITY_NONE;

	if (self->field[0] != SECURITY_NONE)
		return SHOJI_ERR_FORBIDDEN;
	reply(self, &chosen, 1);
	self->state = HANDSHAKE_SECURITY_RESULT;
	return 0;
}

static int on_security_result(struct handshake *self)
{
	const uint8_t client_init_shared = 1;

	if (field_u32(self, 0) != 0)
		return SHOJI_ERR_FORBIDDEN;
	reply(self, &client_init_shared, 1);
	self->state = HANDSHAKE_SERVER_INIT;
	return 0;
}

static int on_done(struct handshake *self)
{
	reply(self, set_pixel_format, sizeof(set_pixel_format));
	reply_set_encodings(self);
	self->state = HANDSHAKE_DONE;
	return 0;
}

/* The server's own pixel format is of no interest: it must follow ours. */
static int on_server_init(struct handshake *self)
{
	self->width = field_u16(self, 0);
	self->height = field_u16(self, 2);
	self->name_left = field_u32(self, 20);
	if (self->width < SCREEN_WIDTH_MIN || self->width > self->width_max)
		return SHOJI_ERR_LIMIT;
	if (self->height < SCREEN_HEIGHT_MIN || self->height > self->height_max)
		return SHOJI_ERR_LIMIT;
	if (self->name_left > HANDSHAKE_NAME_MAX)
		return SHOJI_ERR_LIMIT;
	if (self->name_left == 0)
		return on_done(self);
	self->state = HANDSHAKE_NAME;
	return 0;
}

static size_t field_bytes(enum handshake_state state)
{
	switch (state) {
	case HANDSHAKE_VERSION:
		return VERSION_BYTES;
	case HANDSHAKE_SECURITY_COUNT:
	case HANDSHAKE_SECURITY_TYPE:
		return 1;
	case HANDSHAKE_SECURITY_RESULT:
		return 4;
	case HANDSHAKE_SERVER_INIT:
		return HANDSHAKE_FIELD_MAX;
	case HANDSHAKE_NAME:
	case HANDSHAKE_DONE:
		break;
	}
	return 0;
}

static int on_field(struct handshake *self)
{
	self->field_length = 0;
	switch (self->state) {
	case HANDSHAKE_VERSION:
		return on_version(self);
	case HANDSHAKE_SECURITY_COUNT:
		return on_security_count(self);
	case HANDSHAKE_SECURITY_TYPE:
		return on_security_type(self);
	case HANDSHAKE_SECURITY_RESULT:
		return on_security_result(self);
	case HANDSHAKE_SERVER_INIT:
		return on_server_init(self);
	case HANDSHAKE_NAME:
	case HANDSHAKE_DONE:
		break;
	}
	ensure(!"a field in a state without one");
	return 0;
}

static int skip_name(struct handshake *self, size_t length)
{
	size_t n = length < self->name_left ? length : self->name_left;

	self->name_left -= (uint32_t)n;
	if (self->name_left == 0)
		on_done(self);
	return (int)n;
}

int handshake_feed(struct handshake *self, const uint8_t *data, size_t length)
{
	size_t at = 0;

	self->reply_length = 0;
	while (at < length && self->reply_length == 0 && self->state != HANDSHAKE_DONE) {
		if (self->state == HANDSHAKE_NAME) {
			at += (size_t)skip_name(self, length - at);
			continue;
		}
		self->field[self->field_length++] = data[at++];
		int error = self->field_length == field_bytes(self->state) ? on_field(self) : 0;
		if (error)
			return error;
	}
	return (int)at;
}

size_t handshake_reply(const struct handshake *self, const uint8_t **bytes)
{
	*bytes = self->reply;
	return self->reply_length;
}

bool handshake_is_done(const struct handshake *self)
{
	return self->state == HANDSHAKE_DONE;
}
