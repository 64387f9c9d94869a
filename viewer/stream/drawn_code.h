/* How the pixels of text and drawings are said, row by row. The same functions write and read: who includes this file has before it
 *
 *   struct drawn_coder;
 *   static inline uint32_t drawn_bit(struct drawn_coder *, drawn_chance *, uint32_t shift, uint32_t bit);
 *   static inline uint32_t drawn_raw(struct drawn_coder *, uint32_t bit);
 *   static inline bool drawn_is_writer(const struct drawn_coder *);
 *
 * A writer's say the bit and return it; a reader's ignore it and return what was said. So the two cannot differ. Neighbourhoods are made
 * of greens: eleven bytes instead of eleven pixels, which tell nearly as much (docs/protocol.md, "What was tried").
 *
 * Work: for each pixel at most 40 bits, three entries. Any bytes are a picture. */
#ifndef SHOJI_STREAM_DRAWN_CODE_H
#define SHOJI_STREAM_DRAWN_CODE_H

#include "stream/drawn_field.h"
#include "stream/drawn_model.h"

#include <stdbool.h>
#include <string.h>

#define SHIFT_SOON 4 /* chances of what is seldom told follow quickly */
#define SHIFT_LATE 5
#define SURE_ENOUGH 2 /* a smaller neighbourhood that came true so often needs no larger one */
#define SURE_OLD 5
#define NO_COLOUR 0xffffffffu
#define DRAWN_AHEAD 8 /* pixels */

/* Where a pixel is: pointers into the field, with DRAWN_LEFT pixels before and DRAWN_RIGHT after. */
struct drawn_place {
	uint32_t *colour;      /* of the row; colour[-1] is left of it */
	const uint32_t *above; /* of the row above; above[0] */
	const uint32_t *above2;
	uint8_t *green;
	const uint8_t *green_above, *green_above2;
};

struct drawn_guess {
	drawn_entry *entry;
	uint32_t check, sure, colour;
};

