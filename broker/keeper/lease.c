/* The lease's state machine: no descriptor, no database, no clock of its own, so that every transition
 * can be tested. */
#include "keeper/lease.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS 60000ull
/* A notice comes this long before the end, or a third of a limit that is shorter than three of it. */
#define NOTICE_BEFORE_MS (5 * MINUTE_MS)

const char *lease_state_text(enum lease_state state)
{
	switch (state) {
	case LEASE_STARTING:
		return "starting";
	case LEASE_READY:
		return "ready";
	case LEASE_ATTACHED:
		return "attached";
	case LEASE_DETACHED:
		return "detached";
	case LEASE_ENDING:
		return "ending";
	case LEASE_ENDED:
		return "ended";
	}
	return "?";
}

#define TO(state) (1u << (state))

static unsigned allowed_next(const struct lease *self)
{
	switch (self->state) {
	case LEASE_STARTING:
		/* One whose viewer was there before keeper restarted waits for it as after a cut line. */
		return (self->was_attached ? TO(LEASE_DETACHED) : TO(LEASE_READY)) |
		       TO(LEASE_ENDING) | TO(LEASE_ENDED);
	case LEASE_READY:
	case LEASE_DETACHED:
		return TO(LEASE_ATTACHED) | TO(LEASE_ENDING) | TO(LEASE_ENDED);
	case LEASE_ATTACHED:
		return TO(LEASE_DETACHED) | TO(LEASE_ENDING) | TO(LEASE_ENDED);
	case LEASE_ENDING:
		return TO(LEASE_ENDED);
	case LEASE_ENDED:
		return 0;
	}
	return 0;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t state_deadline(const struct lease *self, enum lease_state state, uint64_t now_ms)
{
	switch (state) {
	case LEASE_STARTING:
		return now_ms + self->rules->start_ms;
	case LEASE_READY:
		return now_ms + self->rules->attach_ms;
	case LEASE_ATTACHED:
		/* Idle moves on with every key; lease_check() looks at both ends beside this one. */
		return min_u64(self->idle_end_ms, self->duration_end_ms);
	case LEASE_DETACHED:
		return now_ms + self->rules->abandoned_ms;
	case LEASE_ENDING:
	case LEASE_ENDED:
		return now_ms + self->rules->end_ms;
	}
	return now_ms;
}

int lease_set_state(struct lease *self, enum lease_state next, uint64_t now_ms)
{
	if (!(allowed_next(self) & TO(next)))
		return SHOJI_ERR_FORBIDDEN;
	self->deadline_ms = state_deadline(self, next, now_ms);
	self->state = next;
	self->is_dirty = true;
	if (next == LEASE_ATTACHED) {
		self->was_attached = true;
		self->is_viewer_waiting = false;
	}
	return 0;
}

void lease_init(struct lease *self, const struct lease_rules *rules, uint64_t id, uint16_t slot,
        const uint8_t cookie[TOKEN_HASH_BYTES], const uint8_t first_token[TOKEN_HASH_BYTES],
        uint64_t now_ms)
{
	*self = (struct lease){.id = id,
	        .slot = slot,
	        .state = LEASE_STARTING,
	        .rules = rules,
	        .deadline_ms = now_ms + rules->start_ms,
	        .idle_end_ms = now_ms + rules->idle_ms,
	        .duration_end_ms = now_ms + rules->duration_ms,
	        .is_dirty = true};
	memcpy(self->cookie, cookie, TOKEN_HASH_BYTES);
	memcpy(self->tokens.next, first_token, TOKEN_HASH_BYTES);
	self->durable_tokens = self->tokens;
}

bool lease_is_live(const struct lease *self)
{
	return self->state >= LEASE_STARTING && self->state <= LEASE_DETACHED;
}

enum attach_outcome lease_attach(struct lease *self, const uint8_t token[TOKEN_HASH_BYTES],
        const uint8_t next[TOKEN_HASH_BYTES])
{
	struct lease_tokens *tokens = &self->tokens;

	if (!lease_is_live(self))
		return ATTACH_UNKNOWN;
	if (token_is_equal(token, tokens->next)) {
		memcpy(tokens->last, tokens->next, TOKEN_HASH_BYTES);
		tokens->may_repeat_last = true;
	} else if (tokens->may_repeat_last && token_is_equal(token, tokens->last)) {
		tokens->may_repeat_last = false;
	} else {
		return ATTACH_IN_USE;
	}
	memcpy(tokens->next, next, TOKEN_HASH_BYTES);
	self->is_dirty = true;
	return ATTACH_ACCEPTED;
}

static struct lease_attaches *attaches_of(struct lease *self, uint64_t now_ms)
{
	struct lease_attaches *attaches = &self->attaches;

	if (now_ms - attaches->begun_ms >= MINUTE_MS) {
		attaches->begun_ms = now_ms;
		attaches->n_accepted = attaches->n_refused = 0; /* what is untold stays */
	}
	return attaches;
}

bool lease_may_attach(struct lease *self, uint64_t now_ms)
{
	struct lease_attaches *attaches = attaches_of(self, now_ms);

	if (attaches->n_accepted == LEASE_ATTACHES_PER_MINUTE_MAX)
		return false;
	attaches->n_accepted++;
	return true;
}

bool lease_attach_refused(struct lease *self, const char *address, uint64_t now_ms)
{
	struct lease_attaches *attaches = attaches_of(self, now_ms);

	if (attaches->n_refused < UINT32_MAX)
		attaches->n_refused++;
	if (attaches->n_refused == 1)
		return true;
	if (attaches->n_untold < UINT32_MAX)
		attaches->n_untold++;
	snprintf(attaches->address, sizeof(attaches->address), "%s", address);
	return false;
}

uint32_t lease_take_refused(struct lease *self, bool is_end, uint64_t now_ms)
{
	struct lease_attaches *attaches = &self->attaches;
	uint32_t n = attaches->n_untold;

	if (n == 0 || (!is_end && now_ms - attaches->begun_ms < MINUTE_MS))
		return 0;
	attaches->n_untold = 0;
	return n;
}

void lease_touch(struct lease *self, uint64_t now_ms)
{
	self->idle_end_ms = now_ms + self->rules->idle_ms;
	self->was_told_idle = false;
	if (self->state == LEASE_ATTACHED)
		self->deadline_ms = min_u64(self->idle_end_ms, self->duration_end_ms);
}

/* So long before the end the person is told. */
static uint64_t notice_ms(uint64_t limit_ms)
{
	return min_u64(NOTICE_BEFORE_MS, limit_ms / 3);
}

static bool is_near(uint64_t end_ms, uint64_t limit_ms, uint64_t now_ms, struct lease_due *due)
{
	if (now_ms + notice_ms(limit_ms) < end_ms)
		return false;
	due->minutes_left =
	        end_ms > now_ms ? (unsigned)((end_ms - now_ms + MINUTE_MS - 1) / MINUTE_MS) : 0;
	return true;
}

static enum lease_action end(struct lease_due *due, enum end_reason reason)
{
	due->reason = reason;
	return LEASE_DO_END;
}

static enum lease_action check_live(struct lease *self, uint64_t now_ms, struct lease_due *due)
{
	if (now_ms >= self->duration_end_ms)
		return end(due, END_DURATION);
	if (self->state == LEASE_STARTING && now_ms >= self->deadline_ms)
		return end(due, END_START_FAILED);
	if (now_ms >= self->idle_end_ms)
		return end(due, END_IDLE);
	if (self->state != LEASE_ATTACHED)
		return now_ms >= self->deadline_ms ? end(due, END_ABANDONED) : LEASE_DO_NOTHING;
	if (!self->was_told_idle && is_near(self->idle_end_ms, self->rules->idle_ms, now_ms, due)) {
		self->was_told_idle = true;
		return LEASE_DO_TELL_IDLE;
	}
	if (!self->was_told_duration &&
	        is_near(self->duration_end_ms, self->rules->duration_ms, now_ms, due)) {
		self->was_told_duration = true;
		return LEASE_DO_TELL_DURATION;
	}
	return LEASE_DO_NOTHING;
}

enum lease_action lease_check(struct lease *self, uint64_t now_ms, struct lease_due *due)
{
	*due = (struct lease_due){0};
	if (lease_is_live(self))
		return check_live(self, now_ms, due);
	if (self->state == LEASE_ENDING && now_ms >= self->deadline_ms) {
		self->deadline_ms = now_ms + self->rules->end_ms;
		return LEASE_DO_STOP_AGAIN;
	}
	return LEASE_DO_NOTHING;
}

static uint64_t before(uint64_t end_ms, uint64_t ms)
{
	return end_ms > ms ? end_ms - ms : 0;
}

static uint64_t live_due_ms(const struct lease *self)
{
	uint64_t due_ms = min_u64(self->duration_end_ms, self->idle_end_ms);

	if (self->state != LEASE_ATTACHED)
		return min_u64(due_ms, self->deadline_ms);
	if (!self->was_told_idle)
		due_ms =
		        min_u64(due_ms, before(self->idle_end_ms, notice_ms(self->rules->idle_ms)));
	if (!self->was_told_duration)
		due_ms = min_u64(
		        due_ms, before(self->duration_end_ms, notice_ms(self->rules->duration_ms)));
	return due_ms;
}

uint64_t lease_due_ms(const struct lease *self)
{
	uint64_t due_ms =
	        self->attaches.n_untold > 0 ? self->attaches.begun_ms + MINUTE_MS : UINT64_MAX;

	if (lease_is_live(self))
		return min_u64(due_ms, live_due_ms(self));
	return self->state == LEASE_ENDING ? min_u64(due_ms, self->deadline_ms) : due_ms;
}
