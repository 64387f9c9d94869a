/* Counts per session and minute. What is counted is driven by isolated hosts; a lease's number comes from monitor. */
#include "egress/record_budget.h"

#include <stdlib.h>

struct share {
	uint64_t lease_id; /* 0: free */
	uint64_t begun_ms; /* of the minute that is counted */
	uint64_t n_records;
	uint64_t refused_since_ms;
	struct message_destination last; /* .refused: not told yet */
};

struct record_budget {
	uint64_t per_minute;
	struct share shares[RECORD_BUDGET_SESSIONS_MAX];
};

struct record_budget *record_budget_new(uint64_t per_minute)
{
	struct record_budget *self = calloc(1, sizeof(*self));

	if (self)
		self->per_minute = per_minute;
	return self;
}

void record_budget_free(struct record_budget *self)
{
	free(self);
}

static bool is_over(const struct share *share, uint64_t now_ms)
{
	return now_ms - share->begun_ms >= RECORD_BUDGET_WINDOW_MS;
}

/* A share is taken over when its minute is done and nothing of it is left to tell. */
static bool is_free(const struct share *share, uint64_t now_ms)
{
	return share->lease_id == 0 || (is_over(share, now_ms) && share->last.refused == 0);
}

static struct share *find(struct record_budget *self, uint64_t lease_id)
{
	for (size_t i = 0; i < RECORD_BUDGET_SESSIONS_MAX; i++)
		if (self->shares[i].lease_id == lease_id)
			return &self->shares[i];
	return NULL;
}

/* NULL: every share is in use, which no number of sessions that monitor permits can bring about. */
static struct share *find_or_make(struct record_budget *self, uint64_t lease_id, uint64_t now_ms)
{
	struct share *share = find(self, lease_id);

	for (size_t i = 0; !share && i < RECORD_BUDGET_SESSIONS_MAX; i++)
		if (is_free(&self->shares[i], now_ms)) {
			share = &self->shares[i];
			*share = (struct share){.lease_id = lease_id, .begun_ms = now_ms};
		}
	if (share && is_over(share, now_ms)) {
		share->begun_ms = now_ms;
		share->n_records = 0;
	}
	return share;
}

bool record_budget_may_ask(struct record_budget *self, uint64_t lease_id, uint64_t now_ms)
{
	const struct share *share = find_or_make(self, lease_id, now_ms);

	return share && share->n_records < self->per_minute;
}

bool record_budget_may_record(struct record_budget *self, uint64_t lease_id, uint64_t now_ms)
{
	const struct share *share = find_or_make(self, lease_id, now_ms);

	return share && share->n_records / 2 < self->per_minute;
}

void record_budget_take(struct record_budget *self, uint64_t lease_id, uint64_t now_ms)
{
	struct share *share = find_or_make(self, lease_id, now_ms);

	if (share)
		share->n_records++;
}

void record_budget_refuse(
        struct record_budget *self, uint64_t now_ms, const struct message_destination *last)
{
	struct share *share = find_or_make(self, last->lease_id, now_ms);

	if (!share)
		return;
	uint32_t refused = share->last.refused;
	if (refused == 0)
		share->refused_since_ms = now_ms;
	share->last = *last;
	share->last.refused = refused < UINT32_MAX ? refused + 1 : refused;
}

bool record_budget_due(
        struct record_budget *self, uint64_t now_ms, bool is_end, struct message_destination *out)
{
	for (size_t i = 0; i < RECORD_BUDGET_SESSIONS_MAX; i++) {
		const struct share *share = &self->shares[i];
		bool is_due = is_end || now_ms - share->refused_since_ms >= RECORD_BUDGET_WINDOW_MS;
		if (share->last.refused == 0 || !is_due)
			continue;
		*out = share->last;
		return true;
	}
	return false;
}

void record_budget_told(struct record_budget *self, uint64_t lease_id)
{
	struct share *share = find(self, lease_id);

	if (share)
		share->last.refused = 0;
}

bool record_budget_has_refused(const struct record_budget *self)
{
	for (size_t i = 0; i < RECORD_BUDGET_SESSIONS_MAX; i++)
		if (self->shares[i].last.refused > 0)
			return true;
	return false;
}
