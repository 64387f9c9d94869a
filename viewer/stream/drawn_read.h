/* The viewer's side of PICTURE_DRAWN. */
#ifndef SHOJI_STREAM_DRAWN_READ_H
#define SHOJI_STREAM_DRAWN_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drawn_model;
struct screen;
struct screen_rect;

/* Reads an area that lies on the screen and is within DRAWN_WIDTH_MAX x DRAWN_HEIGHT_MAX. Any bytes are a picture. is_beside_known: the pixels
 * around it are guessed from. */
void drawn_read(struct drawn_model *model, struct screen *screen, const struct screen_rect *area,
        bool is_beside_known, const uint8_t *bytes, size_t length);

#endif
