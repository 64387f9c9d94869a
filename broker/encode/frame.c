/* Compares the image with what a viewer holds and says the difference, cheapest first: what was moved, then areas of tiles.
 * Whatever the search for moves finds, the comparison after it makes the frame exact. */
#include "encode/frame.h"

#include "base/bytes.h"
#include "base/loop.h"
#include "encode/again.h"
#include "encode/blink.h"
#include "encode/cache.h"
#include "encode/codec.h"
#include "encode/frame_inside.h"
#include "encode/glyphs.h"
#include "encode/image.h"
#include "encode/photo.h"
#include "encode/slicer.h"
#include "encode/tiles.h"

#include <string.h>

/* Fewer changed tiles are sent before a search would have ended. */
#define SEARCH_TILES_MIN 4
/* Of so many on, a search in any direction takes a millisecond and more. */
#define LONG_SEARCH_TILES_MIN 32
/* Lines between those of a tile that are looked at first. */
#define LOOK_STEP 12
/* So many tiles that are still to be said may be a caret's, and what is typed at it. */
#define BLINK_TILES_MAX 4
/* A pixel: what takes more is worth a place in the viewer's history. */
#define DEAR_BITS 4
/* A frame that may take no more is on a thin line. */
#define THIN_BYTES 16384

static bool row_differs(const struct frame *self, uint32_t x, uint32_t y, uint32_t width)
{
	size_t at = (size_t)y * self->image->width + x;

	return memcmp(self->image->pixels + at, self->reference + at, (size_t)width * 4) != 0;
}

/* Those of a row of tiles that are equal as far as was looked. */
struct equal_tiles {
	bool is_equal[TILES_COLUMNS_MAX];
	uint32_t n_equal;
};

static void look_at_line(const struct frame *self, struct equal_tiles *tiles, uint32_t y)
{
	const struct tiles *dirty = self->dirty;

	for (uint32_t column = 0; column < dirty->columns; column++) {
		uint32_t x = column * PICTURE_TILE, width = dirty->width - x;
		if (width > PICTURE_TILE)
			width = PICTURE_TILE;
		if (!tiles->is_equal[column] || !row_differs(self, x, y, width))
			continue;
		tiles->is_equal[column] = false;
		tiles->n_equal--;
	}
}

/* Of one row of tiles. Line by line over all of them, for memory to be read in its order: tile by tile it takes twice as long. A few lines of
 * each first: writing has blank ones between, and most tiles that were drawn to differ in one of these. */
static void drop_unchanged_row(struct frame *self, uint32_t row)
{
	struct tiles *dirty = self->dirty;
	uint32_t top = row * PICTURE_TILE, end = top + tiles_area(dirty, 0, row).height;
	struct equal_tiles tiles = {.n_equal = 0};

	for (uint32_t column = 0; column < dirty->columns; column++) {
		tiles.is_equal[column] = dirty->is_marked[row][column];
		tiles.n_equal += tiles.is_equal[column];
	}
	for (uint32_t y = top + LOOK_STEP / 2; y < end && tiles.n_equal > 0; y += LOOK_STEP)
		look_at_line(self, &tiles, y);
	for (uint32_t y = top; y < end && tiles.n_equal > 0; y++)
		look_at_line(self, &tiles, y);
	for (uint32_t column = 0; column < dirty->columns; column++)
		if (tiles.is_equal[column])
			tiles_unmark(dirty, column, row);
}

/* Damage says where something was drawn; drawn is not changed. */
void frame_drop_unchanged(struct frame *self)
{
	for (uint32_t row = 0; row < self->dirty->rows; row++)
		drop_unchanged_row(self, row);
}

static void say_copy(struct slicer *slicer, const struct copy_hint *copy)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, slicer_reserve(slicer, PICTURE_COPY_BYTES), PICTURE_COPY_BYTES);
	bytes_put_u8(&writer, PICTURE_COPY);
	bytes_put_u16(&writer, copy->source_x);
	bytes_put_u16(&writer, copy->source_y);
	bytes_put_u16(&writer, copy->x);
	bytes_put_u16(&writer, copy->y);
	bytes_put_u16(&writer, copy->width);
	bytes_put_u16(&writer, copy->height);
	slicer_commit(slicer, writer.length);
}

/* To the reference what the viewer does to its screen. */
static void apply_copy(struct frame *self, const struct copy_hint *copy)
{
	uint32_t stride = self->image->width;

	for (uint32_t i = 0; i < copy->height; i++) {
		uint32_t row = copy->y > copy->source_y ? copy->height - 1u - i : i;
		memmove(self->reference + (size_t)(copy->y + row) * stride + copy->x,
		        self->reference + (size_t)(copy->source_y + row) * stride + copy->source_x,
		        (size_t)copy->width * 4);
	}
}

