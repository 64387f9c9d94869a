/* Counting changes. Stands on no boundary: areas were checked (capture_check.h); what the isolated host draws decides
 * what is found, and can at worst make its own picture worse. */
#include "encode/video_cells.h"

#include "encode/image.h"

#include <string.h>

/* Drawn to so often in one streak before it is compared: pages that appear at once cost nothing. */
#define WARM_CHANGES 3
#define CELLS_AHEAD 4 /* of the same band: fetched meanwhile */

void video_cells_resize(struct video_cells *self, uint16_t width, uint16_t height)
{
	self->columns = (uint16_t)((width + VIDEO_CELL - 1) / VIDEO_CELL);
	self->rows = (uint16_t)((height + VIDEO_CELL - 1) / VIDEO_CELL);
	memset(self->cells, 0, sizeof(self->cells[0]) * self->rows);
}

static bool is_in_streak(const struct video_cell *self, uint32_t now_ms)
{
	return self->n_changes > 0 && now_ms - self->last_ms < VIDEO_QUIET_MS;
}

static struct video_box joined(const struct video_box *a, const struct video_box *b)
{
	if (a->right == 0 || b->right == 0)
		return a->right == 0 ? *b : *a;
	return (struct video_box){a->left < b->left ? a->left : b->left,
	        a->top < b->top ? a->top : b->top, a->right > b->right ? a->right : b->right,
	        a->bottom > b->bottom ? a->bottom : b->bottom};
}

void video_cell_touch(struct video_cell *self, uint32_t now_ms)
{
	if (!is_in_streak(self, now_ms)) {
		self->start_ms = self->box_ms = now_ms;
		self->n_changes = 0;
		self->now = self->before = (struct video_box){0};
	}
	/* Two halves of one picture are one change. */
	if (self->n_changes == 0 || (now_ms - self->last_ms >= 5 && self->n_changes < UINT16_MAX))
		self->n_changes++;
	self->last_ms = now_ms;
	self->is_judged = false;
}

void video_cell_change(
        struct video_cell *self, uint32_t now_ms, uint32_t x, uint32_t y, const struct rect *area)
{
	uint8_t left = (uint8_t)(area->x - x), top = (uint8_t)(area->y - y);
	struct video_box box = {
	        left, top, (uint8_t)(left + area->width), (uint8_t)(top + area->height)};

	video_cell_touch(self, now_ms);
	if (now_ms - self->box_ms >= VIDEO_BOX_MS) {
		self->before = self->now;
		self->now = (struct video_box){0};
		self->box_ms = now_ms;
	}
	self->now = joined(&self->now, &box);
}

struct video_box video_cell_box(const struct video_cell *self)
{
	return joined(&self->now, &self->before);
}

bool video_cell_is_warm(const struct video_cell *self, uint32_t now_ms)
{
	return is_in_streak(self, now_ms) && self->n_changes >= WARM_CHANGES;
}

bool video_cell_is_hot(const struct video_cell *self, uint32_t now_ms)
{
	return is_in_streak(self, now_ms) && (self->now.right > 0 || self->before.right > 0) &&
	       now_ms - self->start_ms >= VIDEO_HOT_MS && self->n_changes >= VIDEO_HOT_CHANGES;
}

static void box_of(const uint32_t *columns, uint32_t width, uint32_t top, uint32_t bottom,
        struct rect *changed)
{
	uint32_t left = 0, right = width;

	while (columns[left] == 0)
		left++;
	while (columns[right - 1] == 0)
		right--;
	*changed = (struct rect){
	        (uint16_t)left, (uint16_t)top, (uint16_t)(right - left), (uint16_t)(bottom - top)};
}

