/* Lays the watermark over the image. Pixels come from the isolated host and may be anything: they decide where the mark is
 * shifted to, never whether it is there. */
#include "encode/mark.h"

#include <stdio.h>
#include <string.h>

/* Less than this that changed or moved is not worth a search, nor a region: only the mark on it is sent again. */
#define SEARCH_TILES_MIN 8
#define TILE_PIXELS (PICTURE_TILE * PICTURE_TILE)

static uint32_t area_of(const struct rect *rect)
{
	return (uint32_t)rect->width * rect->height;
}

static struct rect intersection(const struct rect *a, const struct rect *b)
{
	int left = a->x > b->x ? a->x : b->x, top = a->y > b->y ? a->y : b->y;
	int right = a->x + a->width < b->x + b->width ? a->x + a->width : b->x + b->width;
	int bottom = a->y + a->height < b->y + b->height ? a->y + a->height : b->y + b->height;

	if (right <= left || bottom <= top)
		return (struct rect){0};
	return (struct rect){
	        (uint16_t)left, (uint16_t)top, (uint16_t)(right - left), (uint16_t)(bottom - top)};
}

static struct rect joined(const struct rect *a, const struct rect *b)
{
	int left = a->x < b->x ? a->x : b->x, top = a->y < b->y ? a->y : b->y;
	int right = a->x + a->width > b->x + b->width ? a->x + a->width : b->x + b->width;
	int bottom = a->y + a->height > b->y + b->height ? a->y + a->height : b->y + b->height;

	if (a->width == 0)
		return *b;
	return (struct rect){
	        (uint16_t)left, (uint16_t)top, (uint16_t)(right - left), (uint16_t)(bottom - top)};
}

/* ---- blending ---- */

/* Where there is no ink, eight pixels at a time are passed over: most of a period has none. */
static void blend_row(const struct mark *self, const struct image *image, const struct rect *area,
        uint32_t y, const struct mark_region *region)
{
	const uint32_t width = area->width; /* a copy: see image_take() */
	size_t at = (size_t)y * image->width + area->x;
	uint32_t *out = self->shown.pixels + at;
	const uint32_t *in = image->pixels + at;
	const struct mark_pattern *pattern = self->pattern;
	uint32_t row = (y + pattern->period_y - region->phase_y) % pattern->period_y;
	uint32_t column = (area->x + pattern->period_x - region->phase_x) % pattern->period_x;
	const uint8_t *ink = mark_pattern_row(pattern, row);

	memcpy(out, in, (size_t)width * sizeof(*out));
	if (!pattern->has_ink[row])
		return;
	for (uint32_t i = 0; i < width; i += MARK_INK_AT_ONCE) {
		uint32_t end = width - i < MARK_INK_AT_ONCE ? width : i + MARK_INK_AT_ONCE;
		const uint8_t *here = ink + column;
		uint64_t any;
		memcpy(&any, here, sizeof(any));
		column += MARK_INK_AT_ONCE;
		column -= column >= pattern->period_x ? pattern->period_x : 0;
		for (uint32_t x = i; any && x < end; x++)
			if (here[x - i])
				out[x] = mark_pixel(in[x]);
	}
}

static void blend_region(const struct mark *self, const struct image *image,
        const struct rect *area, const struct mark_region *region)
{
	for (uint32_t row = 0; row < area->height; row++)
		blend_row(self, image, area, area->y + row, region);
}

/* The lowest n_regions of them, and the ground below. Each pixel is written once: what the uppermost leaves over is at most four
 * rectangles for those below it. */
static void blend_below(const struct mark *self, const struct image *image, const struct rect *area,
        size_t n_regions)
{
	static const struct mark_region ground;

	if (area->width == 0 || area->height == 0)
		return;
	if (n_regions == 0) {
		blend_region(self, image, area, &ground);
		return;
	}
	const struct mark_region *top = &self->regions[n_regions - 1];
	struct rect in = intersection(area, &top->area);
	if (in.width == 0) {
		blend_below(self, image, area, n_regions - 1);
		return;
	}
	uint16_t right = (uint16_t)(in.x + in.width), bottom = (uint16_t)(in.y + in.height);
	uint16_t end_x = (uint16_t)(area->x + area->width),
	         end_y = (uint16_t)(area->y + area->height);
	struct rect rest[] = {{area->x, area->y, area->width, (uint16_t)(in.y - area->y)},
	        {area->x, bottom, area->width, (uint16_t)(end_y - bottom)},
	        {area->x, in.y, (uint16_t)(in.x - area->x), in.height},
	        {right, in.y, (uint16_t)(end_x - right), in.height}};
	blend_region(self, image, &in, top);
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		blend_below(self, image, &rest[i], n_regions - 1);
}

