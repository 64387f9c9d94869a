/* What encode knows of a viewer's history (stream/history.h): a name for each slot, no pixels.
 *
 * A row's name is that of a tile of one row (tile_name.h), folded from 256 bits to 128: two sums of 64 bit products modulo 2^128, of each its
 * upper half (MULTILINEAR: Lemire, Kaser, "Strongly universal string hashing is fast", 2014), each of which is equal for two different names for
 * one key in 2^64. So no page can make two different rows of one name but with a chance of 2^-127. */
#ifndef SHOJI_ENCODE_HISTORY_NAMES_H
#define SHOJI_ENCODE_HISTORY_NAMES_H

#include "stream/picture.h"

#include <stdbool.h>
#include <stdint.h>

#define HISTORY_HEADS PICTURE_HISTORY_SLOTS
#define HISTORY_NONE UINT32_MAX

struct history_name {
	uint64_t sums[2];
};

/* Of which nothing is touched before something is remembered. */
struct history_names {
	uint32_t next, n_held; /* as the viewer counts them */
	/* By slot. What is beyond n_held is of before, or nothing. */
	struct history_name names[PICTURE_HISTORY_SLOTS];
	uint8_t strides[PICTURE_HISTORY_SLOTS]; /* to the slot of the pixels below */
	/* The newest slot with such a hint, and the rest of the hint; or anything: who looks compares names. An older one is forgotten here, and
	 * still found beside its neighbours. */
	uint32_t heads[HISTORY_HEADS];
};

/* Of PICTURE_TILE pixels. false: one of them is not known (tile_name.h). key: TILE_NAME_KEY_WORDS. */
bool history_name_make(struct history_name *self, const uint64_t *key, const uint32_t *pixels);

/* A hash of PICTURE_TILE pixels that a page may well foresee: it only says where to look. And that of the pixels one to the right. */
uint32_t history_hint(const uint32_t *pixels);
uint32_t history_hint_on(uint32_t hint, const uint32_t *pixels);

/* At each BEGIN: nothing is held. */
void history_names_init(struct history_names *self);
/* The viewer remembers pixels in the next slot; those below come `stride` slots later. */
void history_names_add(struct history_names *self, const struct history_name *name, uint8_t stride);
/* What was added last is to be found by its hint. */
void history_names_seek(struct history_names *self, uint32_t hint);
/* A slot that may hold pixels with that hint; HISTORY_NONE: none does. */
uint32_t history_names_find(const struct history_names *self, uint32_t hint);
/* Whether a slot, counted around the ring, holds just these pixels. */
bool history_names_holds(
        const struct history_names *self, uint32_t slot, const struct history_name *name);

#endif
