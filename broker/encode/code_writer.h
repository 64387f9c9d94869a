/* Writes the arithmetic code that stream/code_reader.h reads. */
#ifndef SHOJI_ENCODE_CODE_WRITER_H
#define SHOJI_ENCODE_CODE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was said so far is a number within low..low + range. */
struct code_writer {
	uint64_t low; /* 33 bits: the highest is a carry */
	uint32_t range;
	uint32_t n_waiting; /* bytes that a carry may still change: one, then 0xff each */
	uint8_t first_waiting;
	uint8_t *start, *at, *end;
	bool is_full; /* there was no room: what was written is of no use */
};

/* out: borrowed until the end. */
void code_writer_begin(struct code_writer *self, uint8_t *out, size_t size);
/* Returns how many bytes were written, at least one; 0: they had no room. */
size_t code_writer_end(struct code_writer *self);

/* A byte that is settled leaves; for the functions below. */
void code_writer_shift(struct code_writer *self);

static inline void code_writer_keep_range(struct code_writer *self)
{
	while (self->range < 1u << 24) {
		self->range <<= 8;
		code_writer_shift(self);
	}
}

/* zero: the chance of a 0, of 65536; neither 0 nor 65536. */
static inline void code_write_bit(struct code_writer *self, uint32_t zero, uint32_t bit)
{
	uint32_t bound = (self->range >> 16) * zero;

	self->low += bit ? bound : 0;
	self->range = bit ? self->range - bound : bound;
	code_writer_keep_range(self);
}

/* 0 and 1 are as likely. */
static inline void code_write_raw(struct code_writer *self, uint32_t bit)
{
	self->range >>= 1;
	self->low += bit ? self->range : 0;
	code_writer_keep_range(self);
}

#endif
