/* Which tiles of the screen a viewer may not have as they are now. */
#ifndef SHOJI_ENCODE_TILES_H
#define SHOJI_ENCODE_TILES_H

#include "base/message.h"
#include "stream/picture.h"

#include <stdbool.h>
#include <stdint.h>

#define TILES_SIDE(pixels) (((pixels) + PICTURE_TILE - 1) / PICTURE_TILE)
#define TILES_COLUMNS_MAX TILES_SIDE(PICTURE_WIDTH_MAX)
#define TILES_NEAR 80
#define TILES_ROWS_MAX TILES_SIDE(PICTURE_HEIGHT_MAX)

enum tiles_place { TILES_POINTER, TILES_CARET, TILES_PLACES };

struct tiles {
	uint16_t width, height; /* of the screen, pixels */
	uint16_t columns, rows; /* in tiles */
	uint16_t n_marked;
	bool is_marked[TILES_ROWS_MAX][TILES_COLUMNS_MAX];
	/* Where the person is at work, as places in that grid: said first. Empty: nowhere. */
	struct rect first[TILES_PLACES];
};

/* None is marked. */
void tiles_resize(struct tiles *self, uint16_t width, uint16_t height);
void tiles_mark(struct tiles *self, const struct rect *area);
void tiles_mark_one(struct tiles *self, uint32_t column, uint32_t row);
void tiles_mark_all(struct tiles *self);
void tiles_unmark(struct tiles *self, uint32_t column, uint32_t row);
/* The person is at work around that pixel: tiles within TILES_NEAR pixels of it. A place off the screen is held to its edge. */
void tiles_set_first(struct tiles *self, enum tiles_place place, uint32_t x, uint32_t y);
/* The pixels of one tile: cut off at the screen's edges. */
struct rect tiles_area(const struct tiles *self, uint32_t column, uint32_t row);

#endif
