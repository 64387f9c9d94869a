/* Guesses by how far content was moved: rows (or columns) of a few sampled tile columns (rows) are hashed in the old
 * image and looked up from the new one; the offsets that many agree on win. */
#include "encode/scroll.h"

#include "encode/image.h"
#include "encode/tiles.h"

#include <stdbool.h>
#include <string.h>

#define SAMPLES_MAX 6 /* tile columns or rows that are looked at */
#define SAMPLE_WIDTH 32
#define LINES_MAX PICTURE_WIDTH_MAX
#define SLOTS 8192  /* of the hash table; above LINES_MAX, a power of two */
#define VOTES_MIN 8 /* rows that must agree before it is worth verifying */

struct slot {
	uint32_t hash;
	uint16_t line;
	uint16_t count; /* 0: free; a line that is there twice tells nothing */
};

struct span {
	uint32_t first, end; /* lines: [first, end) */
};

/* One process, one thread. 130 KiB that would be much for a stack. */
static struct slot slots[SLOTS];
static uint16_t votes[2 * LINES_MAX + 1];
static uint32_t new_hashes[LINES_MAX], old_hashes[LINES_MAX];
static uint32_t row_key[PICTURE_TILE];

static void make_key(void)
{
	for (uint32_t i = 0; i < PICTURE_TILE; i++)
		row_key[i] = (i + 1) * 0x9e3779b1u ^ (i + 7) * 0x85ebca6bu << 3;
}

/* Never 0 for a line with content; 0 for a line of one colour, which is found everywhere. NH (see tile_name.h) with 32-bit words and a
 * key that is no secret: products that do not wait for each other, which the compiler makes vector instructions of. What it
 * hits by chance, or by a page's intent, is verified and costs time only. */
static uint32_t row_hash(const uint32_t *pixels, uint32_t n)
{
	uint64_t sum = n & 1 ? pixels[n - 1] * (uint64_t)0x9e3779b1u : 0;
	uint32_t differs = 0;

	for (uint32_t i = 0; i + 1 < n; i += 2)
		sum += (uint64_t)(pixels[i] + row_key[i]) *
		       (uint32_t)(pixels[i + 1] + row_key[i + 1]);
	for (uint32_t i = 0; i < n; i++)
		differs |= pixels[i] ^ pixels[0];
	return differs ? (uint32_t)(sum >> 32 ^ sum) | 1u : 0;
}

static void hash_rows(
        const uint32_t *pixels, uint32_t stride, const struct rect *area, uint32_t *hashes)
{
	for (uint32_t i = 0; i < area->height; i++)
		hashes[i] =
		        row_hash(pixels + (size_t)(area->y + i) * stride + area->x, area->width);
}

/* All columns of an area at once, row by row: memory is read in its order. */
static void hash_columns(
        const uint32_t *pixels, uint32_t stride, const struct rect *area, uint32_t *hashes)
{
	static uint32_t differs[LINES_MAX];
	const uint32_t width = area->width; /* a copy: see image_take() */
	const uint32_t *first = pixels + (size_t)area->y * stride + area->x;

	for (uint32_t i = 0; i < width; i++) {
		hashes[i] = first[i];
		differs[i] = 0;
	}
	for (uint32_t row = 1; row < area->height; row++) {
		const uint32_t *at = first + (size_t)row * stride;
		for (uint32_t i = 0; i < width; i++) {
			differs[i] |= at[i] ^ first[i];
			hashes[i] = (hashes[i] ^ at[i]) * 0x9e3779b1u;
			hashes[i] ^= hashes[i] >> 15;
		}
	}
	for (uint32_t i = 0; i < width; i++)
		hashes[i] = differs[i] ? hashes[i] | 1u : 0;
}

static struct slot *find(uint32_t hash)
{
	uint32_t at = (hash ^ hash >> 13) & (SLOTS - 1);

	while (slots[at].count && slots[at].hash != hash)
		at = (at + 1) & (SLOTS - 1);
	return &slots[at];
}

static void vote(const uint32_t *now, const uint32_t *before, uint32_t n_lines)
{
	memset(slots, 0, sizeof(slots));
	for (uint32_t i = 0; i < n_lines; i++) {
		if (!before[i])
			continue;
		struct slot *slot = find(before[i]);
		*slot = (struct slot){before[i], (uint16_t)i, (uint16_t)(slot->count ? 2 : 1)};
	}
	for (uint32_t i = 0; i < n_lines; i++) {
		if (!now[i] || now[i] == before[i])
			continue;
		const struct slot *slot = find(now[i]);
		if (slot->count == 1)
			votes[LINES_MAX + i - slot->line]++;
	}
}

