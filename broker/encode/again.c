/* Decides what a viewer remembers, and finds it again: a row of pixels by its name, wherever it stands, then as many beside it as are held beside
 * each other. Pixels in, any pixels: a page that is made to fill the history drives out only its own viewer's. */
#include "encode/again.h"

#include "base/ensure.h"
#include "encode/cache.h"
#include "encode/codec.h"
#include "encode/frame_inside.h"
#include "encode/history_names.h"
#include "encode/image.h"
#include "encode/photo.h"
#include "encode/slicer.h"

/* Pixels of a tile's changed area: below, it is not looked up. */
#define LOOK_PIXELS_MIN 128
/* Rows between those that are looked up first. */
#define LOOK_STEP 8
/* Slots: fewer are not worth a command. */
#define SAY_SLOTS_MIN 2
#define RUNS_MAX 256

/* Pixels that are as they are held in slots. */
struct run {
	uint32_t x, y, columns, height; /* columns: of PICTURE_TILE pixels */
	uint32_t slot, stride;
};

/* Rows of PICTURE_TILE pixels of the image, below each other. */
struct rows {
	uint32_t x, y, n;
	bool is_named[PICTURE_TILE];
	struct history_name names[PICTURE_TILE]; /* zeroes: it has none */
};

struct search {
	struct frame *frame;
	const struct history_names *names;
	struct run run; /* that goes on downwards; 0 high: none */
	uint32_t n_runs, n_said;
	struct run runs[RUNS_MAX];
};

static struct history_names *names_of(const struct frame *frame)
{
	return frame->slicer->history;
}

static const uint32_t *pixels_at(const struct frame *frame, uint32_t x, uint32_t y)
{
	return frame->image->pixels + (size_t)y * frame->image->width + x;
}

/* ---- what is held ---- */

static struct rect area_of(const struct run *run)
{
	return (struct rect){(uint16_t)run->x, (uint16_t)run->y,
	        (uint16_t)(run->columns * PICTURE_TILE), (uint16_t)run->height};
}

static void say_again(struct frame *frame, const struct run *run)
{
	struct rect area = area_of(run);
	uint8_t *out = slicer_reserve(frame->slicer, PICTURE_AGAIN_BYTES);
	size_t at = codec_put_area(out, PICTURE_AGAIN, &area);

	out[at] = (uint8_t)run->slot;
	out[at + 1] = (uint8_t)(run->slot >> 8);
	out[at + 2] = (uint8_t)(run->slot >> 16);
	out[at + 3] = (uint8_t)run->stride;
	slicer_commit(frame->slicer, PICTURE_AGAIN_BYTES);
	frame_take_over(frame, &area);
	photo_wrote(frame->photo, &area);
}

static void say_runs(struct search *self)
{
	for (uint32_t i = 0; i < self->n_runs; i++) {
		if (self->runs[i].columns * self->runs[i].height < SAY_SLOTS_MIN)
			continue;
		say_again(self->frame, &self->runs[i]);
		self->n_said++;
	}
	self->n_runs = 0;
}

static bool goes_on_right(const struct run *left, const struct run *run)
{
	return left->x + left->columns * PICTURE_TILE == run->x && left->y == run->y &&
	       left->height == run->height && left->stride == run->stride &&
	       (left->slot + left->columns) % PICTURE_HISTORY_SLOTS == run->slot;
}

static void close_run(struct search *self)
{
	struct run run = self->run;

	self->run.height = 0;
	if (run.height == 0)
		return;
	for (uint32_t i = self->n_runs; i > 0; i--)
		if (goes_on_right(&self->runs[i - 1], &run)) {
			self->runs[i - 1].columns++;
			return;
		}
	if (self->n_runs == RUNS_MAX)
		say_runs(self);
	self->runs[self->n_runs++] = run;
}

