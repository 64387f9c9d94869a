/* argon2id hashes of passwords, as text that names its own parameters ("$argon2id$v=19$m=...").
 *
 * Checking a password against nobody costs the same as against somebody: a decoy hash of the same
 * parameters, made of random bytes that were forgotten at once, is checked instead. */
#ifndef SHOJI_HASH_ARGON2_H
#define SHOJI_HASH_ARGON2_H

#include <stdbool.h>
#include <stdint.h>

#define ARGON2_TEXT_MAX 128

struct argon2 {
	uint64_t memory_bytes;
	uint64_t passes;
	char decoy[ARGON2_TEXT_MAX + 1];
};

/* Computes the decoy: as slow as one hash. Returns 0, SHOJI_ERR_CONFIG (parameters outside what libsodium
 * takes) or SHOJI_ERR_MEMORY. */
int argon2_init(struct argon2 *self, uint32_t memory_kib, uint32_t passes);

/* Returns 0 or SHOJI_ERR_MEMORY. */
int argon2_make(const struct argon2 *self, const char *password, char out[ARGON2_TEXT_MAX + 1]);

/* stored "" or NULL: nobody; never true. */
bool argon2_matches(const struct argon2 *self, const char *password, const char *stored);

/* Whether a hash that matched was made with other parameters than ours. */
bool argon2_is_outdated(const struct argon2 *self, const char *stored);

#endif
