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
#define CLEAR_VOTES 64

struct slot {
	uint32_t hash;
	uint16_t line;
	uint16_t count; /* 0: free; a line that is there twice tells nothing */
};

struct span {
	uint32_t first, end; /* lines: [first, end) */
};

/* Of one guess. votes[LINES_MAX + d]: for a move by d lines. */
struct ballot {
	uint32_t n_lines; /* of the screen along the axis: no vote is for more */
	uint32_t n_votes, best;
};

/* One process, one thread. 130 KiB that would be much for a stack. */
static struct slot slots[SLOTS];
static uint32_t
        slots_mask; /* of those that are in use: few lines need few, which stay in the processor's first cache */
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
	uint32_t at = (hash ^ hash >> 13) & slots_mask;

	while (slots[at].count && slots[at].hash != hash)
		at = (at + 1) & slots_mask;
	return &slots[at];
}

static void clear_slots(uint32_t n_lines)
{
	slots_mask = 255;
	while (slots_mask < 2 * n_lines && slots_mask < SLOTS - 1)
		slots_mask = 2 * slots_mask + 1;
	memset(slots, 0, (slots_mask + 1) * sizeof(*slots));
}

static void count_vote(struct ballot *ballot, uint32_t at)
{
	votes[at]++;
	ballot->n_votes++;
	if (votes[at] > votes[ballot->best])
		ballot->best = at;
}

static void vote(
        struct ballot *ballot, const uint32_t *now, const uint32_t *before, uint32_t n_lines)
{
	clear_slots(n_lines);
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
			count_vote(ballot, LINES_MAX + i - slot->line);
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

static void sample(struct ballot *ballot, const struct image *image, const uint32_t *reference,
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
	vote(ballot, new_hashes, old_hashes, span.end - span.first);
}

/* Where something could have moved: tile columns (rows) with two marked tiles. Returns how many. */
static uint32_t find_eligible(
        const struct tiles *changed, enum scroll_axis axis, uint8_t eligible[TILES_SIDE(LINES_MAX)])
{
	uint32_t n_across = axis == SCROLL_VERTICAL ? changed->columns : changed->rows, n = 0;
	struct span span;

	for (uint32_t i = 0; i < n_across; i++)
		if (count_marked(changed, axis, i, &span) >= 2)
			eligible[n++] = (uint8_t)i;
	return n;
}

/* Nearly all that moved moved alike: a page is scrolled. */
static bool is_clear(const struct ballot *ballot)
{
	return votes[ballot->best] >= CLEAR_VOTES &&
	       votes[ballot->best] * 4u >= ballot->n_votes * 3;
}

/* Samples are spread over what has changed, the first ones too. Returns whether fewer than all of them made it clear. */
static bool sample_axis(struct ballot *ballot, const struct image *image, const uint32_t *reference,
        const struct tiles *changed, enum scroll_axis axis, bool may_end_early)
{
	static const uint8_t order[SAMPLES_MAX] = {1, 4, 2, 3, 0, 5};
	uint8_t eligible[TILES_SIDE(LINES_MAX)];
	uint32_t n_eligible = find_eligible(changed, axis, eligible);

	for (uint32_t i = 0; i < SAMPLES_MAX; i++) {
		uint32_t at = n_eligible <= SAMPLES_MAX
		                      ? order[i]
		                      : (2u * order[i] + 1) * n_eligible / (2 * SAMPLES_MAX);
		if (at >= n_eligible)
			continue;
		sample(ballot, image, reference, changed, axis, eligible[at]);
		if (may_end_early && i == 1 && is_clear(ballot))
			return true;
	}
	return false;
}

static size_t best_votes(
        struct ballot *ballot, enum scroll_axis axis, struct scroll_offset *offsets, size_t max)
{
	size_t n = 0;

	while (n < max && votes[ballot->best] >= VOTES_MIN) {
		int16_t distance = (int16_t)((int)ballot->best - LINES_MAX);
		offsets[n++] = axis == SCROLL_VERTICAL ? (struct scroll_offset){0, distance}
		                                       : (struct scroll_offset){distance, 0};
		votes[ballot->best] = 0;
		for (uint32_t i = LINES_MAX - ballot->n_lines; i <= LINES_MAX + ballot->n_lines;
		        i++)
			if (votes[i] > votes[ballot->best])
				ballot->best = i;
	}
	return n;
}

size_t scroll_guess(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, enum scroll_axis axis, bool *is_early,
        struct scroll_offset offsets[SCROLL_OFFSETS_MAX])
{
	struct ballot ballot = {
	        .n_lines = axis == SCROLL_VERTICAL ? changed->height : changed->width,
	        .best = LINES_MAX};

	make_key();
	memset(votes, 0, sizeof(votes));
	bool has_ended = sample_axis(&ballot, image, reference, changed, axis, is_early != NULL);
	if (is_early)
		*is_early = has_ended;
	return best_votes(&ballot, axis, offsets, has_ended ? 1 : SCROLL_OFFSETS_MAX - 1);
}
