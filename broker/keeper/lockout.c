/* The buckets of failed sign-ins. The names in them were typed at terminals by anybody: hence a fixed size, and
 * nothing that depends on what else was typed. */
#include "keeper/lockout.h"

#include "base/error.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BACK_OFF_FIRST_MS 250
#define BACK_OFF_MAX_MS 4000

int lockout_init(struct lockout *self, const uint8_t key[LOCKOUT_KEY_BYTES], uint32_t failures_max,
        uint64_t lock_ms)
{
	*self = (struct lockout){.failures_max = failures_max, .lock_ms = lock_ms};
	memcpy(self->key, key, LOCKOUT_KEY_BYTES);
	self->entries = calloc(LOCKOUT_BUCKETS, sizeof(*self->entries));
	self->dirty = calloc(LOCKOUT_BUCKETS, sizeof(*self->dirty));
	if (self->entries && self->dirty)
		return 0;
	lockout_finish(self);
	return SHOJI_ERR_MEMORY;
}

void lockout_finish(struct lockout *self)
{
	free(self->entries);
	free(self->dirty);
	sodium_memzero(self, sizeof(*self));
}

void lockout_name(const struct lockout *self, const char *typed, uint8_t name[LOCKOUT_NAME_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, self->key, sizeof(self->key), LOCKOUT_NAME_BYTES);
	for (const char *at = typed; *at; at++) {
		unsigned char byte = (unsigned char)*at;
		if (byte >= 'A' && byte <= 'Z')
			byte = (unsigned char)(byte - 'A' + 'a');
		crypto_generichash_update(&state, &byte, 1);
	}
	crypto_generichash_final(&state, name, LOCKOUT_NAME_BYTES);
	sodium_memzero(&state, sizeof(state));
}

/* From the hash's end: its beginning is in audit records ("tried"). */
uint32_t lockout_bucket(const uint8_t name[LOCKOUT_NAME_BYTES])
{
	uint32_t number = 0;

	for (size_t i = LOCKOUT_NAME_BYTES - 4; i < LOCKOUT_NAME_BYTES; i++)
		number = number << 8 | name[i];
	return number % LOCKOUT_BUCKETS;
}

static void mark_dirty(struct lockout *self, uint32_t bucket)
{
	if (self->entries[bucket].is_dirty)
		return;
	self->entries[bucket].is_dirty = true;
	self->dirty[self->n_dirty++] = bucket;
}

/* What is over is forgotten: a lock, and failures that are as old as a lock would be. */
static struct lockout_entry *current(struct lockout *self, uint32_t bucket, uint64_t now_ms)
{
	struct lockout_entry *entry = &self->entries[bucket];
	bool is_over = entry->locked_until_ms ? entry->locked_until_ms <= now_ms
	                                      : now_ms - entry->last_ms >= self->lock_ms;

	if (entry->failures > 0 && is_over) {
		*entry = (struct lockout_entry){.is_dirty = entry->is_dirty};
		mark_dirty(self, bucket);
	}
	return entry;
}

uint64_t lockout_locked_for_ms(
        struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES], uint64_t now_ms)
{
	const struct lockout_entry *entry = current(self, lockout_bucket(name), now_ms);

	return entry->locked_until_ms > now_ms ? entry->locked_until_ms - now_ms : 0;
}

uint64_t lockout_not_before_ms(const struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES])
{
	return self->entries[lockout_bucket(name)].not_before_ms;
}

static uint64_t back_off_ms(uint32_t failures)
{
	uint64_t wait_ms = BACK_OFF_FIRST_MS;

	for (uint32_t i = 1; i < failures && wait_ms < BACK_OFF_MAX_MS; i++)
		wait_ms *= 2;
	return wait_ms < BACK_OFF_MAX_MS ? wait_ms : BACK_OFF_MAX_MS;
}

bool lockout_fail(struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES], uint64_t now_ms)
{
	uint32_t bucket = lockout_bucket(name);
	struct lockout_entry *entry = current(self, bucket, now_ms);

	mark_dirty(self, bucket);
	entry->last_ms = now_ms;
	if (entry->failures < UINT32_MAX)
		entry->failures++;
	entry->not_before_ms = now_ms + back_off_ms(entry->failures);
	if (entry->failures < self->failures_max)
		return false;
	entry->locked_until_ms = now_ms + self->lock_ms;
	entry->not_before_ms = 0;
	return true;
}

void lockout_clear(struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES])
{
	uint32_t bucket = lockout_bucket(name);
	struct lockout_entry *entry = &self->entries[bucket];

	if (entry->failures == 0)
		return;
	*entry = (struct lockout_entry){.is_dirty = entry->is_dirty};
	mark_dirty(self, bucket);
}

void lockout_saved(struct lockout *self)
{
	for (size_t i = 0; i < self->n_dirty; i++)
		self->entries[self->dirty[i]].is_dirty = false;
	self->n_dirty = 0;
}

int lockout_restore(struct lockout *self, uint32_t bucket, const struct lockout_entry *entry)
{
	if (bucket >= LOCKOUT_BUCKETS)
		return SHOJI_ERR_LIMIT;
	self->entries[bucket] = *entry;
	self->entries[bucket].is_dirty = false;
	return 0;
}
