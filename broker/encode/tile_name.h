/* The name of a tile: a keyed hash of its pixels, known to encode only; the wire carries slots.
 *
 * A page that could make two different tiles of one name could have one shown as the other. So the name is a universal hash: NH over
 * words of 64 bits (Black, Halevi, Krawczyk, Krovetz, Rogaway: UMAC, 1999), sum of (m[i] + k[i]) (m[i+1] + k[i+1]) with factors
 * modulo 2^64 and the sum modulo 2^128. For any two different tiles of one size, chosen without knowledge of the key, the sums are equal for
 * at most one key in 2^64; the same again with the key shifted by two words (Toeplitz) makes that 2^-128. No assumption about
 * an attacker's computing power is needed, only that the key stays secret: it is drawn by each encode, and nothing that the isolated host can
 * see depends on it. */
#ifndef SHOJI_ENCODE_TILE_NAME_H
#define SHOJI_ENCODE_TILE_NAME_H

#include "base/message.h"
#include "stream/picture.h"

#include <stdbool.h>
#include <stdint.h>

#define TILE_NAME_WORDS (PICTURE_TILE * PICTURE_TILE / 2)
#define TILE_NAME_KEY_WORDS (TILE_NAME_WORDS + 2)

struct tile_name {
	uint64_t sums[4];
	uint8_t width, height; /* 0: no name */
};

/* tile: at most PICTURE_TILE each way, on an image of stride_px. false: one of its pixels is not known (not IMAGE_SEEN). */
bool tile_name_make(struct tile_name *self, const uint64_t key[TILE_NAME_KEY_WORDS],
        const uint32_t *pixels, uint32_t stride_px, const struct rect *tile);
bool tile_name_equals(const struct tile_name *self, const struct tile_name *other);

#endif
