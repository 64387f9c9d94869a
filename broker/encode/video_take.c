/* Pixels that capture showed, cell by cell: to the picture or to a region. Areas were checked before (capture_check.h). */
#include "encode/video_inside.h"

struct taking {
	struct video *video;
	const uint8_t *from;
	uint32_t stride_bytes, now_ms;
};

static bool compare(
        const struct taking *self, uint32_t *pixels, const struct rect *area, struct rect *changed)
{
	const struct video *video = self->video;
	bool is_changed =
	        video_take_compared(video_pixel_at(video, pixels, area), video->image->width,
	                self->from + (size_t)area->y * self->stride_bytes + (size_t)area->x * 4,
	                self->stride_bytes, area->width, area->height, changed);

	changed->x = (uint16_t)(changed->x + area->x);
	changed->y = (uint16_t)(changed->y + area->y);
	return is_changed;
}

static void take_outside(const struct taking *self, struct video_cell *cell,
        const struct rect *whole, const struct rect *area)
{
	struct rect changed = {0};

	if (!compare(self, self->video->image->pixels, area, &changed))
		return;
	video_cell_change(cell, self->now_ms, whole->x, whole->y, &changed);
	self->video->setup.on_damage(self->video->setup.data, &changed);
}

/* Many cells change at once: returns whether this one is the first of its frame. */
static bool note_change(struct video_region *region, uint32_t now_ms)
{
	uint32_t interval_ms = now_ms - region->last_ms;
	uint32_t off_ms = interval_ms > region->interval_ms ? interval_ms - region->interval_ms
	                                                    : region->interval_ms - interval_ms;

	if (interval_ms < 5)
		return false;
	region->last_ms = now_ms;
	/* A rest says nothing of its pace. */
	if (interval_ms >= VIDEO_NARROW_QUIET_MS)
		return true;
	region->interval_ms = (region->interval_ms * 7 + interval_ms) / 8;
	region->jitter_ms = (region->jitter_ms * 3 + off_ms) / 4;
	return true;
}

/* Whether a cell of the region that changed is the video's. Where the region rests, another page may have come: it goes on with what looks
 * like moving pictures only. */
static bool goes_live(const struct taking *self, const struct video_region *region,
        const struct video_cell *cell, const struct rect *inside)
{
	if (region->is_resting &&
	        !video_looks_photographic(self->video, self->video->setup.shadow, inside))
		return false;
	return cell->is_video || video_cell_is_hot(cell, self->now_ms);
}

static void take_inside(const struct taking *self, struct video_cell *cell,
        const struct rect *whole, const struct rect *area)
{
	struct video *video = self->video;
	struct video_region *region = &video->regions[cell->region - 1];
	struct rect changed = {0}, inside;

	if (!compare(self, video->setup.shadow, area, &changed))
		return;
	if (!cell->is_live && video_intersect(whole, &region->area, &inside) &&
	        goes_live(self, region, cell, &inside)) {
		video_live_begin(video, region, cell, &inside, self->now_ms);
		region->is_resting = false;
	}
	video_cell_change(cell, self->now_ms, whole->x, whole->y, &changed);
	if (cell->is_live) {
		region->is_changed = true;
		video_edge_change(region, &changed, note_change(region, self->now_ms));
		return;
	}
	video_copy_pixels(video, video->image->pixels, video->setup.shadow, &changed);
	video->setup.on_damage(video->setup.data, &changed);
}

static void take_cell(
        const struct taking *self, uint32_t row, uint32_t column, const struct rect *area)
{
	struct video_cell *cell = &self->video->setup.cells->cells[row][column];
	struct rect whole = video_cell_area(row, column), inside, outside[4];

	if (cell->region == 0) {
		take_outside(self, cell, &whole, area);
		return;
	}
	const struct rect *region = &self->video->regions[cell->region - 1].area;
	size_t n_outside = video_subtract(area, region, outside);
	for (size_t i = 0; i < n_outside; i++)
		take_outside(self, cell, &whole, &outside[i]);
	if (video_intersect(area, region, &inside))
		take_inside(self, cell, &whole, &inside);
}

/* Whether no cell of the band is worth looking at: then it is copied in one go. */
static bool is_plain(const struct taking *self, uint32_t row, uint32_t left, uint32_t right)
{
	const struct video_cell *cells = self->video->setup.cells->cells[row];

	for (uint32_t column = left; column <= right; column++)
		if (cells[column].region != 0 || video_cell_is_warm(&cells[column], self->now_ms))
			return false;
	return true;
}

/* band: within one row of cells. */
static void take_band(const struct taking *self, const struct rect *band)
{
	struct video *video = self->video;
	uint32_t row = band->y / VIDEO_CELL, left = band->x / VIDEO_CELL;
	uint32_t right = (band->x + band->width - 1u) / VIDEO_CELL;
	struct rect part;

	if (is_plain(self, row, left, right)) {
		image_take(video->image, self->from, self->stride_bytes, band);
		for (uint32_t column = left; column <= right; column++)
			video_cell_touch(&video->setup.cells->cells[row][column], self->now_ms);
		video->setup.on_damage(video->setup.data, band);
		return;
	}
	for (uint32_t column = left; column <= right; column++) {
		struct rect whole = video_cell_area(row, column);
		struct video_cell *cell = &video->setup.cells->cells[row][column];
		if (!video_intersect(&whole, band, &part))
			continue;
		if (cell->region == 0 && !video_cell_is_warm(cell, self->now_ms))
			video_cell_touch(cell, self->now_ms);
		take_cell(self, row, column, &part);
	}
}

void video_take(struct video *self, const uint8_t *from, uint32_t stride_bytes,
        const struct rect *area, uint32_t now_ms)
{
	struct taking taking = {self, from, stride_bytes, now_ms};

	if (!self->is_wanted || self->is_broken || !self->image->is_whole || area->width == 0) {
		image_take(self->image, from, stride_bytes, area);
		self->setup.on_damage(self->setup.data, area);
		return;
	}
	video_hide(self);
	for (uint32_t y = area->y, end = area->y + (uint32_t)area->height; y < end;) {
		uint32_t next = (y / VIDEO_CELL + 1) * VIDEO_CELL;
		next = next < end ? next : end;
		take_band(&taking,
		        &(struct rect){area->x, (uint16_t)y, area->width, (uint16_t)(next - y)});
		y = next;
	}
}
