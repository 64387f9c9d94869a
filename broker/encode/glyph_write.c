/* Glyphs as the viewer reads them (stream/glyph_code.h). Any pixels: boxes that are dear to tell end a command early, and one that has no room
 * after all makes both sides forget. */
#include "encode/glyph_write.h"

#include "encode/codec.h"
#include "encode/drawn_writer.h"
#include "encode/frame_inside.h"
#include "encode/glyph_cut.h"
#include "encode/glyph_find.h"
#include "encode/image.h"
#include "encode/photo.h"
#include "encode/slicer.h"
#include "stream/glyph_code.h"

#define BYTES_ENOUGH (GLYPHS_BYTES_MAX / 2)
#define LEARNED_MIN_PX 6
#define LINE_NONE 0xffffffffu

struct glyph_writer {
	struct frame *frame;
	struct glyph_cut *cut;
	const struct glyph_part *part;
	struct drawn_coder coder;
	struct glyph_cursor cursor;
	uint32_t line; /* the last item's */
	bool leaves_out;
};

static struct glyph_book *book_of(const struct glyph_writer *self)
{
	return &self->frame->slicer->drawn->glyphs;
}

/* The leaf's rows within the area; columns always are. */
static struct rect visible_of(const struct glyph_writer *self, const struct rect *box)
{
	const struct rect *area = &self->part->area;
	uint32_t top = box->y > area->y ? box->y : area->y;
	uint32_t bottom = box->y + (uint32_t)box->height, end = area->y + (uint32_t)area->height;

	bottom = bottom < end ? bottom : end;
	return (struct rect){
	        box->x, (uint16_t)top, box->width, (uint16_t)(bottom > top ? bottom - top : 0)};
}

static void fill_reference(struct frame *frame, const struct rect *area, uint32_t pixel)
{
	for (uint32_t row = 0; row < area->height; row++) {
		uint32_t *to =
		        frame->reference + (size_t)(area->y + row) * frame->image->width + area->x;
		for (uint32_t i = 0; i < area->width; i++)
			to[i] = pixel;
	}
}

/* Whether the viewer will have the whole box exactly, also what is beside the area. */
static bool can_be_learned(const struct glyph_writer *self, const struct glyph_leaf *leaf)
{
	const struct rect *box = &leaf->box;
	const struct frame *frame = self->frame;
	struct rect visible = visible_of(self, box);

	if (!leaf->is_whole || box->width > GLYPH_SIDE_MAX || box->height > GLYPH_SIDE_MAX ||
	        (uint32_t)box->width * box->height < LEARNED_MIN_PX)
		return false;
	for (uint32_t y = box->y; y < box->y + (uint32_t)box->height; y++) {
		size_t at = (size_t)y * frame->image->width + box->x;
		bool is_inside = y >= visible.y && y < visible.y + (uint32_t)visible.height;
		if (!is_inside && memcmp(frame->image->pixels + at, frame->reference + at,
		                          (size_t)box->width * 4) != 0)
			return false;
	}
	return photo_is_exact_in(frame->photo, box);
}

/* The base of a line is where it makes a known glyph stand as it stood in its line before. */
static int32_t base_of(const struct glyph_writer *self, uint32_t i)
{
	const struct glyph_leaf *leaves = self->cut->leaves;
	uint32_t end = self->part->first + self->part->n_leaves;

	for (uint32_t k = i; k < end && leaves[k].line == leaves[i].line; k++) {
		uint32_t id = glyph_find(
		        book_of(self), self->frame->image, &leaves[k].box, leaves[k].hash);
		if (id != GLYPH_NONE)
			return leaves[k].box.y - book_of(self)->glyphs[id].rise;
	}
	return leaves[i].box.y;
}

static void say_told(
        struct glyph_writer *self, const struct glyph_leaf *leaf, struct glyph_item *item)
{
	struct frame *frame = self->frame;
	struct drawn_model *model = frame->slicer->drawn;
	const struct codec_pixels pixels = {
	        frame->image, frame->reference, frame->photo, frame->slicer};
	struct rect visible = visible_of(self, &leaf->box);
	bool is_known;

