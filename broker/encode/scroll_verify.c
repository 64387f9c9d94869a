/* Verifies a guessed offset pixel by pixel, and cuts what is right into areas to be copied. */
#include "encode/scroll.h"

#include "encode/image.h"
#include "encode/tiles.h"

#include <stdbool.h>
#include <string.h>

/* Rows of so many tiles at least are sampled, one in so many; one in so many of those must be found. */
#define SAMPLED_TILES_MIN 32
#define SAMPLE_STEP 16
#define LIKELY_DIVISOR 32
#define RUN_MIN 8 /* rows or columns: a shorter copy costs more than its pixels */

/* Rows of one column of tiles, up or down, that are equal to the rows dy before them: as far as was looked. */
struct run {
	uint32_t x, width; /* of the column that can have been moved; 0: none of it */
	uint32_t length, n_useful;
};

struct search {
	const struct image *image;
	const uint32_t *reference;
	const struct tiles *changed;
	struct scroll_offset offset;
	struct copy_hint *copies;
	size_t n_copies;
};

static const uint32_t *now_at(const struct search *self, uint32_t x, uint32_t y)
{
	return self->image->pixels + (size_t)y * self->image->width + x;
}

static const uint32_t *before_at(const struct search *self, uint32_t x, uint32_t y)
{
	return self->reference + (size_t)y * self->image->width + x;
}

/* Neighbours of equal extent become one. */
static void add(struct search *self, const struct rect *area)
{
	for (size_t i = 0; i < self->n_copies; i++) {
		struct copy_hint *copy = &self->copies[i];
		if (self->offset.dy && copy->y == area->y && copy->height == area->height &&
		        copy->x + copy->width == area->x) {
			copy->width = (uint16_t)(copy->width + area->width);
			return;
		}
		if (self->offset.dx && copy->x == area->x && copy->width == area->width &&
		        copy->y + copy->height == area->y) {
			copy->height = (uint16_t)(copy->height + area->height);
			return;
		}
	}
	if (self->n_copies == SCROLL_COPIES_MAX)
		return;
	self->copies[self->n_copies++] =
	        (struct copy_hint){.source_x = (uint16_t)(area->x - self->offset.dx),
	                .source_y = (uint16_t)(area->y - self->offset.dy),
	                .x = area->x,
	                .y = area->y,
	                .width = area->width,
	                .height = area->height};
}

/* What came from beyond the edges cannot have been moved. */
static struct run run_of(const struct search *self, uint32_t column)
{
	struct rect tile = tiles_area(self->changed, column, 0);
	int dx = self->offset.dx, end = tile.x + tile.width, x = tile.x;

	if (dx < 0 && end > self->image->width + dx)
		end = self->image->width + dx;
	if (dx > x)
		x = dx;
	return (struct run){.x = (uint32_t)x, .width = end > x ? (uint32_t)(end - x) : 0};
}

static bool is_moved(const struct search *self, uint32_t x, uint32_t y, uint32_t width)
{
	return memcmp(now_at(self, x, y),
	               before_at(self, (uint32_t)((int)x - self->offset.dx),
	                       (uint32_t)((int)y - self->offset.dy)),
	               (size_t)width * 4) == 0;
}

/* n_useful is counted to where it decides: most rows of text differ from what was there before. */
static void lengthen(const struct search *self, struct run *run, uint32_t y)
{
	if (run->n_useful < RUN_MIN)
		run->n_useful += memcmp(now_at(self, run->x, y), before_at(self, run->x, y),
		                         (size_t)run->width * 4) != 0;
	run->length++;
}

/* Where most rows are right already (blank paper), a copy would save nothing. */
static void end_run(struct search *self, struct run *run, uint32_t y)
{
	if (run->n_useful >= RUN_MIN)
		add(self, &(struct rect){(uint16_t)run->x, (uint16_t)(y - run->length),
		                  (uint16_t)run->width, (uint16_t)run->length});
	run->length = run->n_useful = 0;
}

/* How many columns from there on, side by side, are in a run and could go on with it. */
static uint32_t count_running(
        const struct search *self, const struct run *runs, uint32_t column, uint32_t row)
{
	const bool *is_marked = self->changed->is_marked[row];
	uint32_t n = 0;

	while (column + n < self->changed->columns && is_marked[column + n] &&
	        runs[column + n].width > 0 && runs[column + n].length > 0)
		n++;
	return n;
}

