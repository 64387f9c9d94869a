/* The writer's half of stream/drawn_code.h: what is said goes into an arithmetic code. And the field that it is said of. */
#ifndef SHOJI_ENCODE_DRAWN_WRITER_H
#define SHOJI_ENCODE_DRAWN_WRITER_H

#include "encode/code_writer.h"
#include "stream/drawn_model.h"

struct drawn_coder {
	struct code_writer writer;
};

static inline uint32_t drawn_bit(
        struct drawn_coder *self, drawn_chance *chance, uint32_t shift, uint32_t bit)
{
	code_write_bit(&self->writer, 65536u - *chance, bit);
	drawn_learn(chance, bit, shift);
	return bit;
}

static inline uint32_t drawn_raw(struct drawn_coder *self, uint32_t bit)
{
	code_write_raw(&self->writer, bit);
	return bit;
}

static inline bool drawn_is_writer(const struct drawn_coder *self)
{
	(void)self;
	return true;
}

#include "stream/drawn_code.h"

struct codec_pixels;
struct rect;

/* An area's pixels and those beside it, within DRAWN_WIDTH_MAX x DRAWN_HEIGHT_MAX. One for all: the next call takes it. *is_beside_known: whether both
 * sides know what is beside it; if not, that is black. */
struct drawn_field *codec_field_begin(
        const struct codec_pixels *pixels, const struct rect *area, bool *is_beside_known);

#endif
