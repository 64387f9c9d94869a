/* The marks of what is not exact, and the policy: lossy only when the line would take too long, exact once it is quiet. Stands on no
 * boundary: pixels and encode's own clock. */
#include "encode/photo.h"

#include "base/bytes.h"
#include "base/ensure.h"
#include "encode/image.h"
#include "encode/photo_detect.h"
#include "encode/photo_write.h"
#include "encode/slicer.h"

#include <string.h>

/* Bytes for 1000 pixels, measured (docs/protocol.md): exactly, and by quality. */
#define EXACT_BYTES 1200
static const struct {
	uint8_t quality;
	uint16_t bytes;
} lossy[] = {{12, 135}, {10, 106}, {8, 83}, {6, 64}, {4, 46}};

#define LOSSY_AREA_MIN 512 /* pixels: less is soon sent exactly */
#define LOSSY_SIDE_MIN 8
#define PASS_ROWS 16 /* of a tile: what a pass is cut into */

void photo_init(struct photo *self, uint8_t *marks)
{
	memset(self, 0, sizeof(*self));
	self->marks = marks;
}

static uint8_t *marks_at(const struct photo *self, uint32_t x, uint32_t y)
{
	return self->marks + (size_t)y * self->inexact.width + x;
}

static void clear_marks(struct photo *self, const struct rect *area)
{
	for (uint32_t y = area->y; y < area->y + (uint32_t)area->height; y++)
		memset(marks_at(self, area->x, y), 0, area->width);
}

void photo_forget(struct photo *self, uint16_t width, uint16_t height)
{
	for (uint32_t row = 0; row < self->inexact.rows; row++)
		for (uint32_t column = 0; column < self->inexact.columns; column++)
			if (self->inexact.is_marked[row][column]) {
				struct rect tile = tiles_area(&self->inexact, column, row);
				clear_marks(self, &tile);
			}
	tiles_resize(&self->inexact, width, height);
}

static void touch(struct photo *self, const struct rect *area)
{
	uint32_t last_column = (area->x + area->width - 1u) / PICTURE_TILE;
	uint32_t last_row = (area->y + area->height - 1u) / PICTURE_TILE;

	for (uint32_t row = area->y / PICTURE_TILE; row <= last_row; row++)
		for (uint32_t column = area->x / PICTURE_TILE; column <= last_column; column++)
			self->changed_ms[row][column] = self->now_ms;
}

/* ---- what is due ---- */

static bool has_marks(const struct photo *self, const struct rect *area)
{
	for (uint32_t y = area->y; y < area->y + (uint32_t)area->height; y++)
		if (memchr(marks_at(self, area->x, y), 1, area->width))
			return true;
	return false;
}

bool photo_is_exact(struct photo *self, uint32_t column, uint32_t row)
{
	if (!self || !self->inexact.is_marked[row][column])
		return true;
	struct rect tile = tiles_area(&self->inexact, column, row);
	if (has_marks(self, &tile))
		return false;
	tiles_unmark(&self->inexact, column, row);
	return true;
}

bool photo_is_provisional(struct photo *self)
{
	/* Tiles that were copied over are still marked. */
	for (uint32_t row = 0; self && self->inexact.n_marked > 0 && row < self->inexact.rows;
	        row++)
		for (uint32_t column = 0; column < self->inexact.columns; column++)
			if (!photo_is_exact(self, column, row))
				return true;
	return false;
}

static uint32_t still_ms(const struct photo *self, uint32_t column, uint32_t row, uint32_t now_ms)
{
	return now_ms - self->changed_ms[row][column];
}

/* Milliseconds until the first tile is due, 0: one is. */
static uint32_t first_due_ms(const struct photo *self, uint32_t now_ms)
{
	uint32_t first = UINT32_MAX;

	for (uint32_t row = 0; self->inexact.n_marked > 0 && row < self->inexact.rows; row++)
		for (uint32_t column = 0; column < self->inexact.columns; column++) {
			if (!self->inexact.is_marked[row][column])
				continue;
			uint32_t still = still_ms(self, column, row, now_ms);
			uint32_t wait = still < PHOTO_STILL_MS ? PHOTO_STILL_MS - still : 0;
			first = wait < first ? wait : first;
		}
	return first;
}

uint32_t photo_wait_ms(const struct photo *self, uint32_t now_ms)
{
	uint32_t first = first_due_ms(self, now_ms);

	/* Due already: it waits for an acknowledgement or for room, which come by themselves. */
	return first == 0 ? UINT32_MAX : first;
}

bool photo_is_due(const struct photo *self, uint32_t now_ms)
{
	return self->inexact.n_marked > 0 && first_due_ms(self, now_ms) == 0;
}

