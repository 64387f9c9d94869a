/* Token buckets and the turn of those who wait for them. What encode asks for is foreign: a number between 0 and 2^32 - 1, of which it
 * gets at most a bucket. */
#include "gate/meter.h"

#include <string.h>

#define SECOND_US 1000000u
/* WebSocket header, TLS record; and of each segment TCP, IP and Ethernet. */
#define SLICE_HEADERS 30
#define SEGMENT_HEADERS 66
#define SEGMENT_BYTES 1400

/* ---- a bucket ---- */

static int64_t capacity(const struct meter_bucket *self)
{
	uint64_t bytes = self->bytes_per_s / 1000 * (METER_BUCKET_US / 1000);

	return (int64_t)(bytes > METER_BUCKET_MIN ? bytes : METER_BUCKET_MIN);
}

void meter_bucket_init(struct meter_bucket *self, uint64_t kbit_s, uint64_t now_us)
{
	*self = (struct meter_bucket){
	        .bytes_per_s = kbit_s == METER_NO_CAP ? METER_NO_CAP : kbit_s * 125,
	        .filled_us = now_us};
	if (kbit_s != METER_NO_CAP)
		self->level = capacity(self);
}

static void put(struct meter_bucket *self, int64_t bytes)
{
	if (self->bytes_per_s == METER_NO_CAP)
		return;
	self->level += bytes;
	if (self->level > capacity(self))
		self->level = capacity(self);
}

/* By whole bytes; the rest of the time is kept for the next. */
static void fill(struct meter_bucket *self, uint64_t now_us)
{
	if (self->bytes_per_s == METER_NO_CAP)
		return;
	uint64_t rate = self->bytes_per_s, past_us = now_us - self->filled_us;
	uint64_t bytes = past_us / SECOND_US * rate + past_us % SECOND_US * rate / SECOND_US;
	put(self, (int64_t)bytes);
	/* Products of a longer time could be too large, and a byte in a minute is nothing. */
	if (past_us >= 60 * SECOND_US)
		self->filled_us = now_us;
	else
		self->filled_us += (bytes * SECOND_US + rate - 1) / rate;
}

static void take(struct meter_bucket *self, uint32_t bytes)
{
	if (self->bytes_per_s != METER_NO_CAP)
		self->level -= bytes;
}

static uint64_t wait_us(const struct meter_bucket *self, uint32_t bytes)
{
	if (self->bytes_per_s == METER_NO_CAP || self->level >= (int64_t)bytes)
		return 0;
	return ((uint64_t)((int64_t)bytes - self->level) * SECOND_US + self->bytes_per_s - 1) /
	       self->bytes_per_s;
}

/* ---- those who wait ---- */

static void append(struct meter *self, struct meter_client *client)
{
	struct meter_client **at = &self->first;

	while (*at)
		at = &(*at)->next;
	client->next = NULL;
	*at = client;
	client->is_waiting = true;
	self->n_waiting++;
}

static void take_out(struct meter *self, struct meter_client **at)
{
	struct meter_client *client = *at;

	*at = client->next;
	client->next = NULL;
	client->is_waiting = false;
	self->n_waiting--;
}

static void remove_waiting(struct meter *self, struct meter_client *client)
{
	for (struct meter_client **at = &self->first; *at; at = &(*at)->next)
		if (*at == client) {
			take_out(self, at);
			return;
		}
}

static void put_back(struct meter *self, struct meter_client *client, uint64_t now_us)
{
	fill(&self->all, now_us);
	fill(client->own, now_us);
	put(&self->all, client->given);
	put(client->own, client->given);
	client->given = 0;
}

void meter_init(struct meter *self, uint64_t kbit_s, meter_give_fn on_give, uint64_t now_us)
{
	memset(self, 0, sizeof(*self));
	meter_bucket_init(&self->all, kbit_s, now_us);
	self->on_give = on_give;
}

uint32_t meter_cost(size_t slice_bytes)
{
	size_t n_segments = (slice_bytes + SEGMENT_BYTES - 1) / SEGMENT_BYTES;

	return (uint32_t)(slice_bytes + SLICE_HEADERS + n_segments * SEGMENT_HEADERS);
}

void meter_want(struct meter *self, struct meter_client *client, uint32_t bytes, uint64_t now_us)
{
	put_back(self, client, now_us);
	client->wanted = bytes;
	if (bytes > 0 && !client->is_waiting)
		append(self, client);
	else if (bytes == 0 && client->is_waiting)
		remove_waiting(self, client);
}

bool meter_seen(struct meter *self, struct meter_client *client, uint32_t bytes, uint64_t now_us)
{
	uint32_t paid = bytes < client->given ? bytes : client->given;
	uint32_t rest = bytes - paid;

	client->given -= paid;
	fill(&self->all, now_us);
	fill(client->own, now_us);
	take(&self->all, rest);
	take(client->own, rest);
	client->debt = client->debt < UINT32_MAX - rest ? client->debt + rest : UINT32_MAX;
	return client->debt <= METER_DEBT_MAX;
}

void meter_forget(struct meter *self, struct meter_client *client, uint64_t now_us)
{
	put_back(self, client, now_us);
	if (client->is_waiting)
		remove_waiting(self, client);
	client->debt = 0;
}

/* One turn's worth: of each bucket an even part, so that a round takes no longer than a bucket's time. */
static uint32_t turn_of(const struct meter *self, const struct meter_client *client)
{
	uint64_t bytes = client->wanted > METER_GIVE_MIN ? client->wanted : METER_GIVE_MIN;
	uint64_t part = (uint64_t)capacity(&self->all) / self->n_waiting;

	part = part > METER_GIVE_MIN ? part : METER_GIVE_MIN;
	if (self->all.bytes_per_s != METER_NO_CAP && bytes > part)
		bytes = part;
	if (client->own->bytes_per_s != METER_NO_CAP && bytes > (uint64_t)capacity(client->own))
		bytes = (uint64_t)capacity(client->own);
	return (uint32_t)bytes;
}

static void give(struct meter *self, struct meter_client **at, uint32_t bytes)
{
	struct meter_client *client = *at;

	take_out(self, at);
	client->debt = 0;
	client->given = bytes;
	take(&self->all, bytes);
	take(client->own, bytes);
	self->on_give(client->data, bytes);
}

/* Whether its turn goes by to pay for what it took, while others wait as well. Each time it owes less. */
static bool pays(struct meter *self, struct meter_client **at, uint32_t bytes)
{
	struct meter_client *client = *at;

	if (client->debt == 0 || self->n_waiting == 1)
		return false;
	client->debt -= bytes < client->debt ? bytes : client->debt;
	take_out(self, at);
	append(self, client);
	return true;
}

uint64_t meter_serve(struct meter *self, uint64_t now_us)
{
	struct meter_client **at = &self->first;
	uint64_t least_us = UINT64_MAX;

	fill(&self->all, now_us);
	while (*at) {
		uint32_t bytes = turn_of(self, *at);
		fill((*at)->own, now_us);
		uint64_t own_us = wait_us((*at)->own, bytes), all_us = wait_us(&self->all, bytes);
		/* Its own cap: the others need not wait for that. */
		if (own_us > 0) {
			least_us = own_us < least_us ? own_us : least_us;
			at = &(*at)->next;
			continue;
		}
		if (all_us > 0)
			return all_us < least_us ? all_us : least_us;
		if (!pays(self, at, bytes))
			give(self, at, bytes);
	}
	return least_us;
}
