/* Cuts an area of text into the boxes of its glyphs, by what lies blank between them: rows between lines, columns between glyphs, and so on within what
 * is left. A box with another ground within (a frame, a bar) becomes a part of its own. */
#ifndef SHOJI_ENCODE_GLYPH_CUT_H
#define SHOJI_ENCODE_GLYPH_CUT_H

#include "base/message.h"
#include "stream/glyph_book.h"
#include "stream/picture.h"

#include <stdbool.h>
#include <stdint.h>

#define GLYPH_PARTS_MAX 32
#define GLYPH_LEAVES_MAX 8192
#define GLYPH_SPANS_MAX 8192

struct image;

/* A box without blank rows or columns at its edges. It may reach beyond its part's area up and down, where a line is cut by that. */
struct glyph_leaf {
	struct rect box;
	uint16_t line; /* boxes of one line come one after the other, from the left to the right */
	bool is_whole; /* it does not go on beyond what it could be followed to */
	uint16_t id;   /* for its user */
	uint32_t hash; /* for its user */
};

/* Everything of the area that is not in a leaf or in a later part has the colour of the ground. */
struct glyph_part {
	struct rect area;
	uint32_t ground; /* a pixel of the image */
	uint32_t first, n_leaves;
};

struct glyph_cut {
	const struct image *image;
	uint32_t n_parts, n_leaves;
	struct glyph_part parts[GLYPH_PARTS_MAX];
	struct glyph_leaf leaves[GLYPH_LEAVES_MAX];
	/* While it is made: */
	const struct glyph_part *part;
	uint16_t line;
	bool is_too_much;
	uint32_t n_spans;
	uint16_t spans[GLYPH_SPANS_MAX][2];
};

/* false: that is not text, or too much of it. */
bool glyph_cut(struct glyph_cut *self, const struct image *image, const struct rect *area);

#endif
