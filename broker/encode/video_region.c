/* The life of a region: found, fitted, resting, over. The isolated host decides what its screen shows, and by that where regions
 * are: everything here holds for any sequence of pixels. Stands on no boundary. */
#include "encode/video_inside.h"

#include "base/log.h"
#include "encode/video_find.h"
#include "encode/video_h264.h"

#include <malloc.h>
#include <sys/mman.h>

#define LOOK_EVERY_MS 100
#define FIT_EVERY_MS 500
#define QUIET_MIN_MS 50
/* A region that rests for so long is over. */
#define REST_MS 1500
/* Two boxes of a cell, and then some. */
#define MOVED_MS (2 * VIDEO_BOX_MS + 50)
#define MOVED_HEIGHT_MIN 100

/* The pixels stay where they are: the image has them all again. */
static void close_region(struct video *self, struct video_region *region)
{
	video_live_release(self, region);
	video_h264_free(region->codec);
	region->codec = NULL;
	region->is_active = region->is_resting = false;
	region->is_mask_due = region->is_changed = false;
	video_forget_flights(self, region);
}

/* A session goes on for hours after its film: what x264 had lies between what is still in use, and malloc keeps it unless told. */
static void give_back_memory(struct video *self)
{
	size_t n_pixels = (size_t)self->image->width * self->image->height;

	madvise(self->setup.shadow, n_pixels * sizeof(*self->setup.shadow), MADV_DONTNEED);
	malloc_trim(0);
}

void video_region_end(struct video *self, struct video_region *region, uint32_t now_ms)
{
	close_region(self, region);
	if (!video_is_playing(self))
		give_back_memory(self);
	/* One that was never told of needs no end. */
	region->is_end_due = region->is_end_due || !region->is_begin_due;
	region->is_begin_due = false;
	video_update_rate(self, now_ms);
}

static void begin_region(
        struct video *self, struct video_region *region, const struct rect *area, uint32_t now_ms)
{
	struct video_h264 *codec = video_h264_new(area->width, area->height, VIDEO_RATE_MIN_KBIT);

	if (!codec) {
		log_warning(self->setup.lease_id, "no memory for video: pictures from now on");
		self->is_broken = true;
		return;
	}
	region->codec = codec;
	region->is_active = true;
	region->area = *area;
	region->fitted_ms = now_ms;
	video_edge_begin(region, now_ms);
	region->last_ms = now_ms;
	region->interval_ms = VIDEO_QUIET_MS / 3;
	region->jitter_ms = VIDEO_QUIET_MS / 6;
	region->is_begin_due = region->is_mask_due = region->wants_key = region->is_changed = true;
	video_copy_pixels(self, self->setup.shadow, self->image->pixels, area);
	video_live_adopt(self, region, now_ms);
	video_update_rate(self, now_ms);
	video_h264_set_rate(codec, self->rate.kbit_s);
}

/* A region may not reach into the cells of another, nor be more than the codec takes. */
static bool may_be(
        const struct video *self, const struct video_region *region, const struct rect *area)
{
	struct video_span span = video_span_of(area);
	uint8_t own = video_region_tag(self, region);

	if ((uint64_t)area->width * area->height > VIDEO_H264_PIXELS_MAX)
		return false;
	for (uint32_t row = span.top; row < span.bottom; row++)
		for (uint32_t column = span.left; column < span.right; column++) {
			uint8_t owner = self->setup.cells->cells[row][column].region;
			if (owner != 0 && owner != own)
				return false;
		}
	return true;
}

/* Whether a page that was scrolled lately reaches over half of the columns of that area. */
static bool is_moved(const struct video *self, const struct rect *area, uint32_t now_ms)
{
	struct rect columns = self->moved, common;

	if (self->moved.width == 0 || now_ms - self->moved_ms >= MOVED_MS)
		return false;
	columns.y = 0;
	columns.height = self->image->height;
	return video_intersect(&columns, area, &common) && common.width * 2 >= area->width;
}

/* Hot writing (a page that is scrolled) is no film: most hot cells have to look like photographs. */
static bool is_film(const struct video *self, const struct rect *area, uint32_t now_ms)
{
	struct video_span span = video_span_of(area);
	uint32_t n_hot = 0, n_photographic = 0;

	for (uint32_t row = span.top; row < span.bottom; row++)
		for (uint32_t column = span.left; column < span.right; column++) {
			struct rect whole = video_cell_area(row, column), inside;
			if (!video_cell_is_hot(&self->setup.cells->cells[row][column], now_ms) ||
			        !video_intersect(&whole, area, &inside))
				continue;
			n_hot++;
			n_photographic +=
			        video_looks_photographic(self, self->image->pixels, &inside);
		}
	return n_photographic * 2 >= n_hot;
}

