/* Decides what a viewer's tile cache is for: pages, tabs and menus to which somebody comes back. What scrolls, moves or is typed
 * is cheap already, and stored it would drive out what is not. */
#include "encode/cache.h"
#include "encode/frame_inside.h"
#include "encode/image.h"
#include "encode/photo.h"
#include "encode/slicer.h"

#include <string.h>

/* Pixels of a tile's changed area: below, the tile goes on being what it was (a caret, a character, a highlighted line). */
#define STORE_PIXELS_MIN 1024
/* Below, its pixels cost less than looking the tile up. */
#define SHOW_PIXELS_MIN 256

static bool is_plain(const uint32_t *pixels, uint32_t stride_px, const struct rect *area)
{
	pixels += (size_t)area->y * stride_px + area->x;
	for (uint32_t i = 1; i < area->width; i++)
		if (pixels[i] != pixels[0])
			return false;
	for (uint32_t row = 1; row < area->height; row++)
		if (memcmp(pixels, pixels + (size_t)row * stride_px, (size_t)area->width * 4) != 0)
			return false;
	return true;
}

static bool changes_much(const struct frame *self, const struct rect *tile, uint32_t pixels_min)
{
	struct rect area = frame_trimmed(self, tile);

	return (uint32_t)area.width * area.height >= pixels_min;
}

static bool is_worth_storing(const struct frame *self, uint32_t column, uint32_t row)
{
	uint32_t stride_px = self->image->width;
	struct rect tile = tiles_area(self->dirty, column, row);
	struct tile_name name;

	/* Its name would be that of what it is to become. */
	if (!cache_is_settled(self->cache, column, row) ||
	        !photo_is_exact(self->photo, column, row) ||
	        !changes_much(self, &tile, STORE_PIXELS_MIN) ||
	        is_plain(self->reference, stride_px, &tile) ||
	        !tile_name_make(&name, self->cache->key, self->reference, stride_px, &tile) ||
	        cache_find(self->cache, &name) != CACHE_RULE_NONE)
		return false;
	cache_store(self->cache, &name);
	self->counts->stored++;
	return true;
}

static void say_store(struct frame *self, uint32_t column, uint32_t row, uint32_t n)
{
	uint8_t *out = slicer_reserve(self->slicer, PICTURE_STORE_BYTES);

	out[0] = PICTURE_STORE;
	out[1] = (uint8_t)column;
	out[2] = (uint8_t)row;
	out[3] = (uint8_t)n;
	slicer_commit(self->slicer, PICTURE_STORE_BYTES);
}

void recall_store(struct frame *self)
{
	if (self->cache->rule.n_slots == 0)
		return;
	for (uint32_t row = 0; row < self->dirty->rows; row++) {
		uint32_t n = 0;
		for (uint32_t column = 0; column <= self->dirty->columns; column++) {
			if (column < self->dirty->columns && self->dirty->is_marked[row][column] &&
			        is_worth_storing(self, column, row)) {
				n++;
				continue;
			}
			if (n > 0)
				say_store(self, column - n, row, n);
			n = 0;
		}
	}
}

/* Tiles of a row whose slots follow each other: one command. */
struct shown {
	uint32_t slot, column, row, n;
};

static void say_shown(struct frame *self, struct shown *shown)
{
	if (shown->n == 0)
		return;
	uint8_t *out = slicer_reserve(self->slicer, PICTURE_SHOW_BYTES);
	out[0] = PICTURE_SHOW;
	out[1] = (uint8_t)shown->slot;
	out[2] = (uint8_t)(shown->slot >> 8);
	out[3] = (uint8_t)shown->column;
	out[4] = (uint8_t)shown->row;
	out[5] = (uint8_t)shown->n;
	slicer_commit(self->slicer, PICTURE_SHOW_BYTES);
	shown->n = 0;
}

static uint16_t find_tile(const struct frame *self, const struct rect *tile)
{
	struct tile_name name;

	if (!changes_much(self, tile, SHOW_PIXELS_MIN) ||
	        is_plain(self->image->pixels, self->image->width, tile) ||
	        !tile_name_make(
	                &name, self->cache->key, self->image->pixels, self->image->width, tile))
		return CACHE_RULE_NONE;
	return cache_find(self->cache, &name);
}

static void show_row(struct frame *self, uint32_t row)
{
	struct shown shown = {.n = 0};

	for (uint32_t column = 0; column < self->dirty->columns; column++) {
		if (!self->dirty->is_marked[row][column])
			continue;
		struct rect tile = tiles_area(self->dirty, column, row);
		uint16_t slot = find_tile(self, &tile);
		if (slot == CACHE_RULE_NONE)
			continue;
		if (shown.n > 0 &&
		        (slot != shown.slot + shown.n || column != shown.column + shown.n))
			say_shown(self, &shown);
		if (shown.n == 0)
			shown = (struct shown){slot, column, row, 0};
		shown.n++;
		cache_show(self->cache, slot);
		frame_take_over(self, &tile);
		photo_wrote(self->photo, &tile);
		tiles_unmark(self->dirty, column, row);
		self->counts->shown++;
	}
	say_shown(self, &shown);
}

void recall_show(struct frame *self)
{
	for (uint32_t row = 0; self->cache->rule.n_slots > 0 && row < self->dirty->rows; row++)
		show_row(self, row);
}