/* One row of pixels. Columns that were moved so far go on together nearly always: one long comparison for many short ones. */
static void verify_line(struct search *self, struct run *runs, uint32_t y)
{
	const struct tiles *changed = self->changed;
	uint32_t row = y / PICTURE_TILE, column = 0;

	while (column < changed->columns) {
		struct run *run = &runs[column];
		uint32_t n = count_running(self, runs, column, row);
		const struct run *last = run + n - 1;
		if (n > 1 && is_moved(self, run->x, y, last->x + last->width - run->x)) {
			for (; n > 0; n--, column++)
				lengthen(self, &runs[column], y);
			continue;
		}
		for (n = n > 0 ? n : 1; n > 0; n--, column++) {
			run = &runs[column];
			if (changed->is_marked[row][column] && run->width > 0 &&
			        is_moved(self, run->x, y, run->width))
				lengthen(self, run, y);
			else
				end_run(self, run, y);
		}
	}
}

/* Row by row over all columns, for memory to be read in its order. */
static void verify_columns(struct search *self)
{
	static struct run runs[TILES_COLUMNS_MAX];
	uint32_t columns = self->changed->columns, height = self->image->height;

	for (uint32_t column = 0; column < columns; column++)
		runs[column] = run_of(self, column);
	for (uint32_t y = 0; y <= height; y++) {
		int source = (int)y - self->offset.dy;
		if (y < height && source >= 0 && source < (int)height) {
			verify_line(self, runs, y);
			continue;
		}
		for (uint32_t column = 0; column < columns; column++)
			end_run(self, &runs[column], y);
	}
}

static bool overlaps(const struct copy_hint *copy, const struct rect *area)
{
	return copy->width > 0 && area->x < copy->x + copy->width &&
	       copy->x < area->x + area->width && area->y < copy->y + copy->height &&
	       copy->y < area->y + area->height;
}

/* Copies that overlap a strip which grows out of copies[index] are dropped for it, if that leaves more copied than
 * before: in the tile that it grows into, short ones are found by chance. Two must not overlap, for put_in_order(). */
static bool clear_way(struct search *self, size_t index, const struct rect *strip)
{
	uint32_t gain = (uint32_t)strip->width * strip->height, loss = 0;

	for (size_t i = 0; i < self->n_copies; i++)
		if (i != index && overlaps(&self->copies[i], strip))
			loss += (uint32_t)self->copies[i].width * self->copies[i].height;
	if (loss > gain / 2)
		return false;
	for (size_t i = 0; i < self->n_copies; i++)
		if (i != index && overlaps(&self->copies[i], strip))
			self->copies[i].width = 0;
	return true;
}

/* Which of the columns of an area (at most a tile wide) are all moved: mismatches[i] is 0. Ends early when the one
 * that is nearest to the copy is not: then there is nothing to take along. */
static void compare_columns(const struct search *self, const struct rect *area, uint32_t nearest,
        uint32_t mismatches[PICTURE_TILE])
{
	const uint32_t width = area->width; /* a copy: see image_take() */

	memset(mismatches, 0, PICTURE_TILE * sizeof(*mismatches));
	for (uint32_t y = area->y; area->width > 0 && y < area->y + (uint32_t)area->height; y++) {
		const uint32_t *now = now_at(self, area->x, y);
		const uint32_t *before = before_at(self, (uint32_t)(area->x - self->offset.dx),
		        (uint32_t)((int)y - self->offset.dy));
		if (now[nearest] != before[nearest]) {
			mismatches[nearest] = 1;
			return;
		}
		for (uint32_t i = 0; i < width; i++)
			mismatches[i] |= now[i] ^ before[i];
	}
}

/* Whether another copy begins (or ends) at that x beside at least half of copies[index]: growing into it would gain little. */
static bool has_neighbour(const struct search *self, size_t index, uint32_t x)
{
	const struct copy_hint *copy = &self->copies[index];

	for (size_t i = 0; i < self->n_copies; i++) {
		const struct copy_hint *other = &self->copies[i];
		if (i == index || (other->x != x && other->x + (uint32_t)other->width != x))
			continue;
		int top = copy->y > other->y ? copy->y : other->y;
		int bottom = copy->y + copy->height < other->y + other->height
		                     ? copy->y + copy->height
		                     : other->y + other->height;
		if (2 * (bottom - top) >= copy->height)
			return true;
	}
	return false;
}

#define WIDEN_MIN 4 /* columns */

