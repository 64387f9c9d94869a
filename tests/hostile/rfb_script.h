/* Bytes that an RFB server says, put together field by field: what the tests of capture and the seeds of its fuzz
 * target are made of. */
#ifndef SHOJI_TESTS_RFB_SCRIPT_H
#define SHOJI_TESTS_RFB_SCRIPT_H

#include "capture/handshake.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct script {
	uint8_t *bytes; /* owned */
	size_t length;
	size_t size;
};

static inline void script_free(struct script *self)
{
	free(self->bytes);
	*self = (struct script){0};
}

static inline void script_raw(struct script *self, const void *bytes, size_t length)
{
	if (self->length + length > self->size) {
		self->size = (self->length + length) * 2;
		self->bytes = realloc(self->bytes, self->size);
		if (!self->bytes)
			abort();
	}
	if (length)
		memcpy(self->bytes + self->length, bytes, length);
	self->length += length;
}

static inline void script_fill(struct script *self, uint8_t value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		script_raw(self, &value, 1);
}

static inline void script_u8(struct script *self, uint8_t value)
{
	script_raw(self, &value, 1);
}

static inline void script_u16(struct script *self, unsigned value)
{
	script_u8(self, (uint8_t)(value >> 8));
	script_u8(self, (uint8_t)value);
}

static inline void script_u32(struct script *self, uint32_t value)
{
	script_u16(self, value >> 16);
	script_u16(self, value & 0xffff);
}

static inline void script_version(struct script *self)
{
	script_raw(self, "RFB 003.008\n", 12);
}

static inline void script_security(struct script *self)
{
	script_u8(self, 1);
	script_u8(self, 1);
	script_u32(self, 0);
}

static inline void script_server_init(
        struct script *self, unsigned width, unsigned height, uint32_t name_length)
{
	const uint8_t format[16] = {32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0};

	script_u16(self, width);
	script_u16(self, height);
	script_raw(self, format, sizeof(format));
	script_u32(self, name_length);
}

/* A whole handshake with a name of four letters. */
static inline void script_handshake(struct script *self, unsigned width, unsigned height)
{
	script_version(self);
	script_security(self);
	script_server_init(self, width, height, 4);
	script_raw(self, "host", 4);
}

static inline void script_update(struct script *self, unsigned n_rects)
{
	script_u16(self, 0);
	script_u16(self, n_rects);
}

static inline void script_rect(struct script *self, unsigned x, unsigned y, unsigned width,
        unsigned height, int32_t encoding)
{
	script_u16(self, x);
	script_u16(self, y);
	script_u16(self, width);
	script_u16(self, height);
	script_u32(self, (uint32_t)encoding);
}

static inline void script_extended_key(struct script *self)
{
	script_rect(self, 0, 0, 0, 0, RFB_EXTENDED_KEY);
}

static inline void script_raw_rect(
        struct script *self, unsigned x, unsigned y, unsigned width, unsigned height, uint8_t value)
{
	script_rect(self, x, y, width, height, RFB_RAW);
	script_fill(self, value, (size_t)width * height * 4);
}

static inline void script_screens(struct script *self, unsigned n_screens)
{
	script_u8(self, (uint8_t)n_screens);
	script_fill(self, 0, 3 + (size_t)n_screens * 16);
}

static inline void script_desktop_size(struct script *self, unsigned width, unsigned height)
{
	script_rect(self, 0, 0, width, height, RFB_EXTENDED_DESKTOP_SIZE);
	script_screens(self, 1);
}

static inline void script_cut_text(struct script *self, uint32_t length)
{
	script_u32(self, 3u << 24);
	script_u32(self, length);
}

#endif