static void count_moved(struct rect *moved, const struct copy_hint *copy)
{
	uint32_t right = copy->x + (uint32_t)copy->width, bottom = copy->y + (uint32_t)copy->height;

	if (moved->width == 0)
		*moved = (struct rect){copy->x, copy->y, 0, 0};
	uint32_t moved_right = moved->x + (uint32_t)moved->width;
	uint32_t moved_bottom = moved->y + (uint32_t)moved->height;
	moved->x = copy->x < moved->x ? copy->x : moved->x;
	moved->y = copy->y < moved->y ? copy->y : moved->y;
	moved->width = (uint16_t)((right > moved_right ? right : moved_right) - moved->x);
	moved->height = (uint16_t)((bottom > moved_bottom ? bottom : moved_bottom) - moved->y);
}

static bool are_most(const struct frame *self, const struct copy_hint *copies, size_t n_copies)
{
	uint32_t n_pixels = 0;

	for (size_t i = 0; i < n_copies; i++)
		n_pixels += (uint32_t)copies[i].width * copies[i].height;
	return n_pixels * 2 >= (uint32_t)self->dirty->n_marked * PICTURE_TILE * PICTURE_TILE;
}

/* The first tile at or after start, and the one at which end ends: a tile that the screen's edge cuts off is whole. */
static void tiles_within(
        uint32_t start, uint32_t length, uint32_t side, uint32_t *first, uint32_t *end)
{
	*first = (start + PICTURE_TILE - 1) / PICTURE_TILE;
	*end = start + length == side ? TILES_SIDE(side) : (start + length) / PICTURE_TILE;
}

/* What scroll_verify() found equal need not be compared again. Straight moves only: of others many may depend on each other, and a wrong
 * order (scroll.h) would be seen in tiles, too, in which nothing had changed. */
static void drop_covered(struct frame *self, const struct copy_hint *copy)
{
	uint32_t first_column, end_column, first_row, end_row;

	if (copy->x != copy->source_x && copy->y != copy->source_y) {
		tiles_mark(
		        self->dirty, &(struct rect){copy->x, copy->y, copy->width, copy->height});
		return;
	}
	tiles_within(copy->x, copy->width, self->dirty->width, &first_column, &end_column);
	tiles_within(copy->y, copy->height, self->dirty->height, &first_row, &end_row);
	for (uint32_t row = first_row; row < end_row; row++)
		for (uint32_t column = first_column; column < end_column; column++)
			tiles_unmark(self->dirty, column, row);
}

static void say_copies(struct frame *self, const struct copy_hint *copies, size_t n_copies)
{
	for (size_t i = 0; i < n_copies; i++) {
		say_copy(self->slicer, &copies[i]);
		apply_copy(self, &copies[i]);
		count_moved(&self->counts->moved, &copies[i]);
		photo_moved(self->photo, &copies[i]);
		drop_covered(self, &copies[i]);
	}
	self->counts->copies += n_copies;
	frame_drop_unchanged(self);
}

/* What was moved by each of the offsets in turn. has_stored: what is overwritten was stored, unless most of it only moves. */
static size_t copy_moved(
        struct frame *self, const struct scroll_offset *offsets, size_t n_offsets, bool *has_stored)
{
	static struct copy_hint copies[SCROLL_COPIES_MAX];
	size_t n_all = 0;

	for (size_t i = 0; i < n_offsets && self->dirty->n_marked >= SEARCH_TILES_MIN; i++) {
		if (!scroll_is_likely(self->image, self->reference, self->dirty, &offsets[i]))
			continue;
		size_t n_copies = scroll_verify(
		        self->image, self->reference, self->dirty, &offsets[i], copies);
		if (n_copies == 0)
			continue;
		if (!*has_stored && !are_most(self, copies, n_copies))
			recall_store(self);
		*has_stored = true;
		say_copies(self, copies, n_copies);
		n_all += n_copies;
	}
	return n_all;
}

static void guess_along(struct frame *self, enum scroll_axis axis, bool *has_stored)
{
	struct scroll_offset offsets[SCROLL_OFFSETS_MAX];
	bool is_early;

	size_t n_offsets =
	        scroll_guess(self->image, self->reference, self->dirty, axis, &is_early, offsets);
	copy_moved(self, offsets, n_offsets, has_stored);
	/* A second pane may have been scrolled by another way. */
	if (!is_early || self->dirty->n_marked < SEARCH_TILES_MIN)
		return;
	n_offsets = scroll_guess(self->image, self->reference, self->dirty, axis, NULL, offsets);
	copy_moved(self, offsets, n_offsets, has_stored);
}

