/* Hashes tiles. The pixels are the isolated host's choice. */
#include "encode/tile_name.h"

#include "encode/image.h"

#include <string.h>

__extension__ typedef unsigned __int128 sum_t;

#define ROW_WORDS (PICTURE_TILE / 2)

struct sums {
	sum_t first, second;
	uint64_t seen; /* of all words */
};

static void add_row(struct sums *sums, const uint64_t *key, const uint32_t *pixels)
{
	uint64_t words[ROW_WORDS];

	memcpy(words, pixels, sizeof(words));
	for (uint32_t i = 0; i < ROW_WORDS; i += 2) {
		sums->seen &= words[i] & words[i + 1];
		sums->first += (sum_t)(words[i] + key[i]) * (words[i + 1] + key[i + 1]);
		sums->second += (sum_t)(words[i] + key[i + 2]) * (words[i + 1] + key[i + 3]);
	}
}

/* Tiles at the edges are filled up with what no tile has; their size is part of the name. */
static void add_short_row(
        struct sums *sums, const uint64_t *key, const uint32_t *pixels, uint32_t width)
{
	uint32_t filled[PICTURE_TILE];

	for (uint32_t i = 0; i < PICTURE_TILE; i++)
		filled[i] = i < width ? pixels[i] : IMAGE_SEEN;
	add_row(sums, key, filled);
}

bool tile_name_make(struct tile_name *self, const uint64_t key[TILE_NAME_KEY_WORDS],
        const uint32_t *pixels, uint32_t stride_px, const struct rect *tile)
{
	struct sums sums = {0, 0, ~0ull};
	const uint64_t seen = (uint64_t)IMAGE_SEEN << 32 | IMAGE_SEEN;

	pixels += (size_t)tile->y * stride_px + tile->x;
	for (uint32_t row = 0; row < tile->height; row++, pixels += stride_px)
		if (tile->width == PICTURE_TILE)
			add_row(&sums, key + (size_t)row * ROW_WORDS, pixels);
		else
			add_short_row(&sums, key + (size_t)row * ROW_WORDS, pixels, tile->width);
	if ((sums.seen & seen) != seen)
		return false;
	*self = (struct tile_name){{(uint64_t)sums.first, (uint64_t)(sums.first >> 64),
	                                   (uint64_t)sums.second, (uint64_t)(sums.second >> 64)},
	        (uint8_t)tile->width, (uint8_t)tile->height};
	return true;
}

bool tile_name_equals(const struct tile_name *self, const struct tile_name *other)
{
	return memcmp(self->sums, other->sums, sizeof(self->sums)) == 0 &&
	       self->width == other->width && self->height == other->height;
}
