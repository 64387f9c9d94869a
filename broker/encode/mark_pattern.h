/* What the watermark looks like: one period of it, which is laid over the picture again and again. */
#ifndef SHOJI_ENCODE_MARK_PATTERN_H
#define SHOJI_ENCODE_MARK_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

/* Pixels; powers of two, and multiples of PICTURE_TILE, so that a tile's mark is one of a few. */
#define MARK_PERIOD_X 512
#define MARK_PERIOD_Y 256
/* How much lighter or darker a marked pixel is, of 255 (6 %): to be seen on any ground, and text stays readable. */
#define MARK_STRENGTH 16

#define MARK_TEXT_MAX 64
#define MARK_TIME_BYTES 17 /* "2026-11-21 14:05" and NUL */

#define MARK_INK_AT_ONCE 8

struct mark_pattern {
	bool has_ink[MARK_PERIOD_Y]; /* whether anything of a row is marked */
	/* 1: marked. Behind each row its beginning again, so that it can be read eight at a time. */
	uint8_t ink[MARK_PERIOD_Y][MARK_PERIOD_X + MARK_INK_AT_ONCE];
};

/* person and address twice in a period, the time once: so a new minute changes few tiles. */
void mark_pattern_draw(
        struct mark_pattern *self, const char *person, const char *address, const char *time);
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