static void blend(struct mark *self, const struct image *image, const struct rect *area)
{
	blend_below(self, image, area, self->n_regions);
}

/* ---- regions ---- */

static struct mark_region take_out(struct mark *self, size_t i)
{
	struct mark_region region = self->regions[i];

	self->n_regions--;
	memmove(self->regions + i, self->regions + i + 1,
	        (self->n_regions - i) * sizeof(self->regions[0]));
	return region;
}

static void add_area(struct mark_result *result, const struct rect *area)
{
	size_t last = sizeof(result->areas) / sizeof(result->areas[0]) - 1;

	if (result->n_areas <= last)
		result->areas[result->n_areas++] = *area;
	else
		result->areas[last] = joined(&result->areas[last], area);
}

static bool is_inside(const struct rect *a, const struct rect *b)
{
	struct rect both = intersection(a, b);

	return area_of(&both) == area_of(a);
}

static void put_on_top(
        struct mark *self, const struct mark_region *region, struct mark_result *result)
{
	for (size_t i = self->n_regions; i-- > 0;)
		if (is_inside(&self->regions[i].area, &region->area))
			take_out(self, i);
	if (self->n_regions == MARK_REGIONS_MAX) {
		struct mark_region lost = take_out(self, 0);
		add_area(result, &lost.area);
	}
	self->regions[self->n_regions++] = *region;
	add_area(result, &region->area);
}

/* Whether nothing happened there: not so where it is plain, because plain ground may have moved as well. */
static bool stands_still(
        const struct mark *self, const struct image *image, const struct rect *area)
{
	bool is_plain = true;
	uint32_t colour = image->pixels[(size_t)area->y * image->width + area->x];

	for (uint32_t row = 0; row < area->height; row++) {
		size_t at = (size_t)(area->y + row) * image->width + area->x;
		if (memcmp(image->pixels + at, self->before + at, (size_t)area->width * 4) != 0)
			return false;
		for (uint32_t i = 0; is_plain && i < area->width; i++)
			is_plain = image->pixels[at + i] == colour;
	}
	return !is_plain;
}

/* The region as it was, less what stands still beside what moved now (a bar that stuck to the top), and with what moved
 * beyond it. Without this the edges of what is found moved, which end in blank lines, would jitter. */
static struct rect settled_area(const struct mark *self, const struct image *image,
        const struct rect *old, const struct rect *moved)
{
	struct rect area = joined(old, moved);
	uint16_t right = (uint16_t)(area.x + area.width), bottom = (uint16_t)(area.y + area.height);
	uint16_t moved_right = (uint16_t)(moved->x + moved->width);
	uint16_t moved_bottom = (uint16_t)(moved->y + moved->height);
	struct rect top = {area.x, area.y, area.width, (uint16_t)(moved->y - area.y)};
	struct rect low = {area.x, moved_bottom, area.width, (uint16_t)(bottom - moved_bottom)};
	struct rect before = {area.x, moved->y, (uint16_t)(moved->x - area.x), moved->height};
	struct rect after = {moved_right, moved->y, (uint16_t)(right - moved_right), moved->height};
	bool cut_top = top.height && stands_still(self, image, &top);
	bool cut_low = low.height && stands_still(self, image, &low);
	bool cut_before = before.width && stands_still(self, image, &before);
	bool cut_after = after.width && stands_still(self, image, &after);

	area.x = cut_before ? moved->x : area.x;
	area.y = cut_top ? moved->y : area.y;
	area.width = (uint16_t)((cut_after ? moved_right : right) - area.x);
	area.height = (uint16_t)((cut_low ? moved_bottom : bottom) - area.y);
	return area;
}

static uint16_t shifted(uint16_t phase, int by, uint16_t period)
{
	return (uint16_t)((phase + by % period + period) % period);
}