static bool is_held(const struct search *self, struct rows *rows, uint32_t row, uint32_t slot)
{
	if (!rows->is_named[row])
		history_name_make(&rows->names[row], self->frame->cache->key,
		        pixels_at(self->frame, rows->x, rows->y + row));
	rows->is_named[row] = true;
	return history_names_holds(self->names, slot, &rows->names[row]);
}

/* From a row on, and upwards as far as `first`. */
static void open_run(struct search *self, struct rows *rows, uint32_t first, uint32_t row)
{
	uint32_t hint = history_hint(pixels_at(self->frame, rows->x, rows->y + row));
	uint32_t slot = history_names_find(self->names, hint), height = 1;

	if (slot == HISTORY_NONE || !is_held(self, rows, row, slot))
		return;
	uint32_t stride = self->names->strides[slot];
	while (row > first && is_held(self, rows, row - 1, slot - stride)) {
		row--;
		slot -= stride;
		height++;
	}
	self->run = (struct run){.x = rows->x,
	        .y = rows->y + row,
	        .columns = 1,
	        .height = height,
	        .slot = slot % PICTURE_HISTORY_SLOTS,
	        .stride = stride};
}

/* A run may go on from the tile above. */
static void find_runs(struct search *self, struct rows *rows)
{
	struct run *run = &self->run;
	uint32_t first = 0; /* that is in no run yet */

	for (uint32_t row = 0; row < rows->n; row++) {
		if (run->height > 0 && run->x == rows->x && run->y + run->height == rows->y + row &&
		        is_held(self, rows, row, run->slot + run->height * run->stride)) {
			run->height++;
			first = row + 1;
			continue;
		}
		close_run(self);
		open_run(self, rows, first, row);
		if (run->height > 0)
			first = row + 1;
	}
}

/* Ground and rules: nearly all pixels are as the one beside them, and they were not dear. */
static bool is_cheap(const uint32_t *pixels, uint32_t n)
{
	uint32_t n_equal = 0;

	for (uint32_t i = 1; i < n; i++)
		n_equal += pixels[i] == pixels[i - 1];
	return n_equal > n - n / 8;
}

/* Whether something is held that begins in a row of a tile; where, it says in rows->x. */
static bool find_in_row(const struct search *self, struct rows *rows, uint32_t left, uint32_t row)
{
	uint32_t y = rows->y + row, width = self->frame->image->width;
	uint32_t end = width - left < 2 * PICTURE_TILE ? width - left : 2 * PICTURE_TILE - 1;
	const uint32_t *pixels = pixels_at(self->frame, left, y);

	if (end < PICTURE_TILE || is_cheap(pixels, end))
		return false;
	uint32_t hint = history_hint(pixels);
	for (uint32_t i = 0;; i++) {
		uint32_t slot = history_names_find(self->names, hint);
		struct history_name name;
		if (slot != HISTORY_NONE &&
		        history_name_make(&name, self->frame->cache->key, pixels + i) &&
		        history_names_holds(self->names, slot, &name)) {
			rows->x = left + i;
			return true;
		}
		if (i + PICTURE_TILE == end)
			return false;
		hint = history_hint_on(hint, pixels + i);
	}
}

static void look_at(struct search *self, uint32_t column, uint32_t row)
{
	struct rect tile = tiles_area(self->frame->dirty, column, row);
	struct rect area = frame_trimmed(self->frame, &tile);
	struct rows rows = {.y = area.y, .n = area.height};

	if ((uint32_t)area.width * area.height < LOOK_PIXELS_MIN)
		return;
	uint32_t at = 0;
	while (at < rows.n && !find_in_row(self, &rows, tile.x, at))
		at += LOOK_STEP;
	if (at < rows.n)
		find_runs(self, &rows);
}

void again_show(struct frame *frame)
{
	static struct search self;
	const struct tiles *dirty = frame->dirty;

	if (!names_of(frame) || names_of(frame)->n_held == 0)
		return;
	self.frame = frame;
	self.names = names_of(frame);
	self.n_said = 0;
	for (uint32_t column = 0; column < dirty->columns; column++) {
		for (uint32_t row = 0; row < dirty->rows; row++)
			if (dirty->is_marked[row][column])
				look_at(&self, column, row);
		close_run(&self);
	}
	say_runs(&self);
	if (self.n_said > 0)
		frame_drop_unchanged(frame);
}

