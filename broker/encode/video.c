/* The life of regions. The isolated host decides what its screen shows, and by that where regions are: everything here holds for
 * any sequence of pixels. Stands on no boundary: areas and numbers were checked before. */
#include "encode/video.h"

#include "base/log.h"
#include "base/loop.h"
#include "encode/video_h264.h"
#include "encode/video_regions.h"

#include <string.h>

#define LOOK_EVERY_MS 100
#define FIT_EVERY_MS 500
#define PATIENCE_MAX 3
#define QUIET_MIN_MS 50
#define NARROW_QUIET_MS 400
/* A region that rests for so long is over. */
#define REST_MS 1500
/* Two boxes of a cell, and then some. */
#define MOVED_MS (2 * VIDEO_BOX_MS + 50)
#define MOVED_HEIGHT_MIN 100

void video_init(struct video *self, const struct video_setup *setup, uint32_t now_ms)
{
	*self = (struct video){.setup = *setup, .is_broken = !video_h264_is_built()};
	video_budget_init(&self->budget, setup->core_percent, now_ms);
}

void video_finish(struct video *self)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		video_h264_free(self->regions[i].codec);
}

/* What is on its way of that region will not be drawn. */
static void forget_flights(struct video *self, int number)
{
	flow_line_beside_lost(
	        self->setup.line, video_rate_forget(&self->rate, (uint8_t)(number + 1)));
}

void video_resize(struct video *self, struct image *image)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++) {
		video_h264_free(self->regions[i].codec);
		self->regions[i] = (struct video_region){0};
		forget_flights(self, i);
	}
	self->image = image;
	self->is_revealed = false;
	video_cells_resize(self->setup.cells, image->width, image->height);
}

/* ---- pixels ---- */

static struct rect cell_area(uint32_t row, uint32_t column)
{
	return (struct rect){(uint16_t)(column * VIDEO_CELL), (uint16_t)(row * VIDEO_CELL),
	        VIDEO_CELL, VIDEO_CELL};
}

static uint32_t *pixel_at(const struct video *self, uint32_t *pixels, const struct rect *area)
{
	return pixels + (size_t)area->y * self->image->width + area->x;
}

static void copy_pixels(
        const struct video *self, uint32_t *to, uint32_t *from, const struct rect *area)
{
	uint32_t *target = pixel_at(self, to, area), *source = pixel_at(self, from, area);

	for (uint32_t y = 0; y < area->height; y++)
		memcpy(target + (size_t)y * self->image->width,
		        source + (size_t)y * self->image->width, (size_t)area->width * 4);
}

static void hide_pixels(const struct video *self, const struct rect *area)
{
	uint32_t *target = pixel_at(self, self->image->pixels, area);

	for (uint32_t y = 0; y < area->height; y++, target += self->image->width)
		for (uint32_t x = 0; x < area->width; x++)
			target[x] = VIDEO_UNKNOWN;
}

/* ---- cells of a region ---- */

struct span {
	uint32_t top, bottom, left, right; /* cells; bottom and right exclusive */
};

static struct span span_of(const struct rect *area)
{
	return (struct span){area->y / VIDEO_CELL,
	        (area->y + area->height + VIDEO_CELL - 1u) / VIDEO_CELL, area->x / VIDEO_CELL,
	        (area->x + area->width + VIDEO_CELL - 1u) / VIDEO_CELL};
}

typedef void (*cell_fn)(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms);

/* inside: the cell's part of the region, never empty. */
static void each_cell(
        struct video *self, struct video_region *region, cell_fn on_cell, uint32_t now_ms)
{
	struct span span = span_of(&region->area);
	struct rect inside;

	for (uint32_t row = span.top; row < span.bottom; row++)
		for (uint32_t column = span.left; column < span.right; column++) {
			struct rect whole = cell_area(row, column);
			if (video_intersect(&whole, &region->area, &inside))
				on_cell(self, region, &self->setup.cells->cells[row][column],
				        &inside, now_ms);
		}
}

static void make_live(struct video *self, struct video_region *region, struct video_cell *cell,
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
	copy_pixels(self, self->image->pixels, self->setup.shadow, inside);
	self->setup.on_unknown(self->setup.data, inside);
	self->setup.on_damage(self->setup.data, inside);
}

static bool is_photographic(const struct video *self, uint32_t *pixels, const struct rect *area)
{
	return video_is_photographic(
	        pixel_at(self, pixels, area), self->image->width, area->width, area->height);
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
		cell->is_judged = is_photographic(self, self->setup.shadow, inside);
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
	(void)now_ms;
	if (cell->is_live)
		make_still(self, region, cell, inside);
	cell->region = 0;
	cell->is_video = false;
	cell->patience = 0;
}

