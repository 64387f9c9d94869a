/* Moves and colours pixels. Its callers have checked every area: nothing foreign is parsed here. */
#include "stream/screen.h"

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

void screen_copy(
        struct screen *self, uint32_t source_x, uint32_t source_y, const struct screen_rect *to)
{
	size_t row_bytes = (size_t)to->width * SCREEN_PIXEL_BYTES;

	self->painted_px += (uint64_t)to->width * to->height;
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
	self->painted_px += (uint64_t)area->width * area->height;
	for (uint32_t row = 0; row < area->height; row++) {
		uint8_t *out = pixel_at(self, area->x, area->y + row);
		for (uint32_t i = 0; i < area->width; i++, out += SCREEN_PIXEL_BYTES, rgb += 3) {
			out[0] = rgb[0];
			out[1] = rgb[1];
			out[2] = rgb[2];
			out[3] = 255;
		}
	}
	mark(self, area);
}

void screen_fill(struct screen *self, const struct screen_rect *area, const uint8_t rgb[3])
{
	self->painted_px += (uint64_t)area->width * area->height;
	for (uint32_t row = 0; row < area->height; row++) {
		uint8_t *out = pixel_at(self, area->x, area->y + row);
		for (uint32_t i = 0; i < area->width; i++, out += SCREEN_PIXEL_BYTES) {
			out[0] = rgb[0];
			out[1] = rgb[1];
			out[2] = rgb[2];
			out[3] = 255;
		}
	}
	mark(self, area);
}
