/* Says what may be blurred for a moment. It is no guess at what a picture shows: writing that was drawn sharply and is LEGIBLE off its ground
 * has pixels next to each other that are half of that apart, for an edge takes no more than one pixel between. Where there are none, in
 * a tile and as far around it as the strokes of its letters reach, there is no such writing. What else there is besides photographs, plain
 * ground and drawings of few colours, costs less exactly. Its input is any pixels; what a hostile page gets blurred is only shown to its own
 * viewer, for a moment. */
#include "encode/photo_detect.h"

#include "encode/image.h"
#include "stream/picture.h"

#include <stddef.h>
#include <stdint.h>

#define SIDE_MIN 16 /* pixels: smaller areas tell too little */
/* Pixels. Of a stroke that fades on this tile the sharp end lies on the next one. */
#define AROUND 16

/* Found with tests/bench/photo-corpus.mjs (docs/protocol.md says how well). */
#define LEGIBLE 48 /* of a colour, 0..255 */
#define STEP_MAX (LEGIBLE / 2 - 1)
#define EQUAL_PERCENT_MAX 50  /* neighbours of the same colour; a page of writing has 60 and more */
#define COLOURS_PERCENT_MIN 3 /* different ones, of the pixels */

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t apart(uint32_t a, uint32_t b, uint32_t shift)
{
	uint32_t x = a >> shift & 0xff, y = b >> shift & 0xff;

	return x > y ? x - y : y - x;
}

/* Of the colour that differs most: blue letters on grey are as light as their ground. */
static uint32_t step_between(uint32_t a, uint32_t b)
{
	return larger(larger(apart(a, b, 0), apart(a, b, 8)), apart(a, b, 16));
}

/* The tile and what is around it, as far as the screen goes. */
static struct rect widened(const struct image *image, const struct rect *tile)
{
	uint32_t left = tile->x > AROUND ? tile->x - AROUND : 0;
	uint32_t top = tile->y > AROUND ? tile->y - AROUND : 0;
	uint32_t right = tile->x + tile->width + AROUND, bottom = tile->y + tile->height + AROUND;

	right = right < image->width ? right : image->width;
	bottom = bottom < image->height ? bottom : image->height;
	return (struct rect){
	        (uint16_t)left, (uint16_t)top, (uint16_t)(right - left), (uint16_t)(bottom - top)};
}

/* Row by row: most tiles that are no photographs are known by their first. */
static bool is_smooth(const struct image *image, const struct rect *area)
{
	for (uint32_t y = area->y; y < area->y + (uint32_t)area->height; y++) {
		const uint32_t *now = image->pixels + (size_t)y * image->width + area->x;
		const uint32_t *above = y > area->y ? now - image->width : now;
		uint32_t most = step_between(now[0], above[0]);
		for (uint32_t i = 1; i < area->width; i++)
			most = larger(most, larger(step_between(now[i], now[i - 1]),
			                            step_between(now[i], above[i])));
		if (most > STEP_MAX)
			return false;
	}
	return true;
}

struct look {
	uint32_t n_equal, n_colours;
	uint64_t seen[64];
};

/* By a hash of 12 bits: those that share one are missed, which errs on the safe side. */
static void count_colour(struct look *look, uint32_t pixel)
{
	uint32_t hash = (pixel & 0xffffff) * 2654435761u >> 20;
	uint64_t bit = 1ull << hash % 64;

	look->n_colours += !(look->seen[hash / 64] & bit);
	look->seen[hash / 64] |= bit;
}

static bool has_many_colours(const struct image *image, const struct rect *tile)
{
	struct look look = {0};

	for (uint32_t y = tile->y; y < tile->y + (uint32_t)tile->height; y++) {
		const uint32_t *now = image->pixels + (size_t)y * image->width + tile->x;
		const uint32_t *above = y > tile->y ? now - image->width : NULL;
		for (uint32_t i = 0; i < tile->width; i++) {
			count_colour(&look, now[i]);
			look.n_equal += i > 0 && step_between(now[i], now[i - 1]) == 0;
			look.n_equal += above && step_between(now[i], above[i]) == 0;
		}
	}
	uint32_t n_pixels = (uint32_t)tile->width * tile->height;
	uint32_t n_steps = 2 * n_pixels - tile->width - tile->height;
	return look.n_equal * 100 <= n_steps * EQUAL_PERCENT_MAX &&
	       look.n_colours * 100 >= n_pixels * COLOURS_PERCENT_MIN;
}

bool photo_detect(const struct image *image, const struct rect *tile)
{
	if (tile->width < SIDE_MIN || tile->height < SIDE_MIN)
		return false;
	struct rect around = widened(image, tile);
	return is_smooth(image, &around) && has_many_colours(image, tile);
}