	struct drawn_field *field = codec_field_begin(&pixels, &visible, &is_known);
	drawn_bit(&self->coder, &model->glyphs.is_beside_known, SHIFT_SOON, is_known);
	for (uint32_t row = 0; row < visible.height; row++) {
		struct drawn_place place = drawn_place_of(field, row);
		drawn_row(&self->coder, model, &place, visible.width);
	}
	if (item->kind == GLYPH_FRESH)
		item->id = glyph_learn(&model->glyphs, frame->image, &leaf->box, leaf->hash);
}

static void say_leaf(struct glyph_writer *self, uint32_t i)
{
	const struct glyph_leaf *leaf = &self->cut->leaves[i];
	struct rect visible = visible_of(self, &leaf->box), said = leaf->box;
	struct glyph_item item = {.kind = GLYPH_KNOWN};

	if (visible.height == 0)
		return;
	item.id = glyph_find(book_of(self), self->frame->image, &leaf->box, leaf->hash);
	if (item.id == GLYPH_NONE) {
		item.kind = can_be_learned(self, leaf) ? GLYPH_FRESH : GLYPH_PLAIN;
		said = item.kind == GLYPH_FRESH ? leaf->box : visible;
		if ((uint32_t)said.width * said.height > GLYPHS_BOX_PX ||
		        said.width > DRAWN_WIDTH_MAX || said.height > DRAWN_HEIGHT_MAX) {
			self->leaves_out = true;
			return;
		}
	}
	item.x = said.x;
	item.y = said.y;
	item.width = said.width;
	item.height = said.height;
	item.is_line = leaf->line != self->line;
	if (item.is_line)
		item.base = base_of(self, i);
	self->line = leaf->line;
	glyph_say(&self->coder, book_of(self), &self->cursor, &item);
	if (item.kind != GLYPH_KNOWN)
		say_told(self, leaf, &item);
	frame_take_over(self->frame, &visible);
	glyph_move_on(book_of(self), &self->cursor, &item);
}

/* Leaves from *i on, as many as one command takes. */
static size_t write_command(struct glyph_writer *self, uint32_t *i, bool is_first, uint8_t *out)
{
	const struct rect *area = &self->part->area;
	uint32_t end = self->part->first + self->part->n_leaves, ground = self->part->ground;
	struct code_writer *writer = &self->coder.writer;
	struct glyph_item last = {.kind = GLYPH_END};

	self->cursor = (struct glyph_cursor){area->x, area->y, area->x, GLYPH_NONE};
	self->line = LINE_NONE;
	code_writer_begin(writer, out + GLYPHS_HEAD_BYTES, GLYPHS_BYTES_MAX);
	for (uint32_t n = 0; *i < end && n < GLYPHS_ITEMS_MAX; n++) {
		if (writer->at - writer->start >= BYTES_ENOUGH)
			break;
		say_leaf(self, (*i)++);
	}
	glyph_say(&self->coder, book_of(self), &self->cursor, &last);
	size_t length = code_writer_end(writer);
	if (length == 0)
		return 0;
	codec_put_area(out, PICTURE_GLYPHS, area);
	out += PICTURE_RECT_BYTES;
	*out++ = is_first;
	*out++ = (uint8_t)(ground >> 16);
	*out++ = (uint8_t)(ground >> 8);
	*out++ = (uint8_t)ground;
	*out++ = (uint8_t)length;
	*out++ = (uint8_t)(length >> 8);
	return GLYPHS_HEAD_BYTES + length;
}

bool glyph_write(struct frame *frame, struct glyph_cut *cut, const struct glyph_part *part)
{
	struct glyph_writer self = {.frame = frame, .cut = cut, .part = part};
	uint32_t i = part->first, end = part->first + part->n_leaves;

	drawn_model_wake(frame->slicer->drawn);
	fill_reference(frame, &part->area, part->ground);
	photo_wrote(frame->photo, &part->area);
	for (bool is_first = true; is_first || i < end; is_first = false) {
		uint8_t *out = slicer_reserve(frame->slicer, PICTURE_COMMAND_MAX);
		size_t length = write_command(&self, &i, is_first, out);
		if (length == 0) {
			/* What was learned could not be said. Nobody knows what is there. */
			drawn_model_init(frame->slicer->drawn);
			fill_reference(frame, &part->area, 0);
			*out = PICTURE_FORGET;
			slicer_commit(frame->slicer, 1);
			return true;
		}
		slicer_commit(frame->slicer, length);
		frame->counts->rects++;
	}
	return self.leaves_out;
}