/* ---- what is remembered ---- */

void again_note(struct frame *frame, const struct rect *area)
{
	uint32_t x = area->x / PICTURE_TILE * PICTURE_TILE;
	uint32_t end = TILES_SIDE((uint32_t)area->x + area->width) * PICTURE_TILE;
	struct rect *last = frame->n_dear > 0 ? &frame->dear[frame->n_dear - 1] : NULL;

	if (last && last->y == area->y && last->height == area->height &&
	        last->x + (uint32_t)last->width == x)
		last->width = (uint16_t)(last->width + end - x);
	else if (frame->n_dear < FRAME_DEAR_MAX)
		frame->dear[frame->n_dear++] =
		        (struct rect){(uint16_t)x, area->y, (uint16_t)(end - x), area->height};
}

/* Those of the same columns that lie below each other become one. */
static void join_below(struct frame *frame, struct rect *dear, uint32_t i)
{
	for (i++; i < frame->n_dear; i++) {
		struct rect *below = &frame->dear[i];
		if (below->x != dear->x || below->width != dear->width ||
		        below->y != dear->y + (uint32_t)dear->height)
			continue;
		dear->height = (uint16_t)(dear->height + below->height);
		below->height = 0;
	}
}

/* Whole slots wide, and on the screen. false: it is narrower than that. */
static bool fit(const struct frame *frame, struct rect *area)
{
	uint32_t width = frame->image->width;

	if (area->width > width)
		area->width = (uint16_t)(width / PICTURE_TILE * PICTURE_TILE);
	if (area->x + (uint32_t)area->width > width)
		area->x = (uint16_t)(width - area->width);
	return area->width > 0;
}

/* Whether the viewer shows all of it exactly. */
static bool is_known(const struct frame *frame, const struct rect *area)
{
	uint32_t all = IMAGE_SEEN;

	for (uint32_t y = area->y; y < area->y + (uint32_t)area->height; y++) {
		const uint32_t *from = frame->reference + (size_t)y * frame->image->width + area->x;
		for (uint32_t i = 0; i < area->width; i++)
			all &= from[i];
	}
	return (all & IMAGE_SEEN) == IMAGE_SEEN && photo_is_exact_in(frame->photo, area);
}

static bool is_plain(const uint32_t *pixels)
{
	uint32_t i = 1;

	while (i < PICTURE_TILE && pixels[i] == pixels[0])
		i++;
	return i == PICTURE_TILE;
}

static void add_name(struct frame *frame, const uint32_t *pixels, uint8_t stride)
{
	struct history_name name;

	ensure(history_name_make(&name, frame->cache->key, pixels));
	history_names_add(names_of(frame), &name, stride);
	/* One colour would be found everywhere. */
	if (!is_plain(pixels))
		history_names_seek(names_of(frame), history_hint(pixels));
}

static void remember(struct frame *frame, const struct rect *area)
{
	uint8_t *out = slicer_reserve(frame->slicer, PICTURE_REMEMBER_BYTES);

	slicer_commit(frame->slicer, codec_put_area(out, PICTURE_REMEMBER, area));
	for (uint32_t y = area->y; y < area->y + (uint32_t)area->height; y++)
		for (uint32_t x = 0; x < area->width; x += PICTURE_TILE)
			add_name(frame,
			        frame->reference + (size_t)y * frame->image->width + area->x + x,
			        (uint8_t)(area->width / PICTURE_TILE));
}

void again_remember(struct frame *frame)
{
	for (uint32_t i = 0; names_of(frame) && i < frame->n_dear; i++) {
		struct rect *dear = &frame->dear[i];
		if (dear->height == 0)
			continue;
		join_below(frame, dear, i);
		if (fit(frame, dear) && is_known(frame, dear))
			remember(frame, dear);
	}
}