static void adopt_cell(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms)
{
	cell->region = (uint8_t)(region - self->regions + 1);
	if (video_cell_is_hot(cell, now_ms) ||
	        (cell->n_changes > 0 && now_ms - cell->last_ms < VIDEO_COLD_MS &&
	                is_photographic(self, self->setup.shadow, inside)))
		make_live(self, region, cell, inside, now_ms);
}

/* ---- regions ---- */

static void set_rates(struct video *self)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active)
			video_h264_set_rate(self->regions[i].codec, self->rate.kbit_s);
}

bool video_may_send(struct video *self)
{
	if (video_rate_limit(&self->rate, flow_line_beside_kbit_s(self->setup.line)))
		set_rates(self);
	return video_rate_may_send(&self->rate) &&
	       flow_line_has_room_beside(
	               self->setup.line, video_rate_frame_bytes(&self->rate), clock_now_us());
}

static void update_rate(struct video *self, uint32_t now_ms)
{
	uint32_t n_pixels = 0;

	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active)
			n_pixels += (uint32_t)self->regions[i].area.width *
			            self->regions[i].area.height;
	if (n_pixels > 0)
		video_rate_begin(&self->rate, n_pixels, now_ms);
}

/* The pixels stay where they are: the image has them all again. */
static void close_region(struct video *self, struct video_region *region, uint32_t now_ms)
{
	each_cell(self, region, release_cell, now_ms);
	video_h264_free(region->codec);
	region->codec = NULL;
	region->is_active = region->is_resting = false;
	region->is_mask_due = false;
	region->is_changed = false;
	forget_flights(self, (int)(region - self->regions));
}

static void end_region(struct video *self, struct video_region *region, uint32_t now_ms)
{
	close_region(self, region, now_ms);
	/* One that was never told of needs no end. */
	region->is_end_due = region->is_end_due || !region->is_begin_due;
	region->is_begin_due = false;
	update_rate(self, now_ms);
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
	region->last_ms = now_ms;
	region->interval_ms = VIDEO_QUIET_MS / 3;
	region->jitter_ms = VIDEO_QUIET_MS / 6;
	region->is_begin_due = region->is_mask_due = region->wants_key = region->is_changed = true;
	copy_pixels(self, self->setup.shadow, self->image->pixels, area);
	each_cell(self, region, adopt_cell, now_ms);
	update_rate(self, now_ms);
	video_h264_set_rate(codec, self->rate.kbit_s);
}

/* A region may not reach into the cells of another, nor be more than the codec takes. */
static bool may_be(
        const struct video *self, const struct video_region *region, const struct rect *area)
{
	struct span span = span_of(area);
	uint8_t own = (uint8_t)(region - self->regions + 1);

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
	struct span span = span_of(area);
	uint32_t n_hot = 0, n_photographic = 0;

	for (uint32_t row = span.top; row < span.bottom; row++)
		for (uint32_t column = span.left; column < span.right; column++) {
			struct rect whole = cell_area(row, column), inside;
			if (!video_cell_is_hot(&self->setup.cells->cells[row][column], now_ms) ||
			        !video_intersect(&whole, area, &inside))
				continue;
			n_hot++;
			n_photographic += is_photographic(self, self->image->pixels, &inside);
		}
	return n_photographic * 2 >= n_hot;
}

static struct rect joined(const struct rect *a, const struct rect *b)
{
	uint32_t left = a->x < b->x ? a->x : b->x, top = a->y < b->y ? a->y : b->y;
	uint32_t a_right = a->x + (uint32_t)a->width, b_right = b->x + (uint32_t)b->width;
	uint32_t a_bottom = a->y + (uint32_t)a->height, b_bottom = b->y + (uint32_t)b->height;

	return (struct rect){(uint16_t)left, (uint16_t)top,
	        (uint16_t)((a_right > b_right ? a_right : b_right) - left),
	        (uint16_t)((a_bottom > b_bottom ? a_bottom : b_bottom) - top)};
}

static void fit(struct video *self, struct video_region *region, const struct video_found *found,
        uint32_t now_ms)
{
	struct rect area = joined(&region->area, &found->area);
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
	if (region->n_fits < 8)
		region->n_fits++;
	close_region(self, region, now_ms);
	begin_region(self, region, &area, now_ms);
	if (!region->is_active)
		region->is_end_due = true;
}