/* The mark goes along with what moved. */
static struct rect carry(struct mark *self, const struct image *image, const struct rect *moved,
        const struct scroll_offset *offset, struct mark_result *result)
{
	struct mark_region region = {.area = *moved};

	for (size_t i = self->n_regions; i-- > 0;) {
		struct rect both = intersection(&self->regions[i].area, moved);
		if (area_of(&both) * 2 < area_of(moved))
			continue;
		region = self->regions[i];
		/* A large one of which a part scrolls by itself keeps its own. */
		if (area_of(moved) * 2 >= area_of(&region.area)) {
			/* What is cut off it gets the mark of what lies below. */
			add_area(result, &region.area);
			region.area = settled_area(self, image, &region.area, moved);
			take_out(self, i);
		} else {
			region.area = *moved;
		}
		break;
	}
	region.phase_x = shifted(region.phase_x, offset->dx, self->pattern->period_x);
	region.phase_y = shifted(region.phase_y, offset->dy, self->pattern->period_y);
	put_on_top(self, &region, result);
	return region.area;
}

/* ---- what moved ---- */

static bool differs(const struct mark *self, const struct image *image, const struct rect *area)
{
	for (uint32_t row = 0; row < area->height; row++) {
		size_t at = (size_t)(area->y + row) * image->width + area->x;
		if (memcmp(image->pixels + at, self->before + at, (size_t)area->width * 4) != 0)
			return true;
	}
	return false;
}

/* What is drawn anew as it was is neither searched nor marked again. */
static void leave_out_equal(struct mark *self, const struct image *image)
{
	for (uint32_t row = 0; row < self->changed.rows; row++)
		for (uint32_t column = 0; column < self->changed.columns; column++) {
			struct rect area = tiles_area(&self->changed, column, row);
			if (self->changed.is_marked[row][column] && !differs(self, image, &area))
				tiles_unmark(&self->changed, column, row);
		}
}

static void unmark_inside(struct tiles *tiles, const struct rect *area)
{
	for (uint32_t row = 0; row < tiles->rows; row++)
		for (uint32_t column = 0; column < tiles->columns; column++) {
			struct rect tile = tiles_area(tiles, column, row);
			if (tiles->is_marked[row][column] && is_inside(&tile, area))
				tiles_unmark(tiles, column, row);
		}
}

/* Where an offset holds: the box around what came and what it came from. Returns how many pixels moved. */
static uint32_t find_moved(const struct mark *self, const struct image *image,
        const struct scroll_offset *offset, struct rect *box)
{
	static struct copy_hint copies[SCROLL_COPIES_MAX];
	size_t n_copies = scroll_verify(image, self->before, &self->changed, offset, copies);
	uint32_t n_pixels = 0;

	*box = (struct rect){0};
	for (size_t i = 0; i < n_copies; i++) {
		const struct copy_hint *copy = &copies[i];
		struct rect to = {copy->x, copy->y, copy->width, copy->height};
		struct rect from = {copy->source_x, copy->source_y, copy->width, copy->height};
		*box = joined(box, &to);
		*box = joined(box, &from);
		n_pixels += area_of(&to);
	}
	return n_pixels;
}

static void follow_moves(struct mark *self, const struct image *image, struct mark_result *result)
{
	struct scroll_offset offsets[SCROLL_OFFSETS_MAX];
	size_t n_offsets =
	        scroll_guess(image, self->before, &self->changed, SCROLL_VERTICAL, NULL, offsets);
	if (n_offsets == 0)
		n_offsets = scroll_guess(
		        image, self->before, &self->changed, SCROLL_HORIZONTAL, NULL, offsets);

	for (size_t i = 0; i < n_offsets && self->changed.n_marked >= SEARCH_TILES_MIN; i++) {
		struct rect moved;
		uint32_t n_pixels = find_moved(self, image, &offsets[i], &moved);
		/* Of what changed, not of the box: a page may be blank for the most part. */
		if (n_pixels * 3 < (uint32_t)self->changed.n_marked * TILE_PIXELS)
			continue;
		struct rect area = carry(self, image, &moved, &offsets[i], result);
		unmark_inside(&self->changed, &area);
		result->offsets[result->n_offsets++] = offsets[i];
	}
}

