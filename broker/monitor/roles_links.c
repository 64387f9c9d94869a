/* Joins keeper with the other lasting roles: every pair that talks gets its socketpair from here, and another when it
 * broke while both live. */
#include "monitor/roles_internal.h"

#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"

#include <unistd.h>

#define REJOIN_MS 1000 /* by then a keeper that died is known to be dead */

void role_end_close(int *end)
{
	if (*end >= 0)
		close(*end);
	*end = -1;
}

static int steal_end(int *end)
{
	int stolen = *end;

	*end = -1;
	return stolen;
}

static struct role *keeper_of(struct roles *self)
{
	return &self->single[ROLE_KEEPER];
}

void role_offer_to_keeper(struct role *self)
{
	struct role *keeper = keeper_of(self->roles);
	int error = 0;

	if (self->end_for_keeper < 0 || !keeper->channel)
		return;
	switch (self->kind) {
	case ROLE_KEEPER:
		return;
	case ROLE_HASH: /* allowed in every phase */
		error = CHANNEL_SEND(keeper->channel, hash_worker, .worker = self->end_for_keeper);
		break;
	case ROLE_GATE:
		if (keeper->state != ROLE_READY)
			return;
		error = CHANNEL_SEND(keeper->channel, gate_peer, .peer = self->end_for_keeper,
		        .is_same = self->is_rejoining);
		break;
	case ROLE_EGRESS:
		if (keeper->state != ROLE_READY)
			return;
		error = CHANNEL_SEND(keeper->channel, egress_peer, .peer = self->end_for_keeper);
		break;
	}
	role_end_close(&self->end_for_keeper);
	if (error)
		role_lost(keeper);
}

void role_offer_to_self(struct role *self)
{
	if (self->end_for_self < 0 || self->state != ROLE_READY || self->kind == ROLE_HASH)
		return;
	int error = CHANNEL_SEND(self->channel, keeper_peer, .peer = self->end_for_self);
	role_end_close(&self->end_for_self);
	if (error)
		role_lost(self);
}

/* keeper and this role both live, and their channel broke: one of them did not like what the other said. A keeper
 * that has begun since was joined already. */
void role_on_rejoin_timer(void *data)
{
	struct role *self = data;
	const struct role *keeper = keeper_of(self->roles);

	self->is_rejoin_planned = false;
	if (self->state != ROLE_READY || keeper->state != ROLE_READY ||
	        keeper->ready_since_ms >= self->keeper_lost_ms)
		return;
	role_end_close(&self->end_for_self);
	role_end_close(&self->end_for_keeper);
	if (channel_pair(&self->end_for_self, &self->end_for_keeper))
		return; /* it tells again when it has waited in vain */
	log_warning(0, "%s has lost its channel to keeper: joining them anew", self->name);
	self->is_rejoining = true;
	role_offer_to_keeper(self);
	self->is_rejoining = false;
	role_offer_to_self(self);
}

int role_on_keeper_lost(struct role *self)
{
	if (self->kind != ROLE_GATE && self->kind != ROLE_EGRESS)
		return SHOJI_ERR_FORBIDDEN;
	self->keeper_lost_ms = clock_now_ms();
	/* A role that repeats itself gets no more than one channel in that time. */
	if (!self->is_rejoin_planned)
		timer_set_ms(self->rejoin_timer, REJOIN_MS);
	self->is_rejoin_planned = true;
	return 0;
}

/* The end that waits, or one of a new pair whose other end waits then. */
static int begin_end(int *end, int *other)
{
	int own = steal_end(end);

	if (own >= 0)
		return own;
	role_end_close(other);
	if (channel_pair(&own, other))
		return -1;
	return own;
}

int role_begin_end(struct role *self)
{
	return begin_end(&self->end_for_self, &self->end_for_keeper);
}

int role_begin_end_of_keeper(struct role *self)
{
	return begin_end(&self->end_for_keeper, &self->end_for_self);
}