/* The reference forgets the marked pixels of an area. Returns how many. */
static uint32_t forget_marked(
        const struct photo *self, uint32_t *reference, const struct rect *area)
{
	uint32_t n = 0;

	for (uint32_t y = area->y; y < area->y + (uint32_t)area->height; y++) {
		const uint8_t *marks = marks_at(self, area->x, y);
		uint32_t *pixels = reference + (size_t)y * self->inexact.width + area->x;
		for (uint32_t i = 0; i < area->width; i++)
			if (marks[i]) {
				pixels[i] = 0;
				n++;
			}
	}
	return n;
}

/* Row by row, as much of a tile as the pass still takes. Returns the bytes that it will be. */
static uint32_t expose(struct photo *self, uint32_t *reference, struct tiles *dirty,
        uint32_t column, uint32_t row, uint32_t bytes_left)
{
	struct rect tile = tiles_area(&self->inexact, column, row), part = tile;
	uint32_t bytes = 0;

	part.height = PASS_ROWS;
	for (part.y = tile.y; part.y < tile.y + tile.height && bytes < bytes_left;
	        part.y = (uint16_t)(part.y + PASS_ROWS)) {
		uint32_t left = tile.y + (uint32_t)tile.height - part.y;
		part.height = (uint16_t)(left < PASS_ROWS ? left : PASS_ROWS);
		bytes += forget_marked(self, reference, &part) * EXACT_BYTES / 1000;
	}
	if (bytes == 0)
		return 0;
	self->is_due[row][column] = true;
	self->n_made_exact++;
	tiles_mark(dirty, &tile);
	return bytes;
}

/* What the frame before had no room for is still to be exact. */
static void keep_due(struct photo *self, const struct tiles *dirty)
{
	for (uint32_t row = 0; row < dirty->rows; row++)
		for (uint32_t column = 0; column < dirty->columns; column++)
			self->is_due[row][column] &= dirty->is_marked[row][column];
}

void photo_begin_frame(struct photo *self, uint32_t *reference, struct tiles *dirty,
        size_t budget_bytes, uint32_t now_ms)
{
	/* At least one part of a tile, however slow the line. */
	uint32_t left = budget_bytes == 0           ? 1
	                : budget_bytes > UINT32_MAX ? UINT32_MAX
	                                            : (uint32_t)budget_bytes;
	bool is_pass = dirty->n_marked == 0 && self->inexact.n_marked > 0;

	self->now_ms = now_ms;
	self->quality = 0;
	keep_due(self, dirty);
	for (uint32_t row = 0; is_pass && row < self->inexact.rows; row++)
		for (uint32_t column = 0; column < self->inexact.columns; column++) {
			if (left == 0 || !self->inexact.is_marked[row][column] ||
			        still_ms(self, column, row, now_ms) < PHOTO_STILL_MS ||
			        photo_is_exact(self, column, row))
				continue;
			uint32_t bytes = expose(self, reference, dirty, column, row, left);
			left -= bytes < left ? bytes : left;
		}
}

/* ---- what is sent ---- */

static uint32_t count_changed(
        const struct image *image, const uint32_t *reference, const struct rect *tile)
{
	uint32_t n = 0;

	for (uint32_t y = tile->y; y < tile->y + (uint32_t)tile->height; y++) {
		size_t at = (size_t)y * image->width + tile->x;
		for (uint32_t i = 0; i < tile->width; i++)
			n += image->pixels[at + i] != reference[at + i];
	}
	return n;
}

/* Whether the line carries so many pixels in time when each thousand of them takes so many bytes. */
static bool fits(const struct photo *self, uint64_t n_pixels, uint32_t bytes)
{
	if (self->bytes_per_s > PHOTO_FAST_BYTES_PER_S)
		return true;
	return n_pixels * bytes <= self->bytes_per_s * PHOTO_LINE_MS;
}

void photo_plan(struct photo *self, const struct image *image, const uint32_t *reference,
        const struct tiles *dirty)
{
	static uint16_t n_changed[TILES_ROWS_MAX][TILES_COLUMNS_MAX];
	uint64_t n_pixels = 0;
	size_t i = 0;

	/* On a fast line nothing needs to be looked at. */
	if (!self || fits(self, (uint64_t)dirty->n_marked * PICTURE_PIXELS_MAX, EXACT_BYTES))
		return;
	for (uint32_t row = 0; row < dirty->rows; row++)
		for (uint32_t column = 0; column < dirty->columns; column++) {
			struct rect tile = tiles_area(dirty, column, row);
			bool is_open = dirty->is_marked[row][column] && !self->is_due[row][column];
			n_changed[row][column] =
			        is_open ? (uint16_t)count_changed(image, reference, &tile) : 0;
			n_pixels += n_changed[row][column];
		}
	if (fits(self, n_pixels, EXACT_BYTES))
		return;
	n_pixels = 0;
	for (uint32_t row = 0; row < dirty->rows; row++)
		for (uint32_t column = 0; column < dirty->columns; column++) {
			struct rect tile = tiles_area(dirty, column, row);
			self->is_photo[row][column] = n_changed[row][column] >= LOSSY_AREA_MIN &&
			                              photo_detect(image, &tile);
			n_pixels += self->is_photo[row][column] ? n_changed[row][column] : 0;
		}
	if (fits(self, n_pixels, EXACT_BYTES))
		return;
	while (i < sizeof(lossy) / sizeof(lossy[0]) - 1 && !fits(self, n_pixels, lossy[i].bytes))
		i++;
	self->quality = lossy[i].quality;
}