static inline __attribute__((always_inline)) bool take_compared(uint32_t *target,
        uint32_t target_stride_px, const uint8_t *from, uint32_t from_stride_bytes, uint32_t width,
        uint32_t height, struct rect *changed)
{
	uint32_t columns[VIDEO_CELL] = {0}, top = height, bottom = 0;

	for (uint32_t y = 0; y < height; y++) {
		uint32_t row[VIDEO_CELL], differs = 0;
		const uint8_t *source = from + (size_t)y * from_stride_bytes;
		uint32_t *to = target + (size_t)y * target_stride_px;
		/* Cell after cell of a band is looked at: no processor foresees that pattern. */
		__builtin_prefetch(source + CELLS_AHEAD * VIDEO_CELL * sizeof(*row));
		__builtin_prefetch(to + CELLS_AHEAD * VIDEO_CELL);
		/* The buffer is capture's: each pixel is read once. */
		memcpy(row, source, width * sizeof(*row));
		for (uint32_t x = 0; x < width; x++) {
			row[x] |= IMAGE_SEEN;
			columns[x] |= row[x] ^ to[x];
			differs |= row[x] ^ to[x];
		}
		if (differs == 0)
			continue;
		memcpy(to, row, width * sizeof(*row));
		top = y < top ? y : top;
		bottom = y + 1;
	}
	if (bottom == 0)
		return false;
	box_of(columns, width, top, bottom, changed);
	return true;
}

/* Whole cells are nearly all: with a width that the compiler knows it makes vector instructions of them. */
bool video_take_compared(uint32_t *target, uint32_t target_stride_px, const uint8_t *from,
        uint32_t from_stride_bytes, uint32_t width, uint32_t height, struct rect *changed)
{
	return width == VIDEO_CELL ? take_compared(target, target_stride_px, from,
	                                     from_stride_bytes, VIDEO_CELL, height, changed)
	                           : take_compared(target, target_stride_px, from,
	                                     from_stride_bytes, width, height, changed);
}

bool video_is_photographic(
        const uint32_t *pixels, uint32_t stride_px, uint32_t width, uint32_t height)
{
	uint32_t n_differ = 0;

	for (uint32_t y = 0; y < height; y++, pixels += stride_px)
		for (uint32_t x = 1; x < width; x++)
			n_differ += pixels[x] != pixels[x - 1];
	return n_differ * 2 > (width - 1) * height;
}

struct rect video_join(const struct rect *a, const struct rect *b)
{
	if (a->width == 0 || b->width == 0)
		return a->width == 0 ? *b : *a;
	uint32_t left = a->x < b->x ? a->x : b->x, top = a->y < b->y ? a->y : b->y;
	uint32_t a_right = a->x + (uint32_t)a->width, b_right = b->x + (uint32_t)b->width;
	uint32_t a_bottom = a->y + (uint32_t)a->height, b_bottom = b->y + (uint32_t)b->height;

	return (struct rect){(uint16_t)left, (uint16_t)top,
	        (uint16_t)((a_right > b_right ? a_right : b_right) - left),
	        (uint16_t)((a_bottom > b_bottom ? a_bottom : b_bottom) - top)};
}

bool video_intersect(const struct rect *a, const struct rect *b, struct rect *out)
{
	uint32_t left = a->x > b->x ? a->x : b->x, top = a->y > b->y ? a->y : b->y;
	uint32_t a_right = a->x + (uint32_t)a->width, b_right = b->x + (uint32_t)b->width;
	uint32_t a_bottom = a->y + (uint32_t)a->height, b_bottom = b->y + (uint32_t)b->height;
	uint32_t right = a_right < b_right ? a_right : b_right;
	uint32_t bottom = a_bottom < b_bottom ? a_bottom : b_bottom;

	if (left >= right || top >= bottom)
		return false;
	*out = (struct rect){
	        (uint16_t)left, (uint16_t)top, (uint16_t)(right - left), (uint16_t)(bottom - top)};
	return true;
}

size_t video_subtract(const struct rect *area, const struct rect *hole, struct rect out[4])
{
	struct rect common;
	size_t n = 0;

	if (!video_intersect(area, hole, &common)) {
		out[0] = *area;
		return area->width > 0 && area->height > 0;
	}
	uint16_t above = (uint16_t)(common.y - area->y), left = (uint16_t)(common.x - area->x);
	uint16_t below = (uint16_t)(area->height - above - common.height);
	uint16_t right = (uint16_t)(area->width - left - common.width);
	if (above > 0)
		out[n++] = (struct rect){area->x, area->y, area->width, above};
	if (below > 0)
		out[n++] = (struct rect){
		        area->x, (uint16_t)(common.y + common.height), area->width, below};
	if (left > 0)
		out[n++] = (struct rect){area->x, common.y, left, common.height};
	if (right > 0)
		out[n++] = (struct rect){
		        (uint16_t)(common.x + common.width), common.y, right, common.height};
	return n;
}
