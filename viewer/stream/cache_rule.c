/* A list of slots by age. Slots are checked by the callers. */
#include "stream/cache_rule.h"

void cache_rule_init(struct cache_rule *self, uint16_t n_slots)
{
	self->n_slots = n_slots;
	self->oldest = 0;
	self->newest = (uint16_t)(n_slots - 1);
	for (uint32_t i = 0; i < n_slots; i++) {
		self->newer[i] = i + 1 < n_slots ? (uint16_t)(i + 1) : CACHE_RULE_NONE;
		self->older[i] = i > 0 ? (uint16_t)(i - 1) : CACHE_RULE_NONE;
	}
}

static void take_out(struct cache_rule *self, uint16_t slot)
{
	uint16_t newer = self->newer[slot], older = self->older[slot];

	if (newer == CACHE_RULE_NONE)
		self->newest = older;
	else
		self->older[newer] = older;
	if (older == CACHE_RULE_NONE)
		self->oldest = newer;
	else
		self->newer[older] = newer;
}

/* newer: CACHE_RULE_NONE, it becomes the newest. */
static void put_below(struct cache_rule *self, uint16_t slot, uint16_t newer)
{
	uint16_t older = newer == CACHE_RULE_NONE ? self->newest : self->older[newer];

	self->newer[slot] = newer;
	self->older[slot] = older;
	if (newer == CACHE_RULE_NONE)
		self->newest = slot;
	else
		self->older[newer] = slot;
	if (older == CACHE_RULE_NONE)
		self->oldest = slot;
	else
		self->newer[older] = slot;
}

uint16_t cache_rule_touch(struct cache_rule *self, uint16_t slot)
{
	uint16_t newer = self->newer[slot];

	take_out(self, slot);
	put_below(self, slot, CACHE_RULE_NONE);
	return newer;
}

void cache_rule_untouch(struct cache_rule *self, uint16_t slot, uint16_t newer)
{
	take_out(self, slot);
	put_below(self, slot, newer);
}
