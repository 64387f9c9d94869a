/* Names rows of pixels, which are the isolated host's choice, and counts along with the viewer which slot holds which. */
#include "encode/history_names.h"

#include "encode/tile_name.h"

__extension__ typedef unsigned __int128 sum_t;

#define SLOTS_MASK (PICTURE_HISTORY_SLOTS - 1u)
#define SLOT_BITS (31 - __builtin_clz(PICTURE_HISTORY_SLOTS))
/* Words of the key that the name of one row does not use. */
#define FOLD_KEY (2 * PICTURE_TILE)
#define FOLD_WORDS 4

static uint64_t fold(const uint64_t words[FOLD_WORDS], const uint64_t *key)
{
	sum_t sum = (sum_t)key[0] << 64 | key[1];

	for (uint32_t i = 0; i < FOLD_WORDS; i++, key += 2)
		sum += ((sum_t)key[2] << 64 | key[3]) * words[i];
	return (uint64_t)(sum >> 64);
}

bool history_name_make(struct history_name *self, const uint64_t *key, const uint32_t *pixels)
{
	struct tile_name tile;

	if (!tile_name_make(
	            &tile, key, pixels, PICTURE_TILE, &(struct rect){0, 0, PICTURE_TILE, 1}))
		return false;
	self->sums[0] = fold(tile.sums, key + FOLD_KEY);
	self->sums[1] = fold(tile.sums, key + FOLD_KEY + 2 * (FOLD_WORDS + 1));
	return true;
}

/* A polynomial modulo 2^32, the pixel to the left with the highest power. */
#define HINT_BASE 0x9e3779b1u
#define HINT_LEAVES 0x2f9f4c01u /* HINT_BASE to the power of PICTURE_TILE */

uint32_t history_hint(const uint32_t *pixels)
{
	uint32_t hint = 0;

	for (uint32_t i = 0; i < PICTURE_TILE; i++)
		hint = hint * HINT_BASE + pixels[i];
	return hint;
}

uint32_t history_hint_on(uint32_t hint, const uint32_t *pixels)
{
	return hint * HINT_BASE + pixels[PICTURE_TILE] - pixels[0] * HINT_LEAVES;
}

/* An entry of heads is the rest of a hint, then the slot. */
static uint32_t head_of(uint32_t hint)
{
	return hint >> (32 - SLOT_BITS);
}

static uint32_t entry_of(uint32_t hint, uint32_t slot)
{
	return hint << SLOT_BITS | slot;
}

void history_names_init(struct history_names *self)
{
	self->next = self->n_held = 0;
}

void history_names_add(struct history_names *self, const struct history_name *name, uint8_t stride)
{
	self->names[self->next] = *name;
	self->strides[self->next] = stride;
	self->next = (self->next + 1) & SLOTS_MASK;
	if (self->n_held < PICTURE_HISTORY_SLOTS)
		self->n_held++;
}

void history_names_seek(struct history_names *self, uint32_t hint)
{
	self->heads[head_of(hint)] = entry_of(hint, (self->next - 1) & SLOTS_MASK);
}

uint32_t history_names_find(const struct history_names *self, uint32_t hint)
{
	uint32_t entry = self->heads[head_of(hint)], slot = entry & SLOTS_MASK;

	return entry == entry_of(hint, slot) && slot < self->n_held ? slot : HISTORY_NONE;
}

bool history_names_holds(
        const struct history_names *self, uint32_t slot, const struct history_name *name)
{
	slot &= SLOTS_MASK;
	return slot < self->n_held && self->names[slot].sums[0] == name->sums[0] &&
	       self->names[slot].sums[1] == name->sums[1];
}
