/* Reads glyphs. The bytes come over the network: each item is checked before a pixel is touched, nothing outside of the area is written, and the
 * work is counted while it is done. */
#include "stream/glyph_read.h"

#include "stream/drawn_read.h"
#include "stream/drawn_reader.h"
#include "stream/glyph_code.h"
#include "stream/screen.h"

/* What is further away than a screen is wide was never said by a writer. */
static bool is_near(int32_t position)
{
	return position >= -2 * PICTURE_WIDTH_MAX && position <= 2 * PICTURE_WIDTH_MAX;
}

/* The item's part within the area; false: there is none. */
static bool clip(
        const struct glyph_item *item, const struct screen_rect *area, struct screen_rect *visible)
{
	int32_t left = item->x > area->x ? item->x : area->x;
	int32_t top = item->y > area->y ? item->y : area->y;
	int32_t right = item->x + item->width, bottom = item->y + item->height;
	int32_t area_right = area->x + area->width, area_bottom = area->y + area->height;

	right = right < area_right ? right : area_right;
	bottom = bottom < area_bottom ? bottom : area_bottom;
	if (left >= right || top >= bottom)
		return false;
	*visible = (struct screen_rect){
	        (uint16_t)left, (uint16_t)top, (uint16_t)(right - left), (uint16_t)(bottom - top)};
	return true;
}

static void put_known(const struct glyph_book *book, struct screen *screen,
        const struct glyph_item *item, const struct screen_rect *visible)
{
	const struct glyph *glyph = &book->glyphs[item->id];
	const uint32_t *from = book->pool + glyph->at +
	                       (uint32_t)(visible->y - item->y) * glyph->width +
	                       (uint32_t)(visible->x - item->x);
	uint32_t *to = screen_paint(screen, visible);

	for (uint32_t row = 0; row < visible->height; row++) {
		memcpy(to, from, (size_t)visible->width * 4);
		to += screen->width;
		from += glyph->width;
	}
}

static void put_told(struct drawn_coder *coder, struct drawn_model *model, struct screen *screen,
        const struct screen_rect *visible)
{
	bool is_known = drawn_bit(coder, &model->glyphs.is_beside_known, SHIFT_SOON, 0);
	struct drawn_field *field = drawn_field_begin(screen, visible, is_known);

	for (uint32_t row = 0; row < visible->height; row++) {
		struct drawn_place place = drawn_place_of(field, row);
		drawn_row(coder, model, &place, visible->width);
	}
	screen->painted_px += (uint64_t)visible->width * visible->height * (DRAWN_PIXEL_WORK - 1);
	drawn_field_show(field, screen, visible);
}

static bool is_box(const struct glyph_item *item)
{
	return item->width <= DRAWN_WIDTH_MAX && item->height <= DRAWN_HEIGHT_MAX &&
	       item->width * item->height <= GLYPHS_BOX_PX;
}

/* All of it, also what is beside the area, is on the screen by now. */
static bool learn(struct glyph_book *book, const struct screen *screen, struct glyph_item *item)
{
	if (item->width > GLYPH_SIDE_MAX || item->height > GLYPH_SIDE_MAX || item->x < 0 ||
	        item->y < 0 || item->x + item->width > (int32_t)screen->width ||
	        item->y + item->height > (int32_t)screen->height)
		return false;
	item->id = glyph_book_learn(book, screen_at(screen, (uint32_t)item->x, (uint32_t)item->y),
	        screen->width, (uint32_t)item->width, (uint32_t)item->height);
	return true;
}

static bool obey(struct drawn_coder *coder, struct drawn_model *model, struct screen *screen,
        const struct screen_rect *area, struct glyph_item *item)
{
	struct screen_rect visible;

	if (item->kind == GLYPH_BAD || !is_near(item->x) || !is_near(item->y) ||
	        !clip(item, area, &visible))
		return false;
	if (item->kind == GLYPH_KNOWN) {
		put_known(&model->glyphs, screen, item, &visible);
		return true;
	}
	if (!is_box(item))
		return false;
	put_told(coder, model, screen, &visible);
	return item->kind != GLYPH_FRESH || learn(&model->glyphs, screen, item);
}

bool glyph_read(struct drawn_model *model, struct screen *screen, const struct screen_rect *area,
        const uint8_t *bytes, size_t length)
{
	const uint64_t work_max =
	        (uint64_t)screen->width * screen->height * PICTURE_SLICE_SCREENS_MAX;
	struct glyph_cursor cursor = {area->x, area->y, area->x, GLYPH_NONE};
	struct drawn_coder coder;

	drawn_model_wake(model);
	code_reader_begin(&coder.reader, bytes, length);
	for (uint32_t i = 0; i <= GLYPHS_ITEMS_MAX; i++) {
		struct glyph_item item = {.kind = GLYPH_END};
		glyph_say(&coder, &model->glyphs, &cursor, &item);
		if (item.kind == GLYPH_END)
			return true;
		if (screen->painted_px > work_max || !is_near(cursor.base) ||
		        !obey(&coder, model, screen, area, &item))
			return false;
		glyph_move_on(&model->glyphs, &cursor, &item);
		screen->painted_px += GLYPHS_ITEM_WORK;
	}
	return false;
}