/* Marked tiles along one tile column (row), and the lines from the first to the last of them. */
static uint32_t count_marked(
        const struct tiles *changed, enum scroll_axis axis, uint32_t across, struct span *span)
{
	uint32_t n_along = axis == SCROLL_VERTICAL ? changed->rows : changed->columns;
	uint32_t length = axis == SCROLL_VERTICAL ? changed->height : changed->width;
	uint32_t n_marked = 0;

	for (uint32_t i = 0; i < n_along; i++) {
		if (axis == SCROLL_VERTICAL ? !changed->is_marked[i][across]
		                            : !changed->is_marked[across][i])
			continue;
		if (n_marked++ == 0)
			span->first = i * PICTURE_TILE;
		span->end = (i + 1) * PICTURE_TILE < length ? (i + 1) * PICTURE_TILE : length;
	}
	return n_marked;
}

static struct rect sample_area(const struct tiles *changed, enum scroll_axis axis, uint32_t across,
        const struct span *span)
{
	struct rect tile = axis == SCROLL_VERTICAL ? tiles_area(changed, across, 0)
	                                           : tiles_area(changed, 0, across);

	if (axis == SCROLL_VERTICAL)
		return (struct rect){tile.x, (uint16_t)span->first, tile.width,
		        (uint16_t)(span->end - span->first)};
	return (struct rect){
	        (uint16_t)span->first, tile.y, (uint16_t)(span->end - span->first), tile.height};
}

/* Each line with the three after it: text has many lines that are alike, and few neighbourhoods. */
static void join_lines(uint32_t *hashes, uint32_t n)
{
	for (uint32_t i = 0; i + 3 < n; i++) {
		uint32_t all = hashes[i] | hashes[i + 1] | hashes[i + 2] | hashes[i + 3];
		uint32_t joined =
		        ((hashes[i] * 0x9e3779b1u + hashes[i + 1]) * 0x9e3779b1u + hashes[i + 2]) *
		                0x9e3779b1u +
		        hashes[i + 3];
		hashes[i] = all ? joined | 1u : 0;
	}
	for (uint32_t i = n > 3 ? n - 3 : 0; i < n; i++)
		hashes[i] = 0;
}

static void sample(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, enum scroll_axis axis, uint32_t across)
{
	struct span span;

	/* Within one tile only lines that stay inside it could match. */
	if (count_marked(changed, axis, across, &span) < 2)
		return;
	struct rect area = sample_area(changed, axis, across, &span);
	/* Of a sampled tile column (row) the part in the middle: as good a witness as the whole. */
	if (axis == SCROLL_VERTICAL && area.width > SAMPLE_WIDTH) {
		area.x = (uint16_t)(area.x + (area.width - SAMPLE_WIDTH) / 2);
		area.width = SAMPLE_WIDTH;
	}
	if (axis == SCROLL_VERTICAL) {
		hash_rows(image->pixels, image->width, &area, new_hashes);
		hash_rows(reference, image->width, &area, old_hashes);
	} else {
		hash_columns(image->pixels, image->width, &area, new_hashes);
		hash_columns(reference, image->width, &area, old_hashes);
	}
	join_lines(new_hashes, span.end - span.first);
	join_lines(old_hashes, span.end - span.first);
	vote(new_hashes, old_hashes, span.end - span.first);
}

/* Samples are spread over what has changed: the n-th of every n_eligible / SAMPLES_MAX. */
static void sample_axis(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, enum scroll_axis axis)
{
	uint32_t n_across = axis == SCROLL_VERTICAL ? changed->columns : changed->rows;
	uint32_t n_eligible = 0, seen = 0;
	struct span span;

	memset(votes, 0, sizeof(votes));
	for (uint32_t i = 0; i < n_across; i++)
		n_eligible += count_marked(changed, axis, i, &span) >= 2;
	for (uint32_t i = 0; i < n_across; i++) {
		if (count_marked(changed, axis, i, &span) < 2)
			continue;
		if (n_eligible <= SAMPLES_MAX ||
		        (seen + 1) * SAMPLES_MAX / n_eligible > seen * SAMPLES_MAX / n_eligible)
			sample(image, reference, changed, axis, i);
		seen++;
	}
}

static size_t best_votes(enum scroll_axis axis, struct scroll_offset *offsets, size_t max)
{
	size_t n = 0;

	while (n < max) {
		uint32_t best = 0;
		for (uint32_t i = 1; i <= 2 * LINES_MAX; i++)
			if (votes[i] > votes[best])
				best = i;
		if (votes[best] < VOTES_MIN)
			break;
		votes[best] = 0;
		int16_t distance = (int16_t)((int)best - LINES_MAX);
		offsets[n++] = axis == SCROLL_VERTICAL ? (struct scroll_offset){0, distance}
		                                       : (struct scroll_offset){distance, 0};
	}
	return n;
}

size_t scroll_guess(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, enum scroll_axis axis,
        struct scroll_offset offsets[SCROLL_OFFSETS_MAX])
{
	make_key();
	sample_axis(image, reference, changed, axis);
	return best_votes(axis, offsets, SCROLL_OFFSETS_MAX - 1);
}
