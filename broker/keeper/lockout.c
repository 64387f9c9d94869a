/* The table of failed sign-ins. The names in it were typed at terminals by anybody: hence a bound. */
#include "keeper/lockout.h"

#include "base/error.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BACK_OFF_FIRST_MS 250
#define BACK_OFF_MAX_MS 4000

void lockout_init(struct lockout *self, const uint8_t key[LOCKOUT_KEY_BYTES], uint32_t failures_max,
        uint64_t lock_ms)
{
	*self = (struct lockout){.failures_max = failures_max, .lock_ms = lock_ms};
	memcpy(self->key, key, LOCKOUT_KEY_BYTES);
}

void lockout_finish(struct lockout *self)
{
	free(self->entries);
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

static struct lockout_entry *find(
        const struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES])
{
	for (size_t i = 0; i < self->n_entries; i++)
		if (memcmp(self->entries[i].name, name, LOCKOUT_NAME_BYTES) == 0)
			return &self->entries[i];
	return NULL;
}

uint64_t lockout_locked_for_ms(
        struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES], uint64_t now_ms)
{
	struct lockout_entry *entry = find(self, name);

	if (!entry || !entry->locked_until_ms)
		return 0;
	if (entry->locked_until_ms > now_ms)
		return entry->locked_until_ms - now_ms;
	lockout_clear(self, name);
	return 0;
}

uint64_t lockout_not_before_ms(const struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES])
{
	const struct lockout_entry *entry = find(self, name);

	return entry ? entry->not_before_ms : 0;
}

/* Which of two entries should rather be forgotten. */
static bool is_staler(const struct lockout_entry *a, const struct lockout_entry *b)
{
	if (a->is_known != b->is_known)
		return !a->is_known;
	if ((a->locked_until_ms == 0) != (b->locked_until_ms == 0))
		return a->locked_until_ms == 0;
	return a->last_ms < b->last_ms;
}

static struct lockout_entry *stalest(const struct lockout *self)
{
	struct lockout_entry *found = NULL;

	for (size_t i = 0; i < self->n_entries; i++)
		if (!found || is_staler(&self->entries[i], found))
			found = &self->entries[i];
	return found;
}

static size_t count_unknown(const struct lockout *self)
{
	size_t count = 0;

	for (size_t i = 0; i < self->n_entries; i++)
		count += !self->entries[i].is_known;
	return count;
}

static struct lockout_entry *grow(struct lockout *self)
{
	if (self->n_entries < self->n_allocated)
		return &self->entries[self->n_entries++];
	size_t n_wanted = self->n_allocated ? self->n_allocated * 2 : 64;
	if (n_wanted > LOCKOUT_ENTRIES_MAX)
		n_wanted = LOCKOUT_ENTRIES_MAX;
	if (n_wanted == self->n_allocated)
		return NULL;
	void *entries = realloc(self->entries, n_wanted * sizeof(*self->entries));
	if (!entries)
		return NULL;
	self->entries = entries;
	self->n_allocated = n_wanted;
	return &self->entries[self->n_entries++];
}

static struct lockout_entry *make_room(struct lockout *self, bool is_known)
{
	bool is_full = !is_known && count_unknown(self) >= LOCKOUT_UNKNOWN_MAX;
	struct lockout_entry *entry = is_full ? NULL : grow(self);

	if (!entry)
		entry = stalest(self);
	if (entry)
		*entry = (struct lockout_entry){.is_known = is_known};
	return entry;
}

static uint64_t back_off_ms(uint32_t failures)
{
	uint64_t wait_ms = BACK_OFF_FIRST_MS;

	for (uint32_t i = 1; i < failures && wait_ms < BACK_OFF_MAX_MS; i++)
		wait_ms *= 2;
	return wait_ms < BACK_OFF_MAX_MS ? wait_ms : BACK_OFF_MAX_MS;
}

bool lockout_fail(struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES], bool is_known,
        uint64_t now_ms)
{
	struct lockout_entry *entry = find(self, name);

	if (!entry) {
		entry = make_room(self, is_known);
		if (!entry)
			return false;
		memcpy(entry->name, name, LOCKOUT_NAME_BYTES);
	}
	entry->is_known = is_known;
	entry->is_dirty = true;
	entry->last_ms = now_ms;
	entry->failures++;
	entry->not_before_ms = now_ms + back_off_ms(entry->failures);
	if (entry->failures < self->failures_max)
		return false;
	entry->locked_until_ms = now_ms + self->lock_ms;
	entry->not_before_ms = 0;
	return true;
}

/* The entry stays, at zero: its row must be rewritten. It is the first to be forgotten. */
void lockout_clear(struct lockout *self, const uint8_t name[LOCKOUT_NAME_BYTES])
{
	struct lockout_entry *entry = find(self, name);

	if (!entry)
		return;
	entry->failures = 0;
	entry->locked_until_ms = 0;
	entry->not_before_ms = 0;
	entry->is_dirty = true;
}

int lockout_restore(struct lockout *self, const struct lockout_entry *entry)
{
	struct lockout_entry *place;

	if (!entry->is_known && count_unknown(self) >= LOCKOUT_UNKNOWN_MAX)
		return SHOJI_ERR_LIMIT;
	place = grow(self);
	if (!place)
		return SHOJI_ERR_MEMORY;
	*place = *entry;
	return 0;
}