/* With another area: a codec of its own, and a key frame. */
static void begin_anew(
        struct video *self, struct video_region *region, const struct rect *area, uint32_t now_ms)
{
	if (region->n_fits < 8)
		region->n_fits++;
	close_region(self, region);
	begin_region(self, region, area, now_ms);
	if (!region->is_active)
		region->is_end_due = true;
}

static void fit(struct video *self, struct video_region *region, const struct video_found *found,
        uint32_t now_ms)
{
	struct rect area = video_join(&region->area, &found->area);
	uint32_t n_now = (uint32_t)region->area.width * region->area.height;
	bool grows = (uint32_t)area.width * area.height > n_now;
	bool shrinks = (uint64_t)found->area.width * found->area.height * 5 < (uint64_t)n_now * 3;

	if ((!grows && !shrinks) ||
	        now_ms - region->fitted_ms < FIT_EVERY_MS * (region->n_fits + 1) ||
	        is_moved(self, &area, now_ms))
		return;
	if (shrinks)
		area = found->area;
	if (!may_be(self, region, &area))
		return;
	begin_anew(self, region, &area, now_ms);
}

static void begin_found(struct video *self, const struct video_found *found, uint32_t now_ms)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++) {
		struct video_region *region = &self->regions[i];
		if (region->is_active)
			continue;
		if (may_be(self, region, &found->area) && !is_moved(self, &found->area, now_ms) &&
		        is_film(self, &found->area, now_ms)) {
			region->n_fits = region->edge.n_trims = 0;
			begin_region(self, region, &found->area, now_ms);
		}
		return;
	}
}

static void find(struct video *self, uint32_t now_ms)
{
	struct video_found found[VIDEO_FOUND_MAX];
	size_t n = video_find(
	        self->setup.cells, self->image->width, self->image->height, now_ms, found);

	for (size_t i = 0; i < n && !self->is_broken; i++) {
		/* What was found a moment ago may have changed hands. */
		if (found[i].region == 0)
			begin_found(self, &found[i], now_ms);
		else if (self->regions[found[i].region - 1].is_active)
			fit(self, &self->regions[found[i].region - 1], &found[i], now_ms);
	}
}

static void trim(struct video *self, uint32_t now_ms)
{
	struct rect area;

	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active && !self->is_broken &&
		        video_edge_look(self, &self->regions[i], now_ms, &area))
			begin_anew(self, &self->regions[i], &area, now_ms);
}

/* How long a region may stand still before it counts as paused: so much that a film of its pace, stumbling as it does, does not (as TCP
 * waits for an acknowledgement: RFC 6298). Where the line is narrow, longer: to send it exactly would hold the film up for
 * seconds. */
static uint32_t quiet_ms(const struct video *self, const struct video_region *region)
{
	uint32_t ms = region->interval_ms + 4 * region->jitter_ms + 10;

	if (self->rate.kbit_s < self->rate.max_kbit_s / 4)
		return VIDEO_NARROW_QUIET_MS;
	return ms < QUIET_MIN_MS ? QUIET_MIN_MS : ms < VIDEO_QUIET_MS ? ms : VIDEO_QUIET_MS;
}

/* When the region rests, or is over, if nothing changes: milliseconds after its last change. */
static uint32_t patience_ms(const struct video *self, const struct video_region *region)
{
	return region->is_resting ? REST_MS : quiet_ms(self, region);
}

static void look_at_region(struct video *self, struct video_region *region, uint32_t now_ms)
{
	if (now_ms - region->last_ms < patience_ms(self, region)) {
		video_live_settle(self, region, now_ms);
		return;
	}
	if (region->is_resting) {
		video_region_end(self, region, now_ms);
		return;
	}
	video_live_rest(self, region);
	region->is_resting = true;
	region->is_changed = false;
}

uint32_t video_look(struct video *self, uint32_t now_ms)
{
	uint32_t due_ms = 0;

	if (!self->is_wanted || self->is_broken || !self->image || !self->image->is_whole)
		return 0;
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active)
			look_at_region(self, &self->regions[i], now_ms);
	if (now_ms - self->looked_ms >= LOOK_EVERY_MS) {
		self->looked_ms = now_ms;
		find(self, now_ms);
		trim(self, now_ms);
	}
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++) {
		const struct video_region *region = &self->regions[i];
		if (!region->is_active)
			continue;
		uint32_t still_ms = now_ms - region->last_ms, most_ms = patience_ms(self, region);
		uint32_t ms = still_ms < most_ms ? most_ms - still_ms : 1;
		due_ms = due_ms == 0 || ms < due_ms ? ms : due_ms;
	}
	return due_ms;
}

void video_moved(struct video *self, const struct rect *moved, uint32_t now_ms)
{
	if (moved->width == 0 || moved->height < MOVED_HEIGHT_MIN)
		return;
	self->moved = *moved;
	self->moved_ms = now_ms;
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active && is_moved(self, &self->regions[i].area, now_ms))
			video_region_end(self, &self->regions[i], now_ms);
}
