/* Copies tiles between screen and slots. Columns, rows and slots come from the wire: all are checked here. */
#include "stream/tile_cache.h"

#include "stream/screen.h"

#include <string.h>

void tile_cache_init(struct tile_cache *self, uint8_t *pixels, uint16_t n_slots)
{
	self->pixels = pixels;
	cache_rule_init(&self->rule, n_slots);
	memset(self->widths, 0, sizeof(self->widths));
	memset(self->heights, 0, sizeof(self->heights));
}

static uint16_t least(uint32_t a, uint32_t b)
{
	return (uint16_t)(a < b ? a : b);
}

static bool tile_area(
        const struct screen *screen, uint32_t column, uint32_t row, struct screen_rect *area)
{
	uint32_t x = column * PICTURE_TILE, y = row * PICTURE_TILE;

	if (x >= screen->width || y >= screen->height)
		return false;
	*area = (struct screen_rect){(uint16_t)x, (uint16_t)y,
	        least(PICTURE_TILE, screen->width - x), least(PICTURE_TILE, screen->height - y)};
	return true;
}

static uint8_t *slot_at(struct tile_cache *self, uint32_t slot)
{
	return self->pixels + slot * TILE_CACHE_SLOT_BYTES;
}

bool tile_cache_store(struct tile_cache *self, struct screen *screen, uint32_t column, uint32_t row)
{
	struct screen_rect area;
	uint16_t slot = self->rule.oldest;

	if (self->rule.n_slots == 0 || !tile_area(screen, column, row, &area))
		return false;
	screen_get(screen, &area, slot_at(self, slot));
	self->widths[slot] = (uint8_t)area.width;
	self->heights[slot] = (uint8_t)area.height;
	cache_rule_touch(&self->rule, slot);
	return true;
}

bool tile_cache_show(struct tile_cache *self, struct screen *screen, uint32_t slot, uint32_t column,
        uint32_t row)
{
	struct screen_rect area;

	if (slot >= self->rule.n_slots || !tile_area(screen, column, row, &area) ||
	        self->widths[slot] != area.width || self->heights[slot] != area.height)
		return false;
	screen_put_rgba(screen, &area, slot_at(self, slot));
	cache_rule_touch(&self->rule, (uint16_t)slot);
	return true;
}