static void put_marks(struct photo *self, const struct rect *area)
{
	for (uint32_t y = area->y; y < area->y + (uint32_t)area->height; y++)
		memset(marks_at(self, area->x, y), 1, area->width);
	tiles_mark(&self->inexact, area);
	touch(self, area);
}

bool photo_wants(const struct photo *self, uint32_t column, uint32_t row)
{
	return self && self->quality > 0 && self->is_photo[row][column];
}

bool photo_say(struct photo *self, const struct image *image, uint32_t column, uint32_t row,
        const struct rect *area, struct slicer *slicer)
{
	struct bytes_writer writer;

	if (!photo_wants(self, column, row) || area->width * area->height < LOSSY_AREA_MIN ||
	        area->width < LOSSY_SIDE_MIN || area->height < LOSSY_SIDE_MIN)
		return false;
	uint8_t *out = slicer_reserve(slicer, PICTURE_COMMAND_MAX);
	size_t length = photo_write(self->quality,
	        image->pixels + (size_t)area->y * image->width + area->x, image->width, area->width,
	        area->height, out + PHOTO_HEAD_BYTES, PHOTO_BYTES_MAX, NULL);
	if (length == 0)
		return false;
	bytes_writer_init(&writer, out, PHOTO_HEAD_BYTES);
	bytes_put_u8(&writer, PICTURE_PHOTO);
	bytes_put_u16(&writer, area->x);
	bytes_put_u16(&writer, area->y);
	bytes_put_u16(&writer, area->width);
	bytes_put_u16(&writer, area->height);
	bytes_put_u8(&writer, self->quality);
	bytes_put_u16(&writer, (uint16_t)length);
	slicer_commit(slicer, PHOTO_HEAD_BYTES + length);
	put_marks(self, area);
	self->n_lossy++;
	self->n_lossy_bytes += PHOTO_HEAD_BYTES + length;
	return true;
}

static bool any_marked(const struct photo *self, const struct rect *area)
{
	uint32_t last_column = (area->x + area->width - 1u) / PICTURE_TILE;
	uint32_t last_row = (area->y + area->height - 1u) / PICTURE_TILE;

	for (uint32_t row = area->y / PICTURE_TILE; row <= last_row; row++)
		for (uint32_t column = area->x / PICTURE_TILE; column <= last_column; column++)
			if (self->inexact.is_marked[row][column])
				return true;
	return false;
}

bool photo_is_exact_in(const struct photo *self, const struct rect *area)
{
	return !self || self->inexact.n_marked == 0 || !any_marked(self, area) ||
	       !has_marks(self, area);
}

void photo_wrote(struct photo *self, const struct rect *area)
{
	if (!self || self->inexact.n_marked == 0 || !any_marked(self, area))
		return;
	clear_marks(self, area);
	uint32_t last_column = (area->x + area->width - 1u) / PICTURE_TILE;
	uint32_t last_row = (area->y + area->height - 1u) / PICTURE_TILE;
	for (uint32_t row = area->y / PICTURE_TILE; row <= last_row; row++)
		for (uint32_t column = area->x / PICTURE_TILE; column <= last_column; column++)
			photo_is_exact(self, column, row);
}

void photo_moved(struct photo *self, const struct copy_hint *copy)
{
	struct rect from = {copy->source_x, copy->source_y, copy->width, copy->height};
	struct rect to = {copy->x, copy->y, copy->width, copy->height};

	if (!self || self->inexact.n_marked == 0 ||
	        (!any_marked(self, &from) && !any_marked(self, &to)))
		return;
	for (uint32_t i = 0; i < copy->height; i++) {
		uint32_t row = copy->y > copy->source_y ? copy->height - 1u - i : i;
		memmove(marks_at(self, to.x, to.y + row), marks_at(self, from.x, from.y + row),
		        to.width);
	}
	if (any_marked(self, &from))
		tiles_mark(&self->inexact, &to);
	touch(self, &to);
}
