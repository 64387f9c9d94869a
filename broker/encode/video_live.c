/* Which cells of a region are shown by video, and what stands for them in the picture meanwhile. Stands on no boundary. */
#include "encode/video_inside.h"

#include <string.h>

#define PATIENCE_MAX 3

struct rect video_cell_area(uint32_t row, uint32_t column)
{
	return (struct rect){(uint16_t)(column * VIDEO_CELL), (uint16_t)(row * VIDEO_CELL),
	        VIDEO_CELL, VIDEO_CELL};
}

uint32_t *video_pixel_at(const struct video *self, uint32_t *pixels, const struct rect *area)
{
	return pixels + (size_t)area->y * self->image->width + area->x;
}

void video_copy_pixels(
        const struct video *self, uint32_t *to, uint32_t *from, const struct rect *area)
{
	uint32_t *target = video_pixel_at(self, to, area),
	         *source = video_pixel_at(self, from, area);

	for (uint32_t y = 0; y < area->height; y++)
		memcpy(target + (size_t)y * self->image->width,
		        source + (size_t)y * self->image->width, (size_t)area->width * 4);
}

static void hide_pixels(const struct video *self, const struct rect *area)
{
	uint32_t *target = video_pixel_at(self, self->image->pixels, area);

	for (uint32_t y = 0; y < area->height; y++, target += self->image->width)
		for (uint32_t x = 0; x < area->width; x++)
			target[x] = VIDEO_UNKNOWN;
}

struct video_span video_span_of(const struct rect *area)
{
	return (struct video_span){area->y / VIDEO_CELL,
	        (area->y + area->height + VIDEO_CELL - 1u) / VIDEO_CELL, area->x / VIDEO_CELL,
	        (area->x + area->width + VIDEO_CELL - 1u) / VIDEO_CELL};
}

typedef void (*live_fn)(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms);

/* inside: the cell's part of the region, never empty. */
static void each_cell(
        struct video *self, struct video_region *region, live_fn on_cell, uint32_t now_ms)
{
	struct video_span span = video_span_of(&region->area);
	struct rect inside;

	for (uint32_t row = span.top; row < span.bottom; row++)
		for (uint32_t column = span.left; column < span.right; column++) {
			struct rect whole = video_cell_area(row, column);
			if (video_intersect(&whole, &region->area, &inside))
				on_cell(self, region, &self->setup.cells->cells[row][column],
				        &inside, now_ms);
		}
}

void video_live_begin(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms)
{
	/* It was still for long: what it is now, it may not have been then. */
	if (now_ms - cell->last_ms > 5 * VIDEO_COLD_MS)
		cell->patience = 0;
	cell->is_live = true;
	cell->is_video = true;
	region->is_mask_due = true;
	hide_pixels(self, inside);
	self->setup.on_unknown(self->setup.data, inside);
}

static void make_still(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside)
{
	cell->is_live = false;
	region->is_mask_due = true;
	video_copy_pixels(self, self->image->pixels, self->setup.shadow, inside);
	self->setup.on_unknown(self->setup.data, inside);
	self->setup.on_damage(self->setup.data, inside);
}

bool video_looks_photographic(const struct video *self, uint32_t *pixels, const struct rect *area)
{
	return video_is_photographic(
	        video_pixel_at(self, pixels, area), self->image->width, area->width, area->height);
}

/* Writing that came over a film is exact soon; a part of a film that merely rests stays with it a while: to send it exactly each time
 * would cost more than the film. */
static void settle_cell(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms)
{
	uint32_t still_ms = now_ms - cell->last_ms;

	if (!cell->is_live || still_ms < (uint32_t)VIDEO_QUIET_MS << cell->patience)
		return;
	if (still_ms < VIDEO_COLD_MS) {
		if (cell->is_judged)
			return;
		cell->is_judged = video_looks_photographic(self, self->setup.shadow, inside);
		if (cell->is_judged)
			return;
	}
	if (cell->patience < PATIENCE_MAX)
		cell->patience++;
	make_still(self, region, cell, inside);
}

static void rest_cell(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms)
{
	(void)now_ms;
	if (cell->is_live)
		make_still(self, region, cell, inside);
}

static void release_cell(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms)
{
	rest_cell(self, region, cell, inside, now_ms);
	cell->region = 0;
	cell->is_video = false;
	cell->patience = 0;
}

static void adopt_cell(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms)
{
	cell->region = video_region_tag(self, region);
	if (video_cell_is_hot(cell, now_ms) ||
	        (cell->n_changes > 0 && now_ms - cell->last_ms < VIDEO_COLD_MS &&
	                video_looks_photographic(self, self->setup.shadow, inside)))
		video_live_begin(self, region, cell, inside, now_ms);
}

void video_live_adopt(struct video *self, struct video_region *region, uint32_t now_ms)
{
	each_cell(self, region, adopt_cell, now_ms);
}

void video_live_settle(struct video *self, struct video_region *region, uint32_t now_ms)
{
	each_cell(self, region, settle_cell, now_ms);
}

void video_live_rest(struct video *self, struct video_region *region)
{
	each_cell(self, region, rest_cell, 0);
}

void video_live_release(struct video *self, struct video_region *region)
{
	each_cell(self, region, release_cell, 0);
}

/* ---- snapshots ---- */

static void reveal_cell(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms)
{
	(void)region;
	(void)now_ms;
	if (cell->is_live)
		video_copy_pixels(self, self->image->pixels, self->setup.shadow, inside);
}

static void hide_cell(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms)
{
	(void)region;
	(void)now_ms;
	if (cell->is_live)
		hide_pixels(self, inside);
}

void video_reveal(struct video *self)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active)
			each_cell(self, &self->regions[i], reveal_cell, 0);
	self->is_revealed = true;
}

void video_hide(struct video *self)
{
	for (int i = 0; self->is_revealed && i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active)
			each_cell(self, &self->regions[i], hide_cell, 0);
	self->is_revealed = false;
}