static void begin_found(struct video *self, const struct video_found *found, uint32_t now_ms)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++) {
		struct video_region *region = &self->regions[i];
		if (region->is_active)
			continue;
		if (may_be(self, region, &found->area) && !is_moved(self, &found->area, now_ms) &&
		        is_film(self, &found->area, now_ms)) {
			region->n_fits = 0;
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

/* How long a region may stand still before it counts as paused: so much that a film of its pace, stumbling as it does, does not (as TCP
 * waits for an acknowledgement: RFC 6298). Where the line is narrow, longer: to send it exactly would hold the film up for
 * seconds. */
static uint32_t quiet_ms(const struct video *self, const struct video_region *region)
{
	uint32_t ms = region->interval_ms + 4 * region->jitter_ms + 10;

	if (self->rate.kbit_s < self->rate.max_kbit_s / 4)
		return NARROW_QUIET_MS;
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
		each_cell(self, region, settle_cell, now_ms);
		return;
	}
	if (region->is_resting) {
		end_region(self, region, now_ms);
		return;
	}
	each_cell(self, region, rest_cell, now_ms);
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
			end_region(self, &self->regions[i], now_ms);
}

void video_set_wanted(struct video *self, bool is_wanted)
{
	if (self->is_wanted == is_wanted)
		return;
	self->is_wanted = is_wanted;
	for (int i = 0; !is_wanted && i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active)
			end_region(self, &self->regions[i], self->regions[i].last_ms);
}

void video_forget_viewer(struct video *self)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		self->regions[i].is_end_due = self->regions[i].is_begin_due = false;
	self->rate = (struct video_rate){0};
}

void video_failed(struct video *self)
{
	log_warning(self->setup.lease_id, "the viewer cannot decode video: pictures from now on");
	video_set_wanted(self, false);
	self->is_broken = true;
}

void video_drawn(struct video *self, uint32_t number, uint32_t now_ms)
{
	struct video_flight drawn;
	bool is_changed = video_rate_drawn(&self->rate, number, now_ms, &drawn);

	if (drawn.region != 0)
		flow_line_beside_acked(self->setup.line, &drawn.line, drawn.bytes, clock_now_us());
	if (is_changed)
		set_rates(self);
}

void video_waits(struct video *self, uint32_t now_ms)
{
	if (video_rate_waits(&self->rate, now_ms))
		set_rates(self);
}

/* ---- snapshots ---- */

static void reveal_cell(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms)
{
	(void)region;
	(void)now_ms;
	if (cell->is_live)
		copy_pixels(self, self->image->pixels, self->setup.shadow, inside);
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

/* ---- taking pixels ---- */

struct taking {
	struct video *video;
	const uint8_t *from;
	uint32_t stride_bytes, now_ms;
};

static bool compare(
        const struct taking *self, uint32_t *pixels, const struct rect *area, struct rect *changed)
{
	const struct video *video = self->video;
	bool is_changed = video_take_compared(pixel_at(video, pixels, area), video->image->width,
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

static void note_change(struct video_region *region, uint32_t now_ms)
{
	uint32_t interval_ms = now_ms - region->last_ms;
	uint32_t off_ms = interval_ms > region->interval_ms ? interval_ms - region->interval_ms
	                                                    : region->interval_ms - interval_ms;

	/* Many cells change at once. */
	if (interval_ms < 5)
		return;
	region->last_ms = now_ms;
	/* A rest says nothing of its pace. */
	if (interval_ms >= NARROW_QUIET_MS)
		return;
	region->interval_ms = (region->interval_ms * 7 + interval_ms) / 8;
	region->jitter_ms = (region->jitter_ms * 3 + off_ms) / 4;
}

/* Whether a cell of the region that changed is the video's. Where the region rests, another page may have come: it goes on with what looks
 * like moving pictures only. */
static bool goes_live(const struct taking *self, const struct video_region *region,
        const struct video_cell *cell, const struct rect *inside)
{
	if (region->is_resting && !is_photographic(self->video, self->video->setup.shadow, inside))
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
		make_live(video, region, cell, &inside, self->now_ms);
		region->is_resting = false;
	}
	video_cell_change(cell, self->now_ms, whole->x, whole->y, &changed);
	if (cell->is_live) {
		region->is_changed = true;
		note_change(region, self->now_ms);
		return;
	}
	copy_pixels(video, video->image->pixels, video->setup.shadow, &changed);
	video->setup.on_damage(video->setup.data, &changed);
}

static void take_cell(
        const struct taking *self, uint32_t row, uint32_t column, const struct rect *area)
{
	struct video_cell *cell = &self->video->setup.cells->cells[row][column];
	struct rect whole = cell_area(row, column), inside, outside[4];

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
		struct rect whole = cell_area(row, column);
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