/* Along the lines first; in any direction only where much is left that lines do not explain. */
static void guess_moved(struct frame *self, bool *has_stored)
{
	struct scroll_offset offsets[SCROLL_OFFSETS_MAX];
	struct effort *effort = &self->slicer->effort;
	uint32_t few = self->dirty->n_marked / 4;

	if (few < SEARCH_TILES_MIN)
		few = SEARCH_TILES_MIN - 1;
	for (int axis = SCROLL_VERTICAL; axis <= SCROLL_HORIZONTAL; axis++) {
		if (self->dirty->n_marked <= few)
			return;
		guess_along(self, (enum scroll_axis)axis, has_stored);
	}
	bool is_long = self->dirty->n_marked >= LONG_SEARCH_TILES_MIN;
	if (self->dirty->n_marked <= few || (is_long && !effort_may_search(effort)))
		return;
	size_t n_offsets = scroll_guess_free(self->image, self->reference, self->dirty, offsets);
	size_t n_copies = copy_moved(self, offsets, n_offsets, has_stored);
	if (is_long)
		effort_searched(effort, n_copies > 0);
}

static void search_moved(struct frame *self, const struct scroll_offset *hints, size_t n_hints)
{
	uint64_t start_us = clock_now_us();
	bool has_stored = false;

	if (copy_moved(self, hints, n_hints, &has_stored) == 0)
		guess_moved(self, &has_stored);
	self->counts->search_us += clock_now_us() - start_us;
	if (!has_stored)
		recall_store(self);
}

struct rect frame_trimmed(const struct frame *self, const struct rect *tile)
{
	uint32_t top = tile->y, bottom = tile->y + (uint32_t)tile->height;
	uint32_t left = tile->width, right = 0, width = self->image->width;

	while (!row_differs(self, tile->x, top, tile->width))
		top++;
	while (!row_differs(self, tile->x, bottom - 1, tile->width))
		bottom--;
	for (uint32_t y = top; y < bottom; y++) {
		const uint32_t *now = self->image->pixels + (size_t)y * width + tile->x;
		const uint32_t *before = self->reference + (size_t)y * width + tile->x;
		uint32_t i = 0, end = tile->width;
		while (i < left && now[i] == before[i])
			i++;
		left = i;
		while (end > right && now[end - 1] == before[end - 1])
			end--;
		right = end;
	}
	return (struct rect){(uint16_t)(tile->x + left), (uint16_t)top, (uint16_t)(right - left),
	        (uint16_t)(bottom - top)};
}

void frame_take_over(struct frame *self, const struct rect *area)
{
	for (uint32_t row = 0; row < area->height; row++) {
		size_t at = (size_t)(area->y + row) * self->image->width + area->x;
		memcpy(self->reference + at, self->image->pixels + at, (size_t)area->width * 4);
	}
}

/* Neighbours that are said together, by one codec. Nothing is pending where width is 0. */
struct pending {
	const struct tile_codec *codec;
	struct rect area;
};

/* Photographs, and what is no cheaper than half of them. What draws without rest (effort.h) goes as PIXELS, and does not drive them out. */
static bool is_dear(const struct tile_codec *codec, const struct rect *area, size_t length)
{
	return codec == &codec_predicted ||
	       (codec == &codec_drawn &&
	               length * 8 > (size_t)area->width * area->height * DEAR_BITS);
}

/* Part by part: the next one's pixels are guessed from those of the one before. */
static void say_pending(struct frame *self, struct pending *pending)
{
	struct codec_pixels pixels = {self->image, self->reference, self->photo, self->slicer};
	struct rect rest = pending->area;

	pending->area.width = 0;
	while (rest.width > 0 && rest.height > 0) {
		struct rect area = rest;
		size_t length = codec_encode(pending->codec, &pixels, &area);
		frame_take_over(self, &area);
		photo_wrote(self->photo, &area);
		if (is_dear(pending->codec, &area, length))
			again_note(self, &area);
		self->counts->rects++;
		rest.y = (uint16_t)(rest.y + area.height);
		rest.height = (uint16_t)(rest.height - area.height);
	}
}

/* On a thin line a frame ends with the command that fills it: that one must not be large. */
static uint32_t pixels_max(const struct frame *self, const struct tile_codec *codec)
{
	bool is_thin = self->slicer->budget_bytes > 0 && self->slicer->budget_bytes < THIN_BYTES;

	return is_thin && codec->pixels_max > PICTURE_PIXELS_MAX ? PICTURE_PIXELS_MAX
	                                                         : codec->pixels_max;
}

/* Neighbours of equal height: fewer commands, and longer rows. */
static bool joins(const struct frame *self, const struct pending *pending,
        const struct tile_codec *codec, const struct rect *area)
{
	uint32_t width = (uint32_t)pending->area.width + area->width;

	return pending->area.width > 0 && pending->codec == codec && pending->area.y == area->y &&
	       pending->area.height == area->height &&
	       pending->area.x + pending->area.width == area->x && width <= codec->width_max &&
	       width * area->height <= pixels_max(self, codec);
}

