/* An index of glyphs: sets of a few places. A page that makes many glyphs of one hash only makes them not to be found. */
#include "encode/glyph_find.h"

#include "encode/image.h"

#include <string.h>

static const uint32_t *row_of(const struct image *image, const struct rect *box, uint32_t row)
{
	return image->pixels + (size_t)(box->y + row) * image->width + box->x;
}

uint32_t glyph_hash(const struct image *image, const struct rect *box)
{
	uint64_t hash = (uint64_t)box->width << 8 | box->height;

	for (uint32_t row = 0; row < box->height; row++) {
		const uint32_t *pixels = row_of(image, box, row);
		for (uint32_t i = 0; i < box->width; i++)
			hash = (hash ^ pixels[i]) * 0x9e3779b97f4a7c15u + (hash >> 47);
	}
	return (uint32_t)(hash >> 32);
}

static bool is_same(const struct glyph_book *book, const struct glyph *glyph,
        const struct image *image, const struct rect *box)
{
	if (glyph->width != box->width || glyph->height != box->height)
		return false;
	for (uint32_t row = 0; row < box->height; row++)
		if (memcmp(book->pool + glyph->at + row * glyph->width, row_of(image, box, row),
		            (size_t)box->width * 4) != 0)
			return false;
	return true;
}

uint32_t glyph_find(const struct glyph_book *book, const struct image *image,
        const struct rect *box, uint32_t hash)
{
	const uint16_t *set = book->found[hash % GLYPH_BOOK_MAX];

	for (uint32_t i = 0; i < GLYPH_WAYS; i++)
		if (book->hashes[set[i]] == hash &&
		        is_same(book, &book->glyphs[set[i]], image, box))
			return set[i];
	return GLYPH_NONE;
}

uint32_t glyph_learn(
        struct glyph_book *book, const struct image *image, const struct rect *box, uint32_t hash)
{
	uint32_t id = glyph_book_learn(
	        book, row_of(image, box, 0), image->width, box->width, box->height);
	uint16_t *set = book->found[hash % GLYPH_BOOK_MAX];

	memmove(set + 1, set, (GLYPH_WAYS - 1) * sizeof(set[0]));
	set[0] = (uint16_t)id;
	book->hashes[id] = hash;
	return id;
}