static inline uint32_t drawn_load(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline void drawn_look_up(
        struct drawn_guess *guess, drawn_entry *table, uint32_t n_bits, uint64_t hash)
{
	guess->entry = &table[hash >> (64 - n_bits)];
	guess->check = (uint32_t)(hash >> 24) & 15;
	guess->sure = *guess->entry >> 28 == guess->check ? *guess->entry >> 24 & 15 : 0;
	guess->colour = *guess->entry & 0xffffff;
}

/* Far, near, close; a table is indexed by the upper bits. Multiplying and folding: the upper bits of a product depend on all below them. */
static inline void drawn_hash_all(const struct drawn_place *place, int32_t x, uint64_t hashes[3])
{
	/* Left: x-4..x-1; above: x-1..x+2; above that: x-1..x+2. */
	uint32_t left = drawn_load(place->green + x - 4);
	uint32_t above = drawn_load(place->green_above + x - 1);
	uint32_t above2 = drawn_load(place->green_above2 + x - 1);
	uint64_t close = (left >> 24 | (uint64_t)(above & 0xffffff) << 8) + 1;
	uint64_t near = close + ((uint64_t)(left >> 16 & 0xff) << 32 |
	                                (uint64_t)(above2 >> 8 & 0xff) << 40);
	uint64_t far = (above2 & 0xffffff) | (uint64_t)(above >> 24) << 24 |
	               (uint64_t)(left >> 8 & 0xff) << 32;

	close *= 0x9e3779b97f4a7c15u;
	near *= 0xc2b2ae3d27d4eb4fu;
	far = (far * 0xbf58476d1ce4e5b9u) ^ near;
	near ^= near >> 29;
	far ^= far >> 31;
	hashes[0] = far * 0x9e3779b97f4a7c15u;
	hashes[1] = near * 0x94d049bb133111ebu;
	hashes[2] = close;
}

static inline void drawn_guess_all(
        struct drawn_model *model, const uint64_t hashes[3], struct drawn_guess guesses[3])
{
	drawn_look_up(&guesses[0], model->far, DRAWN_FAR_BITS, hashes[0]);
	drawn_look_up(&guesses[1], model->near, DRAWN_NEAR_BITS, hashes[1]);
	drawn_look_up(&guesses[2], model->close, DRAWN_CLOSE_BITS, hashes[2]);
}

/* The neighbourhoods of a row's next pixels. */
struct drawn_ahead {
	uint64_t hashes[DRAWN_AHEAD][3];
	int32_t end; /* of those that are known */
};

/* Those of pixel x. A writer knows what comes after it: those entries are fetched meanwhile. The tables are larger than a processor's
 * caches, and waiting for them was two thirds of a writer's time. */
static inline const uint64_t *drawn_look_ahead(struct drawn_ahead *self,
        const struct drawn_coder *coder, const struct drawn_model *model,
        const struct drawn_place *place, int32_t x, int32_t width)
{
	int32_t end = drawn_is_writer(coder) ? x + DRAWN_AHEAD : x + 1;

	for (self->end = self->end > x ? self->end : x; self->end < end && self->end < width;
	        self->end++) {
		uint64_t *hashes = self->hashes[self->end % DRAWN_AHEAD];
		drawn_hash_all(place, self->end, hashes);
		if (!drawn_is_writer(coder))
			continue;
		__builtin_prefetch(&model->far[hashes[0] >> (64 - DRAWN_FAR_BITS)]);
		__builtin_prefetch(&model->near[hashes[1] >> (64 - DRAWN_NEAR_BITS)]);
		__builtin_prefetch(&model->close[hashes[2] >> (64 - DRAWN_CLOSE_BITS)]);
	}
	return self->hashes[x % DRAWN_AHEAD];
}

/* What was right becomes surer; what was wrong loses half, and its place when little is left. */
static inline void drawn_learn_colour(const struct drawn_guess *guess, uint32_t colour)
{
	drawn_entry entry = *guess->entry, fresh = guess->check << 28 | 1u << 24 | colour;
	uint32_t sure = entry >> 24 & 15;

	if (sure > 0 && entry >> 28 != guess->check)
		*guess->entry = sure > SURE_OLD ? entry - (1u << 24) : fresh;
	else if (sure > 0 && (entry & 0xffffff) == colour)
		*guess->entry = sure < DRAWN_SURE_MAX ? entry + (1u << 24) : entry;
	else if (sure > 2)
		*guess->entry = (entry & 0xf0ffffffu) | sure / 2 << 24;
	else
		*guess->entry = fresh;
}

/* A larger neighbourhood is noted only where the smaller one was not enough: so the tables hold several times as much. */
static inline void drawn_learn_all(const struct drawn_guess guesses[3], uint32_t colour)
{
	bool is_close = guesses[2].sure >= SURE_ENOUGH && guesses[2].colour == colour;
	bool is_near = guesses[1].sure >= SURE_ENOUGH && guesses[1].colour == colour;

	drawn_learn_colour(&guesses[2], colour);
	if (guesses[1].sure > 0 || !is_close)
		drawn_learn_colour(&guesses[1], colour);
	if (guesses[0].sure > 0 || !(guesses[1].sure > 0 ? is_near : is_close))
		drawn_learn_colour(&guesses[0], colour);
}

static inline uint32_t drawn_byte(struct drawn_coder *coder, drawn_chance tree[256], uint32_t value)
{
	uint32_t node = 1;

	for (uint32_t i = 8; i-- > 0;)
		node = node << 1 | drawn_bit(coder, &tree[node], SHIFT_SOON, value >> i & 1);
	return node & 0xff;
}

static inline uint32_t drawn_sign(uint32_t value, uint32_t green)
{
	return value > green + 6 ? 2 : value + 6 < green ? 1 : 0;
}

/* A colour that no guess told: its green, then red and blue, which mostly are those that this green had before, as text is made of the
 * colours between two. */
static inline uint32_t drawn_told(struct drawn_coder *coder, struct drawn_model *model,
        const struct drawn_place *place, int32_t x, uint32_t colour)
{
	uint32_t around = (place->green[x - 1] & 0xf0u) | (uint32_t)place->green_above[x] >> 4;
	uint32_t green = drawn_byte(coder, model->green[around], colour >> 8 & 0xff);
	uint32_t pair = colour & 0xff00ff, tint = model->tint;
	uint32_t *paired = &model->paired[green][tint], *last = &model->paired_last[green];

	if (drawn_bit(coder, &model->is_paired[tint], SHIFT_SOON, pair == *paired))
		pair = *paired;
	else if (*last != *paired &&
	         drawn_bit(coder, &model->is_paired_last[tint], SHIFT_SOON, pair == *last))
		pair = *last;
	else {
		uint32_t red = drawn_byte(coder, model->red, (colour - green) & 0xff);
		uint32_t blue = drawn_byte(coder, model->blue, ((colour >> 16) - green) & 0xff);
		pair = ((red + green) & 0xff) | ((blue + green) & 0xff) << 16;
	}
	model->tint = drawn_sign(pair & 0xff, green) * 3 + drawn_sign(pair >> 16, green);
	model->paired[green][model->tint] = *last = pair;
	return pair | green << 8;
}

/* How the smaller neighbourhoods' guesses stand to this one: nothing, the same, another. */
static inline uint32_t drawn_agreement(const struct drawn_guess guesses[3], uint32_t i)
{
	uint32_t agreement = 0;

	for (uint32_t j = i + 1; j < 3; j++)
		if (guesses[j].sure > 0)
			agreement |= (guesses[j].colour == guesses[i].colour ? 1u : 2u)
			             << 2 * (j - i - 1);
	return agreement;
}

/* not: a colour that it is known not to have, or NO_COLOUR. */
static inline uint32_t drawn_pixel(struct drawn_coder *coder, struct drawn_model *model,
        const struct drawn_place *place, const uint64_t hashes[3], int32_t x, uint32_t not,
        uint32_t colour)
{
	struct drawn_guess guesses[3];
	uint32_t tried[3] = {NO_COLOUR, NO_COLOUR, NO_COLOUR}, n_known = 0;

	drawn_guess_all(model, hashes, guesses);
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t guess = guesses[i].colour;
		n_known += guesses[i].sure > 0;
		if (guesses[i].sure == 0 || guess == not || guess == tried[0] || guess == tried[1])
			continue;
		drawn_chance *chance =
		        &model->comes_true[i][guesses[i].sure][drawn_agreement(guesses, i)];
		if (drawn_bit(coder, chance, SHIFT_LATE, colour == guess)) {
			drawn_learn_all(guesses, guess);
			return guess;
		}
		tried[i] = guess;
	}
	uint32_t above = place->above[x], left = place->colour[x - 1];
	bool is_new = above != not &&above != tried[0] && above != tried[1] && above != tried[2];
	if (is_new && drawn_bit(coder, &model->is_above[n_known], SHIFT_LATE, colour == above))
		colour = above;
	else if (left != above && left != not &&left != tried[0] && left != tried[1] &&
	         left != tried[2] &&
	         drawn_bit(coder, &model->is_left[n_known], SHIFT_LATE, colour == left))
		colour = left;
	else
		colour = drawn_told(coder, model, place, x, colour);
	drawn_learn_all(guesses, colour);
	return colour;
}

