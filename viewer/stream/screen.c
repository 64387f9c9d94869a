/* Moves and colours pixels. Its callers have checked every area: nothing foreign is parsed here. */
#include "stream/screen.h"

#include "stream/picture.h"
#include "stream/predict.h"

#include <string.h>

void screen_init(struct screen *self, uint8_t *pixels, uint32_t width, uint32_t height)
{
	static const uint8_t black[3] = {0, 0, 0};
	struct screen_rect all = {0, 0, (uint16_t)width, (uint16_t)height};

	self->pixels = pixels;
	self->width = width;
	self->height = height;
	screen_fill(self, &all, black);
	screen_forget_changes(self);
}

bool screen_holds(const struct screen *self, const struct screen_rect *area)
{
	return area->width > 0 && area->height > 0 &&
	       area->x + (uint32_t)area->width <= self->width &&
	       area->y + (uint32_t)area->height <= self->height;
}

/* The rows of a narrow area lie far apart: to go to one takes as long as to write these many pixels. */
#define ROW_PIXELS_MIN 16

void screen_count(struct screen *self, const struct screen_rect *area)
{
	uint32_t width = area->width < ROW_PIXELS_MIN ? ROW_PIXELS_MIN : area->width;

	self->painted_px += (uint64_t)width * area->height;
}

void screen_forget_changes(struct screen *self)
{
	self->n_rects = 0;
}

