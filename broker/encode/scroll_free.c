/* Guesses where something moved in both directions at once: a window, a map under the hand. Looked for only where lines explain little, since
 * every pixel of what changed is looked at. Short runs of pixels that begin at an edge and whose hash happens to be of a certain form are the
 * same ones wherever they are: those of the old image go into a table, those of the new one vote for where they came from. */
#include "encode/scroll.h"

#include "encode/image.h"
#include "encode/tiles.h"

#include <stdbool.h>
#include <string.h>

#define RUN 8          /* pixels */
#define PLAIN 16       /* pixels that are looked at together */
#define CHOSEN_MASK 31 /* one run in 32 */
#define ROW_STEP 4     /* of the new image every fourth row */
#define SLOTS 16384    /* a power of two */
#define FILLED_MAX (SLOTS / 2)
#define VOTES 2048 /* a power of two */
#define VOTERS_MAX (VOTES / 2)
#define VOTES_MIN 8

struct place {
	uint32_t hash;
	uint16_t x, y;
	uint16_t count; /* 0: free; there twice, it tells nothing */
};

struct ballot {
	int16_t dx, dy;
	uint16_t count;
};

/* One process, one thread. */
static struct place places[SLOTS];
static struct ballot ballots[VOTES];
static uint32_t n_places, n_voters;

typedef void (*run_fn)(uint32_t hash, uint16_t x, uint16_t y);

/* Two pixels at a time, and none waits for the one before: this is most of the search's time. */
static uint32_t run_hash(const uint32_t *pixels)
{
	static const uint64_t factors[RUN / 2] = {
	        0x9e3779b97f4a7c15u, 0xc2b2ae3d27d4eb4fu, 0xbf58476d1ce4e5b9u, 0x94d049bb133111ebu};
	uint64_t hash = 0, pair;

	for (uint32_t i = 0; i < RUN / 2; i++) {
		memcpy(&pair, pixels + 2 * i, sizeof(pair));
		hash += (pair & 0x00ffffff00ffffffu) * factors[i];
	}
	return (uint32_t)(hash >> 32);
}

/* Whether the next pixels all have the colour of the one before: paper, mostly, and in one go. */
static bool is_plain(const uint32_t *pixels)
{
	uint32_t differs = 0;

	for (int32_t i = 0; i < PLAIN; i++)
		differs |= pixels[i] ^ pixels[i - 1];
	return differs == 0;
}

/* Runs within one tile's row: [0, width). The run below is a part of the hash: enlarged pictures have each row twice. */
static void visit_row(const uint32_t *pixels, uint32_t stride_px, uint16_t x, uint16_t y,
        uint32_t width, run_fn on_run)
{
	for (uint32_t i = 1; i + RUN <= width; i++) {
		if (i % PLAIN == 1 && i + PLAIN <= width && is_plain(pixels + i)) {
			i += PLAIN - 1;
			continue;
		}
		/* An edge, and no long one: a line of one colour is everywhere. */
		if (pixels[i] == pixels[i - 1] ||
		        (pixels[i] == pixels[i + 1] && pixels[i] == pixels[i + 2]))
			continue;
		uint32_t hash = run_hash(pixels + i);
		if ((hash & CHOSEN_MASK) != 0)
			continue;
		hash += run_hash(pixels + stride_px + i) * 0x9e3779b1u;
		on_run(hash, (uint16_t)(x + i), y);
	}
}

static void visit(
        const uint32_t *pixels, const struct tiles *changed, uint32_t row_step, run_fn on_run)
{
	for (uint32_t row = 0; row < changed->rows; row++)
		for (uint32_t column = 0; column < changed->columns; column++) {
			if (!changed->is_marked[row][column])
				continue;
			struct rect tile = tiles_area(changed, column, row);
			for (uint32_t i = 0; i + 1 < tile.height; i += row_step)
				visit_row(pixels + (size_t)(tile.y + i) * changed->width + tile.x,
				        changed->width, tile.x, (uint16_t)(tile.y + i), tile.width,
				        on_run);
		}
}

static struct place *find(uint32_t hash)
{
	uint32_t at = (hash >> 5) & (SLOTS - 1);

	while (places[at].count && places[at].hash != hash)
		at = (at + 1) & (SLOTS - 1);
	return &places[at];
}

static void remember(uint32_t hash, uint16_t x, uint16_t y)
{
	struct place *place = find(hash);

	if (place->count == 0 && n_places++ >= FILLED_MAX)
		return;
	*place = (struct place){hash, x, y, (uint16_t)(place->count ? 2 : 1)};
}

static void vote(uint32_t hash, uint16_t x, uint16_t y)
{
	const struct place *place = find(hash);
	int16_t dx = (int16_t)(x - place->x), dy = (int16_t)(y - place->y);

	if (place->count != 1 || (dx == 0 && dy == 0) || n_voters++ >= VOTERS_MAX)
		return;
	uint32_t at = ((uint32_t)dx * 0x9e3779b1u ^ (uint32_t)dy * 0x85ebca6bu) >> 16 & (VOTES - 1);
	while (ballots[at].count && (ballots[at].dx != dx || ballots[at].dy != dy))
		at = (at + 1) & (VOTES - 1);
	ballots[at] = (struct ballot){dx, dy, (uint16_t)(ballots[at].count + 1)};
}

size_t scroll_guess_free(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, struct scroll_offset offsets[SCROLL_OFFSETS_MAX])
{
	size_t n = 0;

	memset(places, 0, sizeof(places));
	memset(ballots, 0, sizeof(ballots));
	n_places = n_voters = 0;
	visit(reference, changed, 1, remember);
	visit(image->pixels, changed, ROW_STEP, vote);
	while (n < SCROLL_OFFSETS_MAX) {
		struct ballot *best = &ballots[0];
		for (uint32_t i = 1; i < VOTES; i++)
			if (ballots[i].count > best->count)
				best = &ballots[i];
		if (best->count < VOTES_MIN)
			break;
		offsets[n++] = (struct scroll_offset){best->dx, best->dy};
		best->count = 0;
	}
	return n;
}
