/* Letters for the watermark: encode has no files, so no fonts. */
#ifndef SHOJI_ENCODE_MARK_GLYPHS_H
#define SHOJI_ENCODE_MARK_GLYPHS_H

#include <stdint.h>

#define MARK_GLYPH_WIDTH 5
#define MARK_GLYPH_HEIGHT 7

/* The rows of a character, top first, its leftmost pixel in bit 4. Digits, letters (small ones look like capital ones: ids of
 * people are small) and what else ids, addresses and times are made of; anything else is a box. Static storage. */
const uint8_t *mark_glyph(char character);

#endif