static void widen_right(struct search *self, size_t index)
{
	struct copy_hint *copy = &self->copies[index];
	uint32_t mismatches[PICTURE_TILE], n = 0;
	uint32_t end = copy->x + (uint32_t)copy->width;
	uint32_t source_end = copy->source_x + (uint32_t)copy->width;
	uint32_t room = self->image->width - (end > source_end ? end : source_end);
	struct rect strip = {(uint16_t)end, copy->y,
	        (uint16_t)(room < PICTURE_TILE ? room : PICTURE_TILE), copy->height};

	if (has_neighbour(self, index, end))
		return;
	compare_columns(self, &strip, 0, mismatches);
	while (n < strip.width && !mismatches[n])
		n++;
	strip.width = (uint16_t)n;
	if (n >= WIDEN_MIN && clear_way(self, index, &strip))
		copy->width = (uint16_t)(copy->width + n);
}

static void widen_left(struct search *self, size_t index)
{
	struct copy_hint *copy = &self->copies[index];
	uint32_t mismatches[PICTURE_TILE], n = 0;
	uint16_t room = copy->x < copy->source_x ? copy->x : copy->source_x;
	uint16_t width = room < PICTURE_TILE ? room : PICTURE_TILE;
	struct rect strip = {(uint16_t)(copy->x - width), copy->y, width, copy->height};

	if (has_neighbour(self, index, copy->x))
		return;
	compare_columns(self, &strip, width - 1u, mismatches);
	while (n < width && !mismatches[width - 1 - n])
		n++;
	strip.x = (uint16_t)(copy->x - n);
	strip.width = (uint16_t)n;
	if (n < WIDEN_MIN || !clear_way(self, index, &strip))
		return;
	copy->x = strip.x;
	copy->source_x = (uint16_t)(strip.x - self->offset.dx);
	copy->width = (uint16_t)(copy->width + n);
}

/* What moves seldom ends at a tile's edge: its last columns, in a tile that holds something fixed as
 * well, are taken along. Without this a page beside a bar would send one column of tiles anew at every step. */
static void widen_all(struct search *self)
{
	size_t n = 0;

	for (size_t i = 0; i < self->n_copies; i++) {
		if (self->copies[i].width == 0)
			continue;
		widen_right(self, i);
		widen_left(self, i);
	}
	for (size_t i = 0; i < self->n_copies; i++)
		if (self->copies[i].width > 0)
			self->copies[n++] = self->copies[i];
	self->n_copies = n;
}

/* The marked tiles [first, end) of one row of tiles, sideways: runs of columns. */
static void verify_stretch(struct search *self, uint32_t row, uint32_t first_x, uint32_t end_x)
{
	static uint32_t moved[PICTURE_WIDTH_MAX], unmoved[PICTURE_WIDTH_MAX];
	struct rect tile = tiles_area(self->changed, 0, row);
	int dx = self->offset.dx;
	uint32_t start = dx > (int)first_x ? (uint32_t)dx : first_x;
	uint32_t end = dx < 0 && self->image->width + dx < (int)end_x
	                       ? (uint32_t)(self->image->width + dx)
	                       : end_x;
	uint32_t run = 0, n_useful = 0;

	if (start >= end)
		return;
	memset(moved + start, 0, (end - start) * 4);
	memset(unmoved + start, 0, (end - start) * 4);
	for (uint32_t y = tile.y; y < tile.y + (uint32_t)tile.height; y++) {
		const uint32_t *now = now_at(self, 0, y), *before = before_at(self, 0, y);
		for (uint32_t x = start; x < end; x++) {
			moved[x] |= now[x] ^ before[(int)x - dx];
			unmoved[x] |= now[x] ^ before[x];
		}
	}
	for (uint32_t x = start; x <= end; x++) {
		if (x < end && !moved[x]) {
			run++;
			n_useful += unmoved[x] != 0;
			continue;
		}
		if (n_useful >= RUN_MIN)
			add(self, &(struct rect){
			                  (uint16_t)(x - run), tile.y, (uint16_t)run, tile.height});
		run = n_useful = 0;
	}
}

static void verify_row(struct search *self, uint32_t row)
{
	const struct tiles *changed = self->changed;
	uint32_t first = 0;

	for (uint32_t column = 0; column <= changed->columns; column++) {
		if (column < changed->columns && changed->is_marked[row][column])
			continue;
		if (column > first) {
			struct rect last = tiles_area(changed, column - 1, row);
			verify_stretch(
			        self, row, first * PICTURE_TILE, last.x + (uint32_t)last.width);
		}
		first = column + 1;
	}
}