/* Where little else changes: a page that moves has many small areas, which never come back. Before anything else looks at them. */
static void say_blinks(struct frame *self)
{
	struct codec_pixels pixels = {self->image, self->reference, self->photo, self->slicer};
	struct tiles *dirty = self->dirty;

	if (dirty->n_marked > BLINK_TILES_MAX)
		return;
	for (uint32_t row = 0; row < dirty->rows; row++)
		for (uint32_t column = 0; column < dirty->columns; column++) {
			if (!dirty->is_marked[row][column])
				continue;
			struct rect tile = tiles_area(dirty, column, row);
			struct rect area = frame_trimmed(self, &tile);
			if (!blink_say(&self->slicer->blink, &pixels, &area))
				continue;
			frame_take_over(self, &area);
			tiles_unmark(dirty, column, row);
			self->counts->rects++;
		}
}

/* Marked tiles of a row, which differ, until the frame is full; or all of them. */
static void say_tiles(
        struct frame *self, uint32_t row, uint32_t column, uint32_t end, bool takes_all)
{
	struct pending pending = {0};

	for (; column < end && (takes_all || !slicer_is_full(self->slicer)); column++) {
		if (!self->dirty->is_marked[row][column])
			continue;
		struct rect tile = tiles_area(self->dirty, column, row);
		struct rect area = frame_trimmed(self, &tile);
		tiles_unmark(self->dirty, column, row);
		if (photo_say(self->photo, self->image, column, row, &area, self->slicer)) {
			frame_take_over(self, &area);
			continue;
		}
		const struct tile_codec *codec =
		        codec_choose(&self->slicer->effort, self->image, &area);
		if (joins(self, &pending, codec, &area)) {
			pending.area.width = (uint16_t)(pending.area.width + area.width);
			continue;
		}
		say_pending(self, &pending);
		pending = (struct pending){codec, area};
	}
	say_pending(self, &pending);
}

void frame_say_rest(struct frame *self, const struct rect *tiles)
{
	for (uint32_t row = tiles->y; row < tiles->y + (uint32_t)tiles->height; row++) {
		drop_unchanged_row(self, row);
		say_tiles(self, row, tiles->x, tiles->x + (uint32_t)tiles->width, true);
	}
}

/* What the person touched. */
static void say_first(struct frame *self)
{
	for (int i = 0; i < TILES_PLACES; i++) {
		const struct rect *first = &self->dirty->first[i];
		for (uint32_t row = first->y; row < first->y + (uint32_t)first->height; row++)
			say_tiles(self, row, first->x, first->x + (uint32_t)first->width, false);
	}
}

/* On a thin line a frame ends when it is full: what it leaves stays marked, and the next one says it as it is then. Where all has room the
 * order is nobody's concern, and glyphs want areas that are as large as may be. */
static void say_all(struct frame *self)
{
	const struct tiles *dirty = self->dirty;

	say_blinks(self);
	if (self->slicer->budget_bytes > 0)
		say_first(self);
	glyphs_say(self);
	if (self->has_rest)
		frame_drop_unchanged(self);
	for (uint32_t row = 0; row < dirty->rows; row++)
		say_tiles(self, row, 0, dirty->columns, false);
}

/* Tiles that are marked now differ: they stand still no longer. */
static void set_changed(struct frame *self, const struct tiles *changed)
{
	for (uint32_t row = 0; row < changed->rows; row++)
		for (uint32_t column = 0; column < changed->columns; column++)
			if (changed->is_marked[row][column])
				cache_set_changed(self->cache, column, row);
}

bool frame_make(const struct image *image, uint32_t *reference, struct cache *cache,
        struct photo *photo, struct tiles *dirty, const struct scroll_offset *hints, size_t n_hints,
        struct slicer *slicer, uint32_t number, struct frame_counts *counts)
{
	static struct tiles changed;
	struct frame frame = {.image = image,
	        .reference = reference,
	        .cache = cache,
	        .photo = photo,
	        .dirty = dirty,
	        .slicer = slicer,
	        .counts = counts};

	frame_drop_unchanged(&frame);
	if (dirty->n_marked == 0)
		return false;
	counts->moved = (struct rect){0};
	changed = *dirty;
	cache_begin_frame(cache, number, dirty);
	slicer_begin_frame(slicer, number);
	effort_begin_frame(&slicer->effort, cache->now_ms, slicer->is_line_fast);
	search_moved(&frame, hints, n_hints);
	recall_show(&frame);
	again_show(&frame);
	photo_plan(photo, image, reference, dirty);
	say_all(&frame);
	again_remember(&frame);
	slicer->is_provisional = photo_is_provisional(photo);
	slicer->is_unfinished = dirty->n_marked > 0;
	slicer_end_frame(slicer);
	set_changed(&frame, &changed);
	counts->frames++;
	return true;
}
