/* Tiles that the viewer has seen and keeps: pixels by slot. Which slot is overwritten is cache_rule.h's matter. */
#ifndef SHOJI_STREAM_TILE_CACHE_H
#define SHOJI_STREAM_TILE_CACHE_H

#include "stream/cache_rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct screen;

#define TILE_CACHE_SLOT_BYTES ((size_t)PICTURE_TILE * PICTURE_TILE * 4)

struct tile_cache {
	struct cache_rule rule;
	uint8_t *pixels;                         /* borrowed: TILE_CACHE_SLOT_BYTES for each slot */
	uint8_t widths[PICTURE_CACHE_SLOTS_MAX]; /* of what was stored; 0: nothing was */
	uint8_t heights[PICTURE_CACHE_SLOTS_MAX];
};

/* Empty. pixels has room for that many slots. */
void tile_cache_init(struct tile_cache *self, uint8_t *pixels, uint16_t n_slots);
/* false: no such tile, or no slot. */
bool tile_cache_store(
        struct tile_cache *self, struct screen *screen, uint32_t column, uint32_t row);
/* false: no such tile, nothing stored there, or of another size than the tile. */
bool tile_cache_show(struct tile_cache *self, struct screen *screen, uint32_t slot, uint32_t column,
        uint32_t row);

#endif