/* Everything around has the colour of its left neighbour. Greens first: they are mostly enough to say no. */
static inline bool drawn_is_plain(const struct drawn_place *place, int32_t x)
{
	uint32_t colour = place->colour[x - 1], green = place->green[x - 1] * 0x01010101u;

	if (drawn_load(place->green_above + x - 1) != green ||
	        ((drawn_load(place->green_above2 + x - 1) ^ green) & 0xffffff) != 0)
		return false;
	return place->colour[x - 2] == colour && place->above[x - 1] == colour &&
	       place->above[x] == colour && place->above[x + 1] == colour &&
	       place->above[x + 2] == colour && place->above2[x - 1] == colour &&
	       place->above2[x] == colour && place->above2[x + 1] == colour;
}

/* So many pixels from x on have only that colour above them. At least one, which drawn_is_plain() has seen. */
static inline uint32_t drawn_plain_length(
        const struct drawn_place *place, int32_t x, int32_t width, uint32_t colour)
{
	int32_t end = x + 1;

	while (end < width && place->above[end + 2] == colour && place->above2[end + 1] == colour)
		end++;
	return (uint32_t)(end - x);
}

static inline uint32_t drawn_bits_of(uint32_t value)
{
	return value == 0 ? 0 : 32 - (uint32_t)__builtin_clz(value);
}

