/* Looks at the steps between neighbouring pixels. A photograph is many colours, seldom the same one twice in a row, and steps that
 * are of a kind all over the tile. Writing is steps that stand out from it, between few colours. Its input is any pixels; what a hostile
 * page gets classed as a photograph is only shown to its own viewer, blurred for a moment. */
#include "encode/photo_detect.h"

#include "encode/image.h"
#include "stream/picture.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_MIN 16 /* pixels: smaller areas tell too little */

/* Found with tests/corpus/photo (docs/protocol.md says how well). */
#define EQUAL_PERCENT_MAX 50  /* neighbours of the same colour; a page of writing has 60 and more */
#define COLOURS_PERCENT_MIN 3 /* different ones, of the pixels */
#define STEP_SHARP_MIN 10     /* of a colour, 0..255 */
#define STEP_SHARP_MAX 44
#define SHARP_FACTOR 6        /* times the mean step: stands out */
#define SHARP_FEW_PER_MILLE 1 /* of all steps: a spark, not a letter */

struct look {
	uint32_t n_pixels, n_steps, n_equal, n_colours;
	uint32_t sum; /* of all steps */
	uint32_t n_by_size[256];
};

static uint32_t apart(uint32_t a, uint32_t b, uint32_t shift)
{
	return (uint32_t)abs((int)(a >> shift & 0xff) - (int)(b >> shift & 0xff));
}

/* Of the colour that differs most: blue letters on grey are as light as their ground. */
static void add_step(struct look *look, uint32_t a, uint32_t b)
{
	uint32_t red = apart(a, b, 16), green = apart(a, b, 8), blue = apart(a, b, 0);
	uint32_t size = red > green ? red : green;

	size = size > blue ? size : blue;
	look->n_equal += size == 0;
	look->sum += size;
	look->n_by_size[size]++;
}

/* Colours are counted by a hash of 12 bits: those that share one are missed, which errs on the safe side. */
static void count_colours(struct look *look, const uint32_t *pixels, uint32_t n, uint64_t seen[64])
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t hash = (pixels[i] & 0xffffff) * 2654435761u >> 20;
		uint64_t bit = 1ull << hash % 64;
		look->n_colours += !(seen[hash / 64] & bit);
		seen[hash / 64] |= bit;
	}
}

static void look_at(struct look *look, const struct image *image, const struct rect *tile)
{
	uint64_t seen[64] = {0};
	const uint32_t *above = NULL;

	memset(look, 0, sizeof(*look));
	for (uint32_t row = 0; row < tile->height; row++) {
		const uint32_t *now =
		        image->pixels + (size_t)(tile->y + row) * image->width + tile->x;
		for (uint32_t i = 1; i < tile->width; i++)
			add_step(look, now[i], now[i - 1]);
		for (uint32_t i = 0; above && i < tile->width; i++)
			add_step(look, now[i], above[i]);
		count_colours(look, now, tile->width, seen);
		above = now;
	}
	look->n_pixels = (uint32_t)tile->width * tile->height;
	look->n_steps = 2 * look->n_pixels - tile->width - tile->height;
}

static uint32_t count_sharp(const struct look *look)
{
	uint32_t limit = SHARP_FACTOR * look->sum / look->n_steps, n = 0;

	limit = limit < STEP_SHARP_MIN ? STEP_SHARP_MIN : limit;
	limit = limit > STEP_SHARP_MAX ? STEP_SHARP_MAX : limit;
	for (uint32_t size = limit; size < 256; size++)
		n += look->n_by_size[size];
	return n;
}

bool photo_detect(const struct image *image, const struct rect *tile)
{
	struct look look;

	if (tile->width < SIDE_MIN || tile->height < SIDE_MIN)
		return false;
	look_at(&look, image, tile);
	if (look.n_equal * 100 > look.n_steps * EQUAL_PERCENT_MAX ||
	        look.n_colours * 100 < look.n_pixels * COLOURS_PERCENT_MIN)
		return false;
	return count_sharp(&look) * 1000 <= look.n_steps * SHARP_FEW_PER_MILLE;
}
