/* Failed sign-ins in a row: each makes the next attempt wait longer, and after so many the name is locked
 * for a while. A name that nobody has is treated alike, so that a lock tells nothing.
 *
 * Counted in a fixed number of buckets, into which names fall by a keyed hash (lockout_name()). So nothing is ever
 * forgotten to make room, which somebody who tries thousands of names could see; whether a person exists plays no
 * part at all. Names that share a bucket share a lock: with the key secret nobody can bring that about, and the
 * hashes that a machine can compute within the time of a lock touch a few buckets of a hundred. Names themselves
 * are not kept: people type passwords into the wrong field. Times are milliseconds of CLOCK_MONOTONIC. */
#ifndef SHOJI_KEEPER_LOCKOUT_H
#define SHOJI_KEEPER_LOCKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOCKOUT_KEY_BYTES 32
#define LOCKOUT_NAME_BYTES 16
#define LOCKOUT_BUCKETS 65536

struct lockout_entry {
	bool is_dirty; /* differs from its row */
	uint32_t failures;
	uint64_t locked_until_ms; /* 0: not locked */
	uint64_t not_before_ms;   /* back-off: the next attempt is checked no earlier */
	uint64_t last_ms;
};

struct lockout {
	uint8_t key[LOCKOUT_KEY_BYTES];
	uint32_t failures_max;
	uint64_t lock_ms;
	struct lockout_entry *entries; /* owned, LOCKOUT_BUCKETS */
	uint32_t *dirty;               /* owned: numbers of those that are */
	size_t n_dirty;
};

/* 0 or SHOJI_ERR_MEMORY. */
int lockout_init(struct lockout *self, const uint8_t key[LOCKOUT_KEY_BYTES], uint32_t failures_max,
        uint64_t lock_ms);
void lockout_finish(struct lockout *self);

/* The keyed hash of a name as it was typed; letters A-Z count as a-z, as they do in ids. */
void lockout_name(const struct lockout *self, const char *typed, uint8_t name[LOCKOUT_NAME_BYTES]);
/* Below LOCKOUT_BUCKETS. */
uint32_t lockout_bucket(const uint8_t name[LOCKOUT_NAME_BYTES]);

/* Milliseconds for which the name stays locked; 0: it is not. */
uint64_t lockout_locked_for_ms(
        struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES], uint64_t now_ms);
/* When the next attempt may be checked; 0: at once. */
uint64_t lockout_not_before_ms(const struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES]);
/* One failure more. True: it is the one that locks. Failures are in a row when less than the time of a lock lies
 * between them: a guess a lock's time is no more than a lock permits. */
bool lockout_fail(struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES], uint64_t now_ms);
/* Signed in, or unlocked by an administrator. */
void lockout_clear(struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES]);

/* Everything that differs from its row has been written. */
void lockout_saved(struct lockout *self);
/* An entry from the database. SHOJI_ERR_LIMIT: no such bucket. */
int lockout_restore(struct lockout *self, uint32_t bucket, const struct lockout_entry *entry);

#endif
