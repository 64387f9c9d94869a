/* Which glyphs are kept: a pure function of the sizes of those that came, the same at both ends. */
#include "stream/glyph_book.h"

#include <stddef.h>
#include <string.h>

void glyph_book_init(struct glyph_book *self)
{
	glyph_chance *chance = &self->more;
	glyph_chance *end = (glyph_chance *)(void *)&self->n_learned;

	while (chance < end)
		*chance++ = 32768;
	memset(&self->n_learned, 0,
	        offsetof(struct glyph_book, pool) - offsetof(struct glyph_book, n_learned));
}

static struct glyph *oldest(struct glyph_book *self)
{
	return &self->glyphs[(self->n_learned - self->n_kept) % GLYPH_BOOK_MAX];
}

static void drop_oldest(struct glyph_book *self)
{
	oldest(self)->width = 0;
	self->n_kept--;
}

/* The pool is filled from its beginning to its end, again and again: what is oldest lies first after pool_at. */
static void make_room(struct glyph_book *self, uint32_t n_px)
{
	if (self->n_kept == GLYPH_BOOK_MAX)
		drop_oldest(self);
	if (self->pool_at + n_px > GLYPH_POOL_PX) {
		while (self->n_kept > 0 && oldest(self)->at >= self->pool_at)
			drop_oldest(self);
		self->pool_at = 0;
	}
	while (self->n_kept > 0 && oldest(self)->at >= self->pool_at &&
	        oldest(self)->at < self->pool_at + n_px)
		drop_oldest(self);
}

uint32_t glyph_book_learn(struct glyph_book *self, const uint32_t *pixels, uint32_t stride,
        uint32_t width, uint32_t height)
{
	make_room(self, width * height);
	uint32_t id = self->n_learned % GLYPH_BOOK_MAX;
	self->glyphs[id] = (struct glyph){.at = self->pool_at,
	        .width = (uint8_t)width,
	        .height = (uint8_t)height,
	        .next = GLYPH_NONE};
	for (uint32_t row = 0; row < height; row++, pixels += stride)
		memcpy(self->pool + self->pool_at + row * width, pixels, (size_t)width * 4);
	self->pool_at += width * height;
	self->n_learned++;
	self->n_kept++;
	return id;
}
