/* Verifies a guessed offset pixel by pixel, and cuts what is right into areas to be copied. */
#include "encode/scroll.h"

#include "encode/image.h"
#include "encode/tiles.h"

#include <string.h>

#define RUN_MIN 8 /* rows or columns: a shorter copy costs more than its pixels */

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

/* One column of tiles, up or down: runs of rows that are equal to the rows dy before them. */
static void verify_column(struct search *self, uint32_t column)
{
	struct rect tile = tiles_area(self->changed, column, 0);
	size_t row_bytes = (size_t)tile.width * 4;
	uint32_t height = self->image->height;
	uint32_t run = 0, n_useful = 0, y;

	for (y = 0; y <= height; y++) {
		int source = (int)y - self->offset.dy;
		if (y < height && self->changed->is_marked[y / PICTURE_TILE][column] &&
		        source >= 0 && source < (int)height &&
		        memcmp(now_at(self, tile.x, y), before_at(self, tile.x, (uint32_t)source),
		                row_bytes) == 0) {
			n_useful += memcmp(now_at(self, tile.x, y), before_at(self, tile.x, y),
			                    row_bytes) != 0;
			run++;
			continue;
		}
		/* Where most rows are right already (blank paper), a copy would save nothing. */
		if (n_useful >= RUN_MIN)
			add(self, &(struct rect){
			                  tile.x, (uint16_t)(y - run), tile.width, (uint16_t)run});
		run = n_useful = 0;
	}
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
	int sign = self->offset.dy + self->offset.dx > 0 ? -1 : 1;

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

size_t scroll_verify(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, const struct scroll_offset *offset,
        struct copy_hint copies[SCROLL_COPIES_MAX])
{
	struct search search = {.image = image,
	        .reference = reference,
	        .changed = changed,
	        .offset = *offset,
	        .copies = copies};

	if (offset->dy)
		for (uint32_t column = 0; column < changed->columns; column++)
			verify_column(&search, column);
	else
		for (uint32_t row = 0; row < changed->rows; row++)
			verify_row(&search, row);
	put_in_order(&search);
	return search.n_copies;
}