static uint16_t least(uint32_t a, uint32_t b)
{
	return (uint16_t)(a < b ? a : b);
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static struct screen_rect around(const struct screen_rect *a, const struct screen_rect *b)
{
	struct screen_rect both = {.x = least(a->x, b->x), .y = least(a->y, b->y)};

	both.width =
	        (uint16_t)(most(a->x + (uint32_t)a->width, b->x + (uint32_t)b->width) - both.x);
	both.height =
	        (uint16_t)(most(a->y + (uint32_t)a->height, b->y + (uint32_t)b->height) - both.y);
	return both;
}

static uint32_t area_of(const struct screen_rect *rect)
{
	return (uint32_t)rect->width * rect->height;
}

/* Adds to the list; joins the area with the last one where that costs no pixel, or when the list is
 * full. */
static void mark(struct screen *self, const struct screen_rect *area)
{
	if (self->n_rects > 0) {
		struct screen_rect *last = &self->rects[self->n_rects - 1];
		struct screen_rect both = around(last, area);
		if (self->n_rects == SCREEN_RECTS_MAX ||
		        area_of(&both) <= area_of(last) + area_of(area)) {
			*last = both;
			return;
		}
	}
	self->rects[self->n_rects++] = *area;
}

static uint8_t *pixel_at(struct screen *self, uint32_t x, uint32_t y)
{
	return self->pixels + ((size_t)y * self->width + x) * SCREEN_PIXEL_BYTES;
}

/* The same as a pixel's word: what it is read and written as one store (pixels are 16-byte aligned). */
static uint32_t *word_at(struct screen *self, uint32_t x, uint32_t y)
{
	return (uint32_t *)(void *)pixel_at(self, x, y);
}

/* R, G, B, 255 in memory on a little-endian machine, which WebAssembly is and native viewers' are. */
static uint32_t word_of(uint32_t r, uint32_t g, uint32_t b)
{
	return r | g << 8 | b << 16 | 0xff000000u;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a pixel is stored as one word");

void screen_copy(
        struct screen *self, uint32_t source_x, uint32_t source_y, const struct screen_rect *to)
{
	size_t row_bytes = (size_t)to->width * SCREEN_PIXEL_BYTES;

	screen_count(self, to);
	/* Downwards begins at the bottom, so that no row is overwritten before it was read. */
	for (uint32_t i = 0; i < to->height; i++) {
		uint32_t row = to->y > source_y ? to->height - 1u - i : i;
		memmove(pixel_at(self, to->x, to->y + row),
		        pixel_at(self, source_x, source_y + row), row_bytes);
	}
	mark(self, to);
}

void screen_put(struct screen *self, const struct screen_rect *area, const uint8_t *rgb)
{
	const uint32_t width =
	        area->width; /* a copy: through the pointer it would be read at each pixel */

	screen_count(self, area);
	for (uint32_t row = 0; row < area->height; row++) {
		uint32_t *out = word_at(self, area->x, area->y + row);
		for (uint32_t i = 0; i < width; i++, rgb += 3)
			out[i] = word_of(rgb[0], rgb[1], rgb[2]);
	}
	mark(self, area);
}

void screen_get(struct screen *self, const struct screen_rect *area, uint8_t *rgba)
{
	size_t row_bytes = (size_t)area->width * SCREEN_PIXEL_BYTES;

	screen_count(self, area);
	for (uint32_t row = 0; row < area->height; row++)
		memcpy(rgba + (size_t)row * PICTURE_TILE * SCREEN_PIXEL_BYTES,
		        pixel_at(self, area->x, area->y + row), row_bytes);
}

void screen_put_rgba(struct screen *self, const struct screen_rect *area, const uint8_t *rgba)
{
	size_t row_bytes = (size_t)area->width * SCREEN_PIXEL_BYTES;

	screen_count(self, area);
	for (uint32_t row = 0; row < area->height; row++)
		memcpy(pixel_at(self, area->x, area->y + row),
		        rgba + (size_t)row * PICTURE_TILE * SCREEN_PIXEL_BYTES, row_bytes);
	mark(self, area);
}

/* Of a pixel the three numbers that are guessed. */
struct sample {
	uint8_t g, r, b;
};

static struct sample sample_of(uint32_t word)
{
	uint8_t g = (uint8_t)(word >> 8);

	return (struct sample){g, (uint8_t)(word - g), (uint8_t)((word >> 16) - g)};
}

static void put_predicted_row(
        uint32_t *out, const uint32_t *above, uint32_t width, const uint8_t *rests)
{
	struct sample left = {0}, corner;

	if (above)
		left = sample_of(above[0]);
	corner = left;
	for (uint32_t i = 0; i < width; i++, rests += 3) {
		struct sample up = above ? sample_of(above[i]) : left, guess;
		if (!above)
			corner = left;
		guess.g = (uint8_t)picture_median(left.g, up.g, corner.g);
		guess.r = (uint8_t)picture_median(left.r, up.r, corner.r);
		guess.b = (uint8_t)picture_median(left.b, up.b, corner.b);
		corner = up;
		left = (struct sample){(uint8_t)(guess.g + rests[0]), (uint8_t)(guess.r + rests[1]),
		        (uint8_t)(guess.b + rests[2])};
		out[i] = word_of((uint8_t)(left.r + left.g), left.g, (uint8_t)(left.b + left.g));
	}
}

void screen_put_predicted(struct screen *self, const struct screen_rect *area, const uint8_t *rests)
{
	screen_count(self, area);
	for (uint32_t row = 0; row < area->height; row++, rests += (size_t)area->width * 3)
		put_predicted_row(word_at(self, area->x, area->y + row),
		        row > 0 ? word_at(self, area->x, area->y + row - 1) : NULL, area->width,
		        rests);
	mark(self, area);
}

void screen_fill(struct screen *self, const struct screen_rect *area, const uint8_t rgb[3])
{
	uint32_t word = word_of(rgb[0], rgb[1], rgb[2]), width = area->width;

	screen_count(self, area);
	for (uint32_t row = 0; row < area->height; row++) {
		uint32_t *out = word_at(self, area->x, area->y + row);
		for (uint32_t i = 0; i < width; i++)
			out[i] = word;
	}
	mark(self, area);
}

const uint32_t *screen_at(const struct screen *self, uint32_t x, uint32_t y)
{
	return (const uint32_t *)(const void *)(self->pixels +
	                                        ((size_t)y * self->width + x) * SCREEN_PIXEL_BYTES);
}

uint32_t *screen_paint(struct screen *self, const struct screen_rect *area)
{
	screen_count(self, area);
	mark(self, area);
	/* The whole screen's memory is aligned for words and more. */
	return (uint32_t *)(void *)pixel_at(self, area->x, area->y);
}
