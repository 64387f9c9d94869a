/* How glyphs are referred to (PICTURE_GLYPHS). As with drawn_code.h, which is included before: the same functions write and read, so that
 * the two cannot differ. An item is a glyph that both sides know, or a box whose pixels follow; items stand in lines, from the left to the right.
 *
 * A reader checks what it gets: numbers of any size up to 2^14 and any identity come out of any bytes. */
#ifndef SHOJI_STREAM_GLYPH_CODE_H
#define SHOJI_STREAM_GLYPH_CODE_H

#include "stream/drawn_code.h"
#include "stream/glyph_book.h"

enum glyph_kind {
	GLYPH_END,   /* no more items */
	GLYPH_KNOWN, /* the glyph `id` */
	GLYPH_FRESH, /* pixels follow; then the box is learned */
	GLYPH_PLAIN, /* pixels follow */
	GLYPH_BAD,   /* a reader's: there is no such glyph */
};

struct glyph_item {
	enum glyph_kind kind;
	bool is_line; /* the first of a line: */
	int32_t base; /* where that is, as all positions on the screen; a reader's comes of the line before */
	uint32_t id;
	int32_t x, y, width, height;
};

/* Where the next item is expected. */
struct glyph_cursor {
	int32_t left; /* of the area */
	int32_t base, x;
	uint32_t before; /* what stands to the left, or GLYPH_NONE */
};

static inline uint32_t glyph_number(
        struct drawn_coder *coder, struct glyph_number *chances, uint32_t value)
{
	uint32_t wanted = drawn_bits_of(value + 1), n_bits = 1, result = 1;

	while (n_bits < GLYPH_NUMBER_BITS &&
	        drawn_bit(coder, &chances->size[n_bits], SHIFT_SOON, n_bits < wanted))
		n_bits++;
	for (uint32_t i = n_bits - 1, n_said = 0; i-- > 0; n_said++) {
		uint32_t bit = (value + 1) >> i & 1;
		bit = n_said < 2 ? drawn_bit(coder, &chances->high[n_bits][n_said], SHIFT_SOON, bit)
		                 : drawn_raw(coder, bit);
		result = result << 1 | bit;
	}
	return result - 1;
}

static inline int32_t glyph_signed(
        struct drawn_coder *coder, struct glyph_number *chances, int32_t value)
{
	uint32_t folded = value > 0 ? (uint32_t)value * 2 - 1 : (uint32_t)-value * 2;

	folded = glyph_number(coder, chances, folded);
	return folded & 1 ? (int32_t)(folded / 2 + 1) : -(int32_t)(folded / 2);
}

static inline uint32_t glyph_identity(
        struct drawn_coder *coder, struct glyph_book *book, uint32_t id)
{
	uint32_t node = 1;

	for (uint32_t i = GLYPH_BOOK_BITS; i-- > 0;)
		node = node << 1 | drawn_bit(coder, &book->id[node], SHIFT_LATE, id >> i & 1);
	return node & (GLYPH_BOOK_MAX - 1);
}

/* What came after what: the next time it is expected there. */
static inline void glyph_follows(
        struct glyph_book *book, const struct glyph_cursor *cursor, uint32_t id, int32_t x)
{
	int16_t gap = (int16_t)(x - cursor->x);

	book->glyphs[id].gap = gap;
	if (cursor->before == GLYPH_NONE)
		return;
	book->glyphs[cursor->before].next = (uint16_t)id;
	book->glyphs[cursor->before].next_gap = gap;
}

static inline void glyph_say_known(struct drawn_coder *coder, struct glyph_book *book,
        const struct glyph_cursor *cursor, struct glyph_item *item)
{
	const struct glyph *before =
	        cursor->before == GLYPH_NONE ? NULL : &book->glyphs[cursor->before];
	bool has_next = before && before->next != GLYPH_NONE;
	int32_t gap = item->x - cursor->x;

	if (has_next && drawn_bit(coder, &book->is_next, SHIFT_LATE, item->id == before->next)) {
		item->id = before->next;
		gap = before->next_gap +
		      glyph_signed(coder, &book->next_gap, gap - before->next_gap);
	} else {
		item->id = glyph_identity(coder, book, item->id);
		int32_t likely = book->glyphs[item->id].gap;
		gap = likely + glyph_signed(coder, &book->gap, gap - likely);
	}
	struct glyph *glyph = &book->glyphs[item->id];
	int32_t likely = cursor->base + glyph->rise;
	item->x = cursor->x + gap;
	item->y = likely + glyph_signed(coder, &book->rise, item->y - likely);
	item->width = glyph->width;
	item->height = glyph->height;
	if (glyph->width == 0)
		item->kind = GLYPH_BAD;
}

static inline void glyph_say_box(struct drawn_coder *coder, struct glyph_book *book,
        const struct glyph_cursor *cursor, struct glyph_item *item)
{
	bool learns = drawn_bit(coder, &book->learns, SHIFT_SOON, item->kind == GLYPH_FRESH);

	item->kind = learns ? GLYPH_FRESH : GLYPH_PLAIN;
	item->x = cursor->x + glyph_signed(coder, &book->plain_gap, item->x - cursor->x);
	item->y = cursor->base + glyph_signed(coder, &book->top, item->y - cursor->base);
	item->width = 1 + (int32_t)glyph_number(coder, &book->width, (uint32_t)item->width - 1);
	item->height = 1 + (int32_t)glyph_number(coder, &book->height, (uint32_t)item->height - 1);
}

/* One item; what a writer gives, a reader gets. The cursor's line begins with it if it is the first of one. */
static inline void glyph_say(struct drawn_coder *coder, struct glyph_book *book,
        struct glyph_cursor *cursor, struct glyph_item *item)
{
	if (!drawn_bit(coder, &book->more, SHIFT_LATE, item->kind != GLYPH_END)) {
		item->kind = GLYPH_END;
		return;
	}
	item->is_line = drawn_bit(coder, &book->is_line, SHIFT_LATE, item->is_line);
	if (item->is_line) {
		cursor->base += glyph_signed(coder, &book->base, item->base - cursor->base);
		cursor->x = cursor->left;
		cursor->before = GLYPH_NONE;
	}
	glyph_chance *is_known = &book->is_known[cursor->before != GLYPH_NONE];
	if (drawn_bit(coder, is_known, SHIFT_SOON, item->kind == GLYPH_KNOWN)) {
		item->kind = GLYPH_KNOWN;
		glyph_say_known(coder, book, cursor, item);
	} else {
		glyph_say_box(coder, book, cursor, item);
	}
}

/* After an item was obeyed: what is to be expected beside it. A fresh one's id is that under which it was learned. */
static inline void glyph_move_on(
        struct glyph_book *book, struct glyph_cursor *cursor, const struct glyph_item *item)
{
	bool has_id = item->kind == GLYPH_KNOWN || item->kind == GLYPH_FRESH;

	if (has_id) {
		book->glyphs[item->id].rise = (int16_t)(item->y - cursor->base);
		glyph_follows(book, cursor, item->id, item->x);
	}
	cursor->before = has_id ? item->id : GLYPH_NONE;
	cursor->x = item->x + item->width;
}

#endif
