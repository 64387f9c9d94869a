/* What the watermark looks like: one period of it, which is laid over the picture again and again. */
#ifndef SHOJI_ENCODE_MARK_PATTERN_H
#define SHOJI_ENCODE_MARK_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pixels of the screen that a pixel of a glyph takes, each way: as large on a terminal of fine pixels as on any other, and never
 * smaller than on one of scale 1. */
#define MARK_DOT_MIN 2
#define MARK_DOT_MAX 8
/* A period, in dots: whatever a dot is, a multiple of PICTURE_TILE, so that a tile's mark is one of a few. */
#define MARK_PERIOD_DOTS_X 256
#define MARK_PERIOD_DOTS_Y 128
/* How much lighter or darker a marked pixel is, of 255 (6 %): to be seen on any ground, and text stays readable. */
#define MARK_STRENGTH 16

#define MARK_TEXT_MAX 64
#define MARK_TIME_BYTES 17 /* "2026-11-21 14:05" and NUL */

#define MARK_INK_AT_ONCE 8

#define MARK_PERIOD_X_MAX (MARK_PERIOD_DOTS_X * MARK_DOT_MAX)
#define MARK_PERIOD_Y_MAX (MARK_PERIOD_DOTS_Y * MARK_DOT_MAX)

struct mark_pattern {
	uint16_t period_x, period_y, stride; /* pixels */
	bool has_ink[MARK_PERIOD_Y_MAX];     /* whether anything of a row is marked */
	/* period_y rows of `stride`. 1: marked. Behind each row its beginning again, so that it can be read eight at a time. Of what a
	 * period does not take nothing is touched: it costs no memory. */
	uint8_t ink[MARK_PERIOD_Y_MAX * (MARK_PERIOD_X_MAX + MARK_INK_AT_ONCE)];
};

struct mark_words {
	char person[MARK_TEXT_MAX + 1], address[MARK_TEXT_MAX + 1], time[MARK_TIME_BYTES];
};

/* dot: MARK_DOT_MIN to MARK_DOT_MAX. person and address twice in a period, the time once: so a new minute changes few tiles. */
void mark_pattern_draw(struct mark_pattern *self, const struct mark_words *words, uint16_t dot);
/* The dot for a terminal's scale (SCREEN_SCALE_*); a finer or coarser one is taken for the nearest that has one. */
uint16_t mark_dot(uint16_t scale);
/* The row of ink at y, at most a period below 2^16, from its beginning. */
static inline const uint8_t *mark_pattern_row(const struct mark_pattern *self, uint32_t y)
{
	return self->ink + (size_t)(y % self->period_y) * self->stride;
}
/* The minute's local time in words. utc_s: seconds since 1970; east_min: minutes east of UTC. */
void mark_time(char out[MARK_TIME_BYTES], int64_t utc_s, int east_min);

/* The marked pixel, B,G,R and a fourth byte that stays: darker on light ground, lighter on dark. */
static inline uint32_t mark_pixel(uint32_t pixel)
{
	uint32_t blue = pixel & 0xff, green = pixel >> 8 & 0xff, red = pixel >> 16 & 0xff;
	bool is_light = 77 * red + 150 * green + 29 * blue >= 128 * 256;

	if (is_light) {
		blue = blue < MARK_STRENGTH ? 0 : blue - MARK_STRENGTH;
		green = green < MARK_STRENGTH ? 0 : green - MARK_STRENGTH;
		red = red < MARK_STRENGTH ? 0 : red - MARK_STRENGTH;
	} else {
		blue = blue > 255 - MARK_STRENGTH ? 255 : blue + MARK_STRENGTH;
		green = green > 255 - MARK_STRENGTH ? 255 : green + MARK_STRENGTH;
		red = red > 255 - MARK_STRENGTH ? 255 : red + MARK_STRENGTH;
	}
	return (pixel & 0xff000000u) | red << 16 | green << 8 | blue;
}

#endif
