/* The glyphs that were shown, for both ends to refer to: boxes of pixels, kept in the order in which they came; the oldest give way. Both ends
 * hold one and change it alike, as part of the model of text (drawn_model.h); it begins anew with it. */
#ifndef SHOJI_STREAM_GLYPH_BOOK_H
#define SHOJI_STREAM_GLYPH_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#define GLYPH_SIDE_MAX 48 /* pixels each way */
#define GLYPH_BOOK_BITS 13
#define GLYPH_BOOK_MAX (1u << GLYPH_BOOK_BITS)
#define GLYPH_POOL_PX (1u << 20)
#define GLYPH_NONE 0xffffu
#define GLYPH_NUMBER_BITS 14 /* a number is below 2^14 - 1 */
#define GLYPH_WAYS 4

/* The chance of a 1, of 65536; as drawn_chance. */
typedef uint16_t glyph_chance;

struct glyph {
	uint32_t at;           /* in the pool */
	uint8_t width, height; /* 0: there is none */
	uint16_t next;         /* what stood to the right of it the last time, or GLYPH_NONE */
	int16_t next_gap;      /* and how far away */
	int16_t gap;           /* to what stood to the left of it the last time */
	int16_t rise;          /* its top, from its line's base */
};

/* A number: how many bits it has, then its two highest, then the others, which are told plainly. */
struct glyph_number {
	glyph_chance size[GLYPH_NUMBER_BITS + 1];
	glyph_chance high[GLYPH_NUMBER_BITS + 1][2];
};

struct glyph_book {
	glyph_chance more, is_line, learns, is_beside_known;
	glyph_chance is_known[2], is_next;
	glyph_chance id[GLYPH_BOOK_MAX]; /* a tree */
	struct glyph_number base, next_gap, gap, rise, plain_gap, width, height, top;
	uint32_t n_learned; /* ever; the next one's place is this modulo GLYPH_BOOK_MAX */
	uint32_t n_kept;    /* the last so many are there */
	uint32_t pool_at;   /* the next one's pixels go there */
	struct glyph glyphs[GLYPH_BOOK_MAX];
	/* Of the writer alone: of each glyph a hash, and where those of a hash may be. Zeroes elsewhere. */
	uint32_t hashes[GLYPH_BOOK_MAX];
	uint16_t found[GLYPH_BOOK_MAX][GLYPH_WAYS];
	uint32_t pool
	        [GLYPH_POOL_PX]; /* words as they lie on this side's screen; not read before written */
};

/* Nothing is known. */
void glyph_book_init(struct glyph_book *self);

/* Takes in width x height pixels (at least one, at most GLYPH_SIDE_MAX each way) of rows that are `stride` words apart. Returns its number. */
uint32_t glyph_book_learn(struct glyph_book *self, const uint32_t *pixels, uint32_t stride,
        uint32_t width, uint32_t height);

#endif
