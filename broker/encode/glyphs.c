/* Which areas go as glyphs: rectangles of tiles that are neither photographs nor plain, when enough in them was shown before or will be again. */
#include "encode/glyphs.h"

#include "encode/codec.h"
#include "encode/frame_inside.h"
#include "encode/glyph_cut.h"
#include "encode/glyph_find.h"
#include "encode/glyph_write.h"
#include "encode/photo.h"
#include "encode/slicer.h"
#include "stream/drawn_model.h"

#define KNOWN_MIN 1
#define FRESH_MIN 4
/* A frame with a limit is cut where it is full: after so many rows of tiles, and columns if the limit is small. */
#define LIMITED_ROWS 4
#define THIN_BYTES 16384
#define THIN_COLUMNS 8

struct finder {
	struct frame *frame;
	bool is_text[TILES_ROWS_MAX][TILES_COLUMNS_MAX]; /* and was not said yet */
};

static void find_text(struct finder *self)
{
	const struct tiles *dirty = self->frame->dirty;

	for (uint32_t row = 0; row < dirty->rows; row++)
		for (uint32_t column = 0; column < dirty->columns; column++) {
			self->is_text[row][column] = false;
			if (!dirty->is_marked[row][column] ||
			        photo_wants(self->frame->photo, column, row))
				continue;
			struct rect tile = tiles_area(dirty, column, row);
			struct rect area = frame_trimmed(self->frame, &tile);
			const struct tile_codec *codec = codec_choose(
			        &self->frame->slicer->effort, self->frame->image, &area);
			self->is_text[row][column] = codec != &codec_predicted;
		}
}

static bool are_text(const struct finder *self, uint32_t row, uint32_t column, uint32_t end)
{
	while (column < end && self->is_text[row][column])
		column++;
	return column == end;
}

/* The largest rectangle of such tiles from one on, to the right, then down. In tiles. */
static struct rect rectangle_from(const struct finder *self, uint32_t column, uint32_t row)
{
	const struct frame *frame = self->frame;
	size_t budget = frame->slicer->budget_bytes;
	uint32_t columns_max =
	        budget > 0 && budget < THIN_BYTES ? THIN_COLUMNS : frame->dirty->columns;
	uint32_t rows_max = budget == 0           ? frame->dirty->rows
	                    : budget < THIN_BYTES ? 1
	                                          : LIMITED_ROWS;
	uint32_t end = column + 1, bottom = row + 1;

	while (end < frame->dirty->columns && end - column < columns_max && self->is_text[row][end])
		end++;
	while (bottom < frame->dirty->rows && bottom - row < rows_max &&
	        are_text(self, bottom, column, end) &&
	        !(column > 0 && self->is_text[bottom][column - 1]) &&
	        !(end < frame->dirty->columns && self->is_text[bottom][end]))
		bottom++;
	return (struct rect){(uint16_t)column, (uint16_t)row, (uint16_t)(end - column),
	        (uint16_t)(bottom - row)};
}

static bool is_worth_it(struct frame *frame, struct glyph_cut *cut)
{
	const struct glyph_book *book = &frame->slicer->drawn->glyphs;
	uint32_t n_known = 0, n_fresh = 0;

	drawn_model_wake(frame->slicer->drawn);
	for (uint32_t i = 0; i < cut->n_leaves; i++) {
		struct glyph_leaf *leaf = &cut->leaves[i];
		if (leaf->box.width > GLYPH_SIDE_MAX || leaf->box.height > GLYPH_SIDE_MAX)
			continue;
		leaf->hash = glyph_hash(frame->image, &leaf->box);
		if (glyph_find(book, frame->image, &leaf->box, leaf->hash) != GLYPH_NONE)
			n_known++;
		else
			n_fresh++;
	}
	return n_known >= KNOWN_MIN || n_fresh >= FRESH_MIN;
}

/* Returns whether something of it is left to say. What was left out shows the ground until it is said: nothing that ever was there. So it is
 * said at once, also where the frame is full by then. */
static bool say_area(struct frame *frame, const struct rect *area, const struct rect *tiles)
{
	static struct glyph_cut cut; /* 200 KiB */
	bool is_left = false;

	if (!glyph_cut(&cut, frame->image, area) || !is_worth_it(frame, &cut))
		return true;
	for (uint32_t i = 0; i < cut.n_parts; i++)
		is_left |= glyph_write(frame, &cut, &cut.parts[i]);
	if (is_left && frame->slicer->budget_bytes > 0) {
		frame_say_rest(frame, tiles);
		is_left = false;
	}
	return is_left;
}

static struct rect pixels_of(const struct frame *frame, const struct rect *tiles)
{
	struct rect first = tiles_area(frame->dirty, tiles->x, tiles->y);
	struct rect last = tiles_area(
	        frame->dirty, tiles->x + tiles->width - 1u, tiles->y + tiles->height - 1u);
	struct rect all = {first.x, first.y, (uint16_t)(last.x + last.width - first.x),
	        (uint16_t)(last.y + last.height - first.y)};

	return frame_trimmed(frame, &all);
}

void glyphs_say(struct frame *frame)
{
	static struct finder self;
	struct tiles *dirty = frame->dirty;

	self.frame = frame;
	find_text(&self);
	for (uint32_t row = 0; row < dirty->rows; row++)
		for (uint32_t column = 0; column < dirty->columns; column++) {
			if (!self.is_text[row][column] || slicer_is_full(frame->slicer))
				continue;
			struct rect tiles = rectangle_from(&self, column, row);
			struct rect area = pixels_of(frame, &tiles);
			bool is_left = say_area(frame, &area, &tiles);
			for (uint32_t i = 0; i < (uint32_t)tiles.width * tiles.height; i++) {
				uint32_t x = tiles.x + i % tiles.width;
				uint32_t y = tiles.y + i / tiles.width;
				self.is_text[y][x] = false;
				if (!is_left)
					tiles_unmark(dirty, x, y);
			}
			frame->has_rest |= is_left;
		}
}
