/* Finds a box of the image among the glyphs that were shown (stream/glyph_book.h): by a hash, and then pixel by pixel. */
#ifndef SHOJI_ENCODE_GLYPH_FIND_H
#define SHOJI_ENCODE_GLYPH_FIND_H

#include "base/message.h"
#include "stream/glyph_book.h"

struct image;

uint32_t glyph_hash(const struct image *image, const struct rect *box);
/* Its number, or GLYPH_NONE. hash: the box's. */
uint32_t glyph_find(const struct glyph_book *book, const struct image *image,
        const struct rect *box, uint32_t hash);
/* Takes it in, to be found from now on. At most GLYPH_SIDE_MAX each way. */
uint32_t glyph_learn(
        struct glyph_book *book, const struct image *image, const struct rect *box, uint32_t hash);

#endif
