/* Writes PICTURE_GLYPHS. */
#ifndef SHOJI_ENCODE_GLYPH_WRITE_H
#define SHOJI_ENCODE_GLYPH_WRITE_H

#include <stdbool.h>
#include <stdint.h>

struct frame;
struct glyph_cut;
struct glyph_part;

/* Says one part, whose leaves have their hashes. The reference becomes what the viewer has then: the image but for what was left out, as a box that is too
 * large. Returns whether something was. */
bool glyph_write(struct frame *frame, struct glyph_cut *cut, const struct glyph_part *part);

#endif