/* After how many pixels of a run of `length` another colour comes: 0..length, which is none. */
static inline uint32_t drawn_run(
        struct drawn_coder *coder, struct drawn_model *model, uint32_t length, uint32_t run)
{
	uint32_t class = drawn_bits_of(length), n_bits = 0, wanted = drawn_bits_of(run);

	if (!drawn_bit(coder, &model->breaks[class], SHIFT_LATE, run < length))
		return length;
	while (n_bits < class &&
	        drawn_bit(coder, &model->run_size[class][n_bits], SHIFT_LATE, n_bits < wanted))
		n_bits++;
	if (n_bits == 0)
		return 0;
	uint32_t result = 1;
	for (uint32_t i = n_bits - 1; i-- > 0;)
		result = result << 1 | drawn_raw(coder, run >> i & 1);
	/* Foreign: no writer says so. */
	return result < length ? result : length - 1;
}

static inline void drawn_put(const struct drawn_place *place, int32_t x, uint32_t colour)
{
	place->colour[x] = colour;
	place->green[x] = (uint8_t)(colour >> 8);
}

static inline void drawn_row(struct drawn_coder *coder, struct drawn_model *model,
        const struct drawn_place *place, int32_t width)
{
	struct drawn_ahead ahead;

	ahead.end = 0;
	for (int32_t x = 0; x < width; x++) {
		uint32_t not = NO_COLOUR;
		if (drawn_is_plain(place, x)) {
			uint32_t length, run = 0;
			not = place->colour[x - 1];
			length = drawn_plain_length(place, x, width, not );
			while (drawn_is_writer(coder) && run < length &&
			        place->colour[x + (int32_t)run] == not )
				run++;
			run = drawn_run(coder, model, length, run);
			for (uint32_t i = 0; i < run && !drawn_is_writer(coder); i++)
				drawn_put(place, x + (int32_t)i, not );
			x += (int32_t)run;
			if (run == length) {
				x--;
				continue;
			}
		}
		const uint64_t *hashes = drawn_look_ahead(&ahead, coder, model, place, x, width);
		drawn_put(place, x,
		        drawn_pixel(coder, model, place, hashes, x, not, place->colour[x]));
	}
}

static inline struct drawn_place drawn_place_of(struct drawn_field *field, uint32_t row)
{
	size_t at = (size_t)(row + DRAWN_ABOVE) * DRAWN_STRIDE + DRAWN_LEFT;

	return (struct drawn_place){.colour = field->colours + at,
	        .above = field->colours + at - DRAWN_STRIDE,
	        .above2 = field->colours + at - (size_t)2 * DRAWN_STRIDE,
	        .green = field->greens + at,
	        .green_above = field->greens + at - DRAWN_STRIDE,
	        .green_above2 = field->greens + at - (size_t)2 * DRAWN_STRIDE};
}

#endif
