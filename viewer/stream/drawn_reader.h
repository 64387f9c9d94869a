/* The reader's half of drawn_code.h: what was said comes out of an arithmetic code. */
#ifndef SHOJI_STREAM_DRAWN_READER_H
#define SHOJI_STREAM_DRAWN_READER_H

#include "stream/code_reader.h"
#include "stream/drawn_model.h"

struct drawn_coder {
	struct code_reader reader;
};

static inline uint32_t drawn_bit(
        struct drawn_coder *self, drawn_chance *chance, uint32_t shift, uint32_t ignored)
{
	uint32_t bit = code_read_bit(&self->reader, 65536u - *chance);

	(void)ignored;
	drawn_learn(chance, bit, shift);
	return bit;
}

static inline uint32_t drawn_raw(struct drawn_coder *self, uint32_t ignored)
{
	(void)ignored;
	return code_read_raw(&self->reader);
}

static inline bool drawn_is_writer(const struct drawn_coder *self)
{
	(void)self;
	return false;
}

#include "stream/drawn_code.h"

#endif