/* Another page: the mark there begins where it began before, so that a viewer's tiles of pages seen before are right again. */
static void forget_replaced(struct mark *self, struct mark_result *result)
{
	for (size_t i = self->n_regions; i-- > 0;) {
		struct tiles left = self->changed;
		unmark_inside(&left, &self->regions[i].area);
		uint32_t n_changed = (uint32_t)(self->changed.n_marked - left.n_marked);
		if (n_changed * TILE_PIXELS * 2 < area_of(&self->regions[i].area))
			continue;
		struct mark_region region = take_out(self, i);
		add_area(result, &region.area);
	}
}

static void keep_before(struct mark *self, const struct image *image, const struct rect *area)
{
	for (uint32_t row = 0; row < area->height; row++) {
		size_t at = (size_t)(area->y + row) * image->width + area->x;
		memcpy(self->before + at, image->pixels + at, (size_t)area->width * 4);
	}
}

typedef void (*area_fn)(struct mark *self, const struct image *image, const struct rect *area);

/* Neighbours in a row of tiles together. */
static void each_run(
        struct mark *self, const struct image *image, const struct tiles *tiles, area_fn on_area)
{
	for (uint32_t row = 0; row < tiles->rows; row++) {
		struct rect run = {0};
		for (uint32_t column = 0; column < tiles->columns; column++) {
			struct rect tile = tiles_area(tiles, column, row);
			if (tiles->is_marked[row][column]) {
				run = joined(&run, &tile);
				continue;
			}
			if (run.width > 0)
				on_area(self, image, &run);
			run.width = 0;
		}
		if (run.width > 0)
			on_area(self, image, &run);
	}
}

/* Much has changed: by tiles, each once. */
static void take_tiles(struct mark *self, const struct image *image, struct mark_result *result)
{
	leave_out_equal(self, image);
	struct tiles anew = self->changed;
	if (self->changed.n_marked >= SEARCH_TILES_MIN)
		follow_moves(self, image, result);
	if (self->changed.n_marked >= SEARCH_TILES_MIN)
		forget_replaced(self, result);
	each_run(self, image, &anew, keep_before);
	for (size_t i = 0; i < result->n_areas; i++)
		tiles_mark(&anew, &result->areas[i]);
	each_run(self, image, &anew, blend);
}

void mark_take(struct mark *self, const struct image *image, const struct rect *rects,
        size_t n_rects, struct mark_result *result)
{
	result->n_areas = result->n_offsets = 0;
	for (size_t i = 0; i < n_rects; i++)
		tiles_mark(&self->changed, &rects[i]);
	if (image->is_whole && self->shown.is_whole && self->changed.n_marked >= SEARCH_TILES_MIN) {
		take_tiles(self, image, result);
	} else {
		for (size_t i = 0; i < n_rects; i++) {
			blend(self, image, &rects[i]);
			keep_before(self, image, &rects[i]);
		}
	}
	tiles_resize(&self->changed, image->width, image->height);
	self->shown.is_whole = image->is_whole && self->has_words;
}

/* ---- life ---- */

void mark_init(struct mark *self, const struct mark_memory *memory)
{
	memset(self, 0, sizeof(*self));
	self->shown.pixels = memory->shown;
	self->before = memory->before;
	self->pattern = memory->pattern;
	mark_pattern_draw(self->pattern, &self->words, MARK_DOT_MIN);
}

void mark_resize(struct mark *self, uint16_t width, uint16_t height)
{
	image_resize(&self->shown, self->shown.pixels, width, height);
	memset(self->before, 0, (size_t)width * height * sizeof(*self->before));
	tiles_resize(&self->changed, width, height);
	self->n_regions = 0;
}

bool mark_set(
        struct mark *self, const struct image *image, const struct mark_words *words, uint16_t dot)
{
	struct rect all = {0, 0, image->width, image->height};
	bool is_same_size = self->has_words && self->dot == dot;

	if (is_same_size && !strcmp(words->person, self->words.person) &&
	        !strcmp(words->address, self->words.address) &&
	        !strcmp(words->time, self->words.time))
		return false;
	/* Phases are of a period. */
	if (!is_same_size)
		self->n_regions = 0;
	self->words = *words;
	self->dot = dot;
	mark_pattern_draw(self->pattern, words, dot);
	self->has_words = true;
	if (image->width > 0)
		blend(self, image, &all);
	self->shown.is_whole = image->is_whole;
	return true;
}
