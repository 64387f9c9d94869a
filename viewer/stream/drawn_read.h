/* The viewer's side of PICTURE_DRAWN. */
#ifndef SHOJI_STREAM_DRAWN_READ_H
#define SHOJI_STREAM_DRAWN_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drawn_field;
struct drawn_model;
struct screen;
struct screen_rect;

/* Reads an area that lies on the screen and is within DRAWN_WIDTH_MAX x DRAWN_HEIGHT_MAX. Any bytes are a picture. is_beside_known: the pixels
 * around it are guessed from. */
void drawn_read(struct drawn_model *model, struct screen *screen, const struct screen_rect *area,
        bool is_beside_known, const uint8_t *bytes, size_t length);

/* The field of an area within those limits, with what is beside it, and none of its pixels yet. One for all: the next call takes it. */
struct drawn_field *drawn_field_begin(
        struct screen *screen, const struct screen_rect *area, bool is_beside_known);
/* The field's pixels go onto the screen. */
void drawn_field_show(
        struct drawn_field *field, struct screen *screen, const struct screen_rect *area);

#endif
