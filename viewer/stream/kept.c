/* Copies pixels aside and back. Slots and areas come from the network, and are checked here. */
#include "stream/kept.h"

#include <string.h>

void kept_init(struct kept *self)
{
	for (int i = 0; i < PICTURE_KEPT_SLOTS; i++)
		self->slots[i].area.width = 0;
}

bool kept_keep(
        struct kept *self, uint32_t slot, struct screen *screen, const struct screen_rect *area)
{
	if (slot >= PICTURE_KEPT_SLOTS || !screen_holds(screen, area) ||
	        (uint32_t)area->width * area->height > PICTURE_KEPT_PIXELS_MAX)
		return false;
	uint32_t *kept = self->slots[slot].pixels;
	for (uint32_t row = 0; row < area->height; row++, kept += area->width)
		memcpy(kept, screen_at(screen, area->x, area->y + row),
		        (size_t)area->width * SCREEN_PIXEL_BYTES);
	screen_count(screen, area);
	self->slots[slot].area = *area;
	return true;
}

bool kept_swap(struct kept *self, uint32_t slot, struct screen *screen)
{
	if (slot >= PICTURE_KEPT_SLOTS || self->slots[slot].area.width == 0)
		return false;
	/* It was on the screen when it was kept, and a screen of another size comes with a BEGIN. */
	const struct screen_rect *area = &self->slots[slot].area;
	uint32_t *kept = self->slots[slot].pixels, *shown = screen_paint(screen, area);
	for (uint32_t row = 0; row < area->height;
	        row++, kept += area->width, shown += screen->width)
		for (uint32_t i = 0; i < area->width; i++) {
			uint32_t before = shown[i];
			shown[i] = kept[i];
			kept[i] = before;
		}
	return true;
}
