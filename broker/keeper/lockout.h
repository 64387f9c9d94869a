/* Failed sign-ins in a row: each makes the next attempt wait longer, and after so many the name is locked
 * for a while. A name that nobody has is treated alike, so that a lock tells nothing.
 *
 * Names are kept as keyed hashes only (lockout_name()): people type passwords into the wrong field.
 * Times are milliseconds of CLOCK_MONOTONIC. */
#ifndef SHOJI_KEEPER_LOCKOUT_H
#define SHOJI_KEEPER_LOCKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOCKOUT_KEY_BYTES 32
#define LOCKOUT_NAME_BYTES 16
/* Names remembered. When it is full the oldest unlocked one that nobody has goes first, then the oldest
 * locked one that nobody has; known people are never forgotten (there are at most PEOPLE_MAX). */
#define LOCKOUT_UNKNOWN_MAX 4096
#define LOCKOUT_ENTRIES_MAX (LOCKOUT_UNKNOWN_MAX + 5000)

struct lockout_entry {
	uint8_t name[LOCKOUT_NAME_BYTES];
	bool is_known; /* a person of that name exists */
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
	struct lockout_entry *entries; /* owned */
	size_t n_entries, n_allocated;
};

void lockout_init(struct lockout *self, const uint8_t key[LOCKOUT_KEY_BYTES], uint32_t failures_max,
        uint64_t lock_ms);
void lockout_finish(struct lockout *self);

/* The keyed hash of a name as it was typed; letters A-Z count as a-z, as they do in ids. */
void lockout_name(const struct lockout *self, const char *typed, uint8_t name[LOCKOUT_NAME_BYTES]);

/* Milliseconds for which the name stays locked; 0: it is not. Forgets a lock that is over. */
uint64_t lockout_locked_for_ms(
        struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES], uint64_t now_ms);
/* When the next attempt may be checked; 0: at once. */
uint64_t lockout_not_before_ms(const struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES]);
/* One failure more. True: it is the one that locks. (Out of memory: the entry used longest ago makes
 * room, as when the table is full.) */
bool lockout_fail(struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES], bool is_known,
        uint64_t now_ms);
/* Signed in, or unlocked by an administrator. */
void lockout_clear(struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES]);

/* An entry from the database. SHOJI_ERR_LIMIT or SHOJI_ERR_MEMORY: not taken. */
int lockout_restore(struct lockout *self, const struct lockout_entry *entry);

#endif