/* Moved down: the lowest first, so that its source is read before the next copy overwrites it; likewise
 * to the right. Insertion sort: nearly sorted, and few. */
static void put_in_order(struct search *self)
{
	int sign = (self->offset.dy ? self->offset.dy : self->offset.dx) > 0 ? -1 : 1;

	for (size_t i = 1; i < self->n_copies; i++) {
		struct copy_hint copy = self->copies[i];
		int place = sign * (self->offset.dy ? copy.y : copy.x);
		size_t at = i;
		while (at > 0 &&
		        sign * (self->offset.dy ? self->copies[at - 1].y : self->copies[at - 1].x) >
		                place) {
			self->copies[at] = self->copies[at - 1];
			at--;
		}
		self->copies[at] = copy;
	}
}

static bool overwrites(const struct copy_hint *copy, const struct copy_hint *other)
{
	return overlaps(copy,
	        &(struct rect){other->source_x, other->source_y, other->width, other->height});
}

/* In both directions at once no side comes first: a copy waits for all that read what it overwrites. Parts of one
 * picture that move alike never wait for each other in a circle. */
static void put_in_order_freely(struct search *self)
{
	static struct copy_hint waiting[SCROLL_COPIES_MAX];
	static uint16_t n_readers[SCROLL_COPIES_MAX];
	size_t n = self->n_copies, n_placed = 0;

	memcpy(waiting, self->copies, n * sizeof(*waiting));
	for (size_t i = 0; i < n; i++) {
		n_readers[i] = 0;
		for (size_t other = 0; other < n; other++)
			n_readers[i] =
			        (uint16_t)(n_readers[i] + (other != i && overwrites(&waiting[i],
			                                                         &waiting[other])));
	}
	while (n_placed < n) {
		size_t next = 0;
		for (size_t i = 1; i < n; i++)
			next = n_readers[i] < n_readers[next] ? i : next;
		n_readers[next] = UINT16_MAX; /* placed */
		for (size_t i = 0; i < n; i++)
			if (n_readers[i] != UINT16_MAX && n_readers[i] > 0 &&
			        overwrites(&waiting[i], &waiting[next]))
				n_readers[i]--;
		self->copies[n_placed++] = waiting[next];
	}
}

/* Samples of a tile that differ from what was there; and how many of them were there at the offset before. */
static void sample_tile(
        const struct search *self, const struct rect *tile, uint32_t *n_differ, uint32_t *n_moved)
{
	for (uint32_t i = SAMPLE_STEP / 2; i < tile->height; i += SAMPLE_STEP) {
		int y = tile->y + (int)i, x = tile->x, end = x + tile->width;
		int source_y = y - self->offset.dy, dx = self->offset.dx;
		if (source_y < 0 || source_y >= self->image->height || x < dx ||
		        end - dx > self->image->width)
			continue;
		const uint32_t *now = now_at(self, (uint32_t)x, (uint32_t)y);
		if (memcmp(now, before_at(self, (uint32_t)x, (uint32_t)y),
		            (size_t)tile->width * 4) == 0)
			continue;
		++*n_differ;
		*n_moved += is_moved(self, (uint32_t)x, (uint32_t)y, tile->width);
	}
}

bool scroll_is_likely(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, const struct scroll_offset *offset)
{
	struct search search = {
	        .image = image, .reference = reference, .changed = changed, .offset = *offset};
	uint32_t n_differ = 0, n_moved = 0;

	if (changed->n_marked < SAMPLED_TILES_MIN)
		return true;
	for (uint32_t row = 0; row < changed->rows; row++)
		for (uint32_t column = 0; column < changed->columns; column++) {
			if (!changed->is_marked[row][column])
				continue;
			struct rect tile = tiles_area(changed, column, row);
			sample_tile(&search, &tile, &n_differ, &n_moved);
		}
	return n_moved > 0 && n_moved * LIKELY_DIVISOR >= n_differ;
}

size_t scroll_verify(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, const struct scroll_offset *offset,
        struct copy_hint copies[SCROLL_COPIES_MAX])
{
	struct search search = {.image = image,
	        .reference = reference,
	        .changed = changed,
	        .offset = *offset,
	        .copies = copies};

	for (uint32_t row = 0; !offset->dy && row < changed->rows; row++)
		verify_row(&search, row);
	if (offset->dy) {
		verify_columns(&search);
		widen_all(&search);
	}
	if (offset->dx && offset->dy)
		put_in_order_freely(&search);
	else
		put_in_order(&search);
	return search.n_copies;
}
