/* The table of leases. Reads no foreign bytes: ids and cookies come here as numbers and hashes. */
#include "keeper/leases.h"

#include "base/ensure.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void leases_init(struct leases *self, size_t n_usable)
{
	memset(self, 0, sizeof(*self));
	self->n_usable = n_usable < LEASES_SLOTS_MAX ? n_usable : LEASES_SLOTS_MAX;
}

void leases_finish(struct leases *self)
{
	for (size_t i = 0; i < LEASES_SLOTS_MAX; i++)
		if (self->slots[i])
			leases_remove(self, self->slots[i]);
}

int leases_free_slot(struct leases *self)
{
	for (size_t i = 0; i < self->n_usable; i++) {
		size_t slot = (self->next_slot + i) % self->n_usable;
		if (self->slots[slot])
			continue;
		self->next_slot = slot + 1;
		return (int)slot;
	}
	return -1;
}

struct lease *leases_add(struct leases *self, const struct lease *lease)
{
	struct lease *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	ensure(lease->slot < LEASES_SLOTS_MAX && !self->slots[lease->slot]);
	*copy = *lease;
	self->slots[copy->slot] = copy;
	return copy;
}

void leases_remove(struct leases *self, struct lease *lease)
{
	ensure(self->slots[lease->slot] == lease);
	self->slots[lease->slot] = NULL;
	sodium_memzero(lease, sizeof(*lease));
	free(lease);
}

struct lease *leases_next(const struct leases *self, size_t *at)
{
	while (*at < LEASES_SLOTS_MAX) {
		struct lease *lease = self->slots[(*at)++];
		if (lease)
			return lease;
	}
	return NULL;
}

struct lease *leases_find(const struct leases *self, uint64_t id)
{
	struct lease *lease;

	for (size_t at = 0; (lease = leases_next(self, &at));)
		if (lease->id == id)
			return lease;
	return NULL;
}

struct lease *leases_find_cookie(const struct leases *self, const uint8_t cookie[TOKEN_HASH_BYTES])
{
	struct lease *lease;

	for (size_t at = 0; (lease = leases_next(self, &at));)
		if (lease_is_live(lease) && token_is_equal(lease->cookie, cookie))
			return lease;
	return NULL;
}

struct lease *leases_find_person(const struct leases *self, const char *person)
{
	struct lease *lease;

	for (size_t at = 0; (lease = leases_next(self, &at));)
		if (lease_is_live(lease) && strcmp(lease->person, person) == 0)
			return lease;
	return NULL;
}

size_t leases_count(const struct leases *self, enum lease_state state)
{
	struct lease *lease;
	size_t count = 0;

	for (size_t at = 0; (lease = leases_next(self, &at));)
		count += lease->state == state;
	return count;
}
