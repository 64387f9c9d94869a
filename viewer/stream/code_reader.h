/* Reads an arithmetic code as Martin (1979) and LZMA have it: one yes or no after the other, each with the chance that both sides gave it.
 * What comes after the last byte reads as zeroes, so that any bytes are a code; who reads bounds how much is asked for. */
#ifndef SHOJI_STREAM_CODE_READER_H
#define SHOJI_STREAM_CODE_READER_H

#include <stddef.h>
#include <stdint.h>

struct code_reader {
	uint32_t range, code; /* code lies within range */
	const uint8_t *at, *end;
};

static inline uint8_t code_reader_next(struct code_reader *self)
{
	return self->at < self->end ? *self->at++ : 0;
}

/* bytes: borrowed as long as it is read from. */
static inline void code_reader_begin(struct code_reader *self, const uint8_t *bytes, size_t length)
{
	*self = (struct code_reader){.range = UINT32_MAX, .at = bytes, .end = bytes + length};
	for (uint32_t i = 0; i < 4; i++)
		self->code = self->code << 8 | code_reader_next(self);
}

static inline void code_reader_fill(struct code_reader *self)
{
	while (self->range < 1u << 24) {
		self->range <<= 8;
		self->code = self->code << 8 | code_reader_next(self);
	}
}

/* zero: the chance of a 0, of 65536; neither 0 nor 65536. */
static inline uint32_t code_read_bit(struct code_reader *self, uint32_t zero)
{
	uint32_t bound = (self->range >> 16) * zero;
	uint32_t bit = self->code >= bound;

	self->code -= bit ? bound : 0;
	self->range = bit ? self->range - bound : bound;
	code_reader_fill(self);
	return bit;
}

/* 0 and 1 are as likely. */
static inline uint32_t code_read_raw(struct code_reader *self)
{
	self->range >>= 1;
	uint32_t bit = self->code >= self->range;
	self->code -= bit ? self->range : 0;
	code_reader_fill(self);
	return bit;
}

#endif
