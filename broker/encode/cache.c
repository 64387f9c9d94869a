/* The names of the tiles that a viewer keeps, and the journal of their changes. What a viewer claims was checked by viewer.c against the
 * floors: a wrong claim could only spoil its own picture. */
#include "encode/cache.h"

#include "base/ensure.h"

#include <string.h>

static uint16_t *head_of(struct cache *self, const struct tile_name *name)
{
	return &self->heads[name->sums[0] & (CACHE_HEADS - 1)];
}

static void link_in(struct cache *self, uint16_t slot)
{
	uint16_t *head = head_of(self, &self->names[slot]);

	self->next[slot] = *head;
	*head = slot;
}

static void link_out(struct cache *self, uint16_t slot)
{
	uint16_t *at = head_of(self, &self->names[slot]);

	while (*at != slot)
		at = &self->next[*at];
	*at = self->next[slot];
}

static void set_name(struct cache *self, uint16_t slot, const struct tile_name *name)
{
	if (self->names[slot].width > 0)
		link_out(self, slot);
	self->names[slot] = *name;
	if (name->width > 0)
		link_in(self, slot);
}

void cache_init(struct cache *self, const uint64_t *key)
{
	memset(self, 0, sizeof(*self));
	self->key = key;
	cache_begin(self, 0, UINT32_MAX - 1);
}

void cache_begin(struct cache *self, uint16_t n_slots, uint32_t frame)
{
	cache_rule_init(&self->rule, self->key ? n_slots : 0);
	memset(self->names, 0, sizeof(self->names));
	memset(self->heads, 0xff, sizeof(self->heads));
	self->n_changes = self->first_change = 0;
	self->floor = self->screen_floor = frame + 1;
	self->held_before = self->held_since = frame;
}

uint32_t cache_frame_meant(const struct cache *self, uint32_t claimed)
{
	return claimed == self->held_before ? self->held_since : claimed;
}

static void undo(struct cache *self)
{
	const struct cache_change *change = &self->changes[--self->n_changes % CACHE_CHANGES_MAX];

	cache_rule_untouch(&self->rule, change->slot, change->newer);
	if (change->is_store)
		set_name(self, change->slot, &change->name);
}

static void mark_touched(const struct cache *self, uint32_t frame, struct tiles *unknown)
{
	const uint64_t *rows = self->touched[frame % CACHE_FRAMES_MAX];

	for (uint32_t row = 0; row < unknown->rows; row++)
		for (uint32_t column = 0; column < unknown->columns; column++)
			if (rows[row] >> column & 1)
				tiles_mark_one(unknown, column, row);
}

void cache_resume(struct cache *self, uint32_t claimed, uint32_t frame, struct tiles *unknown)
{
	uint32_t held = cache_frame_meant(self, claimed);

	ensure(held >= self->floor && held <= frame);
	while (self->n_changes != self->first_change &&
	        self->changes[(self->n_changes - 1) % CACHE_CHANGES_MAX].frame > held)
		undo(self);
	for (uint32_t i = held; unknown && i < frame; i++)
		mark_touched(self, i + 1, unknown);
	self->first_change = self->n_changes;
	self->floor = self->screen_floor = frame;
	self->held_before = claimed;
	self->held_since = frame;
}

void cache_forget_screens(struct cache *self, uint32_t frame)
{
	self->screen_floor = frame + 1;
	for (uint32_t row = 0; row < TILES_ROWS_MAX; row++)
		for (uint32_t column = 0; column < TILES_COLUMNS_MAX; column++)
			self->changed_ms[row][column] = self->now_ms;
}

void cache_begin_frame(struct cache *self, uint32_t frame, const struct tiles *dirty)
{
	uint64_t *rows = self->touched[frame % CACHE_FRAMES_MAX];

	self->frame = frame;
	/* The frame whose place this is can be taken back no longer. */
	if (frame >= CACHE_FRAMES_MAX && self->screen_floor < frame - CACHE_FRAMES_MAX)
		self->screen_floor = frame - CACHE_FRAMES_MAX;
	memset(rows, 0, sizeof(self->touched[0]));
	for (uint32_t row = 0; row < dirty->rows; row++)
		for (uint32_t column = 0; column < dirty->columns; column++)
			rows[row] |= (uint64_t)dirty->is_marked[row][column] << column;
}

bool cache_is_settled(const struct cache *self, uint32_t column, uint32_t row)
{
	return self->now_ms - self->changed_ms[row][column] >= CACHE_SETTLED_MS;
}

void cache_set_changed(struct cache *self, uint32_t column, uint32_t row)
{
	self->changed_ms[row][column] = self->now_ms;
}

uint16_t cache_find(const struct cache *self, const struct tile_name *name)
{
	uint16_t slot = self->heads[name->sums[0] & (CACHE_HEADS - 1)];

	while (slot != CACHE_RULE_NONE && !tile_name_equals(&self->names[slot], name))
		slot = self->next[slot];
	return slot;
}

/* Room for one more; the oldest is forgotten for it. */
static struct cache_change *write_down(struct cache *self, uint16_t slot)
{
	struct cache_change *change = &self->changes[self->n_changes % CACHE_CHANGES_MAX];

	if (self->n_changes - self->first_change == CACHE_CHANGES_MAX) {
		self->first_change++;
		if (self->floor < change->frame)
			self->floor = change->frame;
	}
	self->n_changes++;
	*change = (struct cache_change){
	        .frame = self->frame, .slot = slot, .newer = cache_rule_touch(&self->rule, slot)};
	return change;
}

uint16_t cache_store(struct cache *self, const struct tile_name *name)
{
	uint16_t slot = self->rule.oldest;
	struct cache_change *change = write_down(self, slot);

	change->is_store = true;
	change->name = self->names[slot];
	set_name(self, slot, name);
	return slot;
}

void cache_show(struct cache *self, uint16_t slot)
{
	write_down(self, slot);
}
