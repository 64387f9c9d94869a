/* All leases, one a slot. A slot is a range of user ids and is free again only when its lease is ENDED and
 * the row is gone from disk, so that no two isolated hosts ever share one. */
#ifndef SHOJI_KEEPER_LEASES_H
#define SHOJI_KEEPER_LEASES_H

#include "keeper/lease.h"

#include <stddef.h>

#define LEASES_SLOTS_MAX 1024

struct leases {
	struct lease *slots[LEASES_SLOTS_MAX]; /* owned; NULL: free */
	size_t n_usable;                       /* slots that new leases may take: sessions.max */
	size_t next_slot;
};

void leases_init(struct leases *self, size_t n_usable);
void leases_finish(struct leases *self);

/* A free slot, or -1. Walks round, so that a slot rests as long as possible before it is used again. */
int leases_free_slot(struct leases *self);
/* Moves *lease into a heap copy at lease->slot, owned by the table. NULL: no memory. SHOJI's own bug when
 * the slot is taken. */
struct lease *leases_add(struct leases *self, const struct lease *lease);
void leases_remove(struct leases *self, struct lease *lease);

struct lease *leases_find(const struct leases *self, uint64_t id);
struct lease *leases_find_cookie(const struct leases *self, const uint8_t cookie[TOKEN_HASH_BYTES]);
/* The person's live lease, if any. */
struct lease *leases_find_person(const struct leases *self, const char *person);
size_t leases_count(const struct leases *self, enum lease_state state);

/* for (size_t at = 0; (lease = leases_next(self, &at));) */
struct lease *leases_next(const struct leases *self, size_t *at);

#endif
