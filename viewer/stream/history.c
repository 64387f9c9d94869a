/* Copies rows of pixels aside and back. Areas and slots come from the network, and are checked here. */
#include "stream/history.h"

#include "stream/screen.h"

#include <string.h>

_Static_assert((HISTORY_SLOTS & (HISTORY_SLOTS - 1)) == 0, "slots are counted around by a mask");

void history_init(struct history *self, uint32_t *pixels)
{
	*self = (struct history){.pixels = pixels};
}

static uint32_t *slot_at(const struct history *self, uint32_t slot)
{
	return self->pixels + (size_t)(slot & (HISTORY_SLOTS - 1)) * PICTURE_TILE;
}

/* Of a row's pixels those in the slot that begins with the pixel x. */
static size_t bytes_from(uint32_t width, uint32_t x)
{
	uint32_t left = width - x;

	return (size_t)(left < PICTURE_TILE ? left : PICTURE_TILE) * SCREEN_PIXEL_BYTES;
}

static void remember_row(struct history *self, const uint32_t *from, uint32_t width)
{
	for (uint32_t x = 0; x < width; x += PICTURE_TILE) {
		uint8_t *slot = (uint8_t *)slot_at(self, self->next++);
		size_t bytes = bytes_from(width, x);
		memcpy(slot, from + x, bytes);
		memset(slot + bytes, 0, (size_t)PICTURE_TILE * SCREEN_PIXEL_BYTES - bytes);
	}
}

bool history_remember(struct history *self, struct screen *screen, const struct screen_rect *area)
{
	if (!screen_holds(screen, area))
		return false;
	for (uint32_t row = 0; row < area->height; row++)
		remember_row(self, screen_at(screen, area->x, area->y + row), area->width);
	self->next &= HISTORY_SLOTS - 1;
	self->n_held += area->height * HISTORY_SLOTS_OF(area->width);
	if (self->n_held > HISTORY_SLOTS)
		self->n_held = HISTORY_SLOTS;
	/* A slot is written whole, however little of it the row fills. */
	screen->painted_px += (uint64_t)area->height * HISTORY_SLOTS_OF(area->width) * PICTURE_TILE;
	return true;
}

/* Until the ring is full nothing is held behind what was written last. */
static bool holds(
        const struct history *self, const struct screen_rect *area, uint32_t slot, uint32_t stride)
{
	uint32_t end = slot + (area->height - 1u) * stride + HISTORY_SLOTS_OF(area->width);

	return self->n_held == HISTORY_SLOTS || end <= self->n_held;
}

bool history_show(const struct history *self, struct screen *screen, const struct screen_rect *area,
        uint32_t slot, uint32_t stride)
{
	if (!screen_holds(screen, area) || !holds(self, area, slot, stride))
		return false;
	uint32_t *to = screen_paint(screen, area);
	for (uint32_t row = 0; row < area->height; row++, to += screen->width)
		for (uint32_t x = 0; x < area->width; x += PICTURE_TILE)
			memcpy(to + x, slot_at(self, slot + row * stride + x / PICTURE_TILE),
			        bytes_from(area->width, x));
	return true;
}
