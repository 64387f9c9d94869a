/* The viewer's side of PICTURE_GLYPHS, after its ground. */
#ifndef SHOJI_STREAM_GLYPH_READ_H
#define SHOJI_STREAM_GLYPH_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drawn_model;
struct screen;
struct screen_rect;

/* Reads the items of an area that lies on the screen. false: they refer to what is not there, or to too much. */
bool glyph_read(struct drawn_model *model, struct screen *screen, const struct screen_rect *area,
        const uint8_t *bytes, size_t length);

#endif
