/* The viewer's copy of the screen, and what changed on it since it was last drawn. */
#ifndef SHOJI_STREAM_SCREEN_H
#define SHOJI_STREAM_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#define SCREEN_PIXEL_BYTES 4 /* R, G, B, A; A is always 255 */
#define SCREEN_RECTS_MAX 64

struct screen_rect {
	uint16_t x, y, width, height; /* pixels */
};

struct screen {
	uint8_t *pixels; /* borrowed; rows without gap */
	uint32_t width, height;
	uint64_t
	        painted_px; /* how much work was done (screen_count()), since whoever looks at it set it to 0 */
	uint16_t n_rects;
	struct screen_rect rects[SCREEN_RECTS_MAX]; /* changed; may overlap */
};

/* pixels: width x height x SCREEN_PIXEL_BYTES bytes that outlive the screen. Black, with nothing
 * changed. */
void screen_init(struct screen *self, uint8_t *pixels, uint32_t width, uint32_t height);
bool screen_holds(const struct screen *self, const struct screen_rect *area);
void screen_forget_changes(struct screen *self);
/* That much is written or read. All functions below do it. */
void screen_count(struct screen *self, const struct screen_rect *area);

/* The areas must lie on the screen and not be empty: check with screen_holds() first. */
void screen_copy(
        struct screen *self, uint32_t source_x, uint32_t source_y, const struct screen_rect *to);
/* rgb: width x height x 3 bytes. */
void screen_put(struct screen *self, const struct screen_rect *area, const uint8_t *rgb);
/* rgba: PICTURE_TILE pixels a row, whatever the area's width. get: reads what is there. */
void screen_get(struct screen *self, const struct screen_rect *area, uint8_t *rgba);
void screen_put_rgba(struct screen *self, const struct screen_rect *area, const uint8_t *rgba);
/* rests: width x height x 3 bytes, see stream/predict.h. */
void screen_put_predicted(
        struct screen *self, const struct screen_rect *area, const uint8_t *rests);
void screen_fill(struct screen *self, const struct screen_rect *area, const uint8_t rgb[3]);
/* For others who paint: counts and marks the area, returns its first pixel, a word as it lies in memory; rows are `width`
 * words. */
uint32_t *screen_paint(struct screen *self, const struct screen_rect *area);
/* The word of a pixel on the screen, as it lies in memory: red | green << 8 | blue << 16 | 255 << 24. */
const uint32_t *screen_at(const struct screen *self, uint32_t x, uint32_t y);

#endif
