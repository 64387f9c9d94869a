/* Moves leases through their states as gate, monitor, shojictl and the clock demand it, and tells the others. */
#include "keeper/sessions.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Idle time is written when something else is, or when it has moved so far. */
#define TOUCH_SAVE_MS 60000

const char *lease_text(char out[LEASE_TEXT_BYTES], uint64_t lease_id)
{
	snprintf(out, LEASE_TEXT_BYTES, "s-%016llx", (unsigned long long)lease_id);
	return out;
}

json_t *record_of_lease(const char *event, const struct lease *lease)
{
	char id[LEASE_TEXT_BYTES];

	return json_pack("{s:s, s:s, s:s, s:s}", "event", event, "lease", lease_text(id, lease->id),
	        "person", lease->person, "address", lease->address);
}

struct store_clocks keeper_clocks(void)
{
	return (struct store_clocks){.now_ms = clock_now_ms(), .now_utc_ms = clock_utc_ms()};
}

static void set_state(struct keeper *self, struct lease *lease, enum lease_state next)
{
	enum lease_state before = lease->state;
	int error = lease_set_state(lease, next, clock_now_ms());

	/* Every caller looks at the state first: a refusal is our own bug. */
	ensure(!error);
	log_info(lease->id, "lease of %s: %s -> %s", lease->person, lease_state_text(before),
	        lease_state_text(next));
	journal_touch(self->journal);
}

/* ---- after a restart ---- */

struct loading {
	struct keeper *keeper;
	uint64_t now_ms;
};

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int load_one(void *data, const struct stored_lease *stored)
{
	struct loading *loading = data;
	struct keeper *self = loading->keeper;
	struct lease lease = stored->lease;

	if (lease.slot >= LEASES_SLOTS_MAX || stored->state == LEASE_ENDED)
		return SHOJI_ERR_MALFORMED;
	lease.rules = &self->rules;
	lease.durable_tokens = lease.tokens;
	lease.is_durable = lease.is_at_monitor = lease.is_adopted = lease.is_dirty = true;
	/* The clock may have been set back meanwhile: nothing gets longer than the rules allow. */
	lease.idle_end_ms = min_u64(lease.idle_end_ms, loading->now_ms + self->rules.idle_ms);
	lease.duration_end_ms =
	        min_u64(lease.duration_end_ms, loading->now_ms + self->rules.duration_ms);
	/* Whatever it was, monitor has to find its host first; ENDING goes on ending. */
	lease.state = LEASE_STARTING;
	lease.deadline_ms = loading->now_ms + self->rules.start_ms;
	struct lease *copy = leases_add(&self->leases, &lease);
	if (!copy)
		return SHOJI_ERR_MEMORY;
	if (stored->state != LEASE_ENDING)
		return 0;
	if (copy->reason == 0)
		copy->reason = END_BROKER;
	set_state(self, copy, LEASE_ENDING);
	return 0;
}

int sessions_load(struct keeper *self)
{
	struct store_clocks clocks = keeper_clocks();
	struct loading loading = {.keeper = self, .now_ms = clocks.now_ms};

	return store_each_lease(self->store, &clocks, load_one, &loading);
}

static void tell_stop(struct keeper *self, const struct lease *lease)
{
	if (CHANNEL_SEND(self->monitor, stop_session, .lease_id = lease->id,
	            .reason = (uint8_t)lease->reason))
		log_warning(lease->id, "monitor does not take the order to stop; it is repeated");
}

/* The watermark's words. monitor knows the lease already. */
static void tell_mark(struct keeper *self, const struct lease *lease)
{
	struct message_mark_session mark = {.lease_id = lease->id};

	if (!self->config.profile.watermark)
		return;
	snprintf(mark.person, sizeof(mark.person), "%s", lease->person);
	snprintf(mark.address, sizeof(mark.address), "%s", lease->address);
	CHANNEL_SEND_VALUE(self->monitor, mark_session, &mark);
}

void sessions_tell(struct keeper *self)
{
	struct lease *lease;

	for (size_t at = 0; (lease = leases_next(&self->leases, &at));)
		CHANNEL_SEND(self->monitor, lease_held, .lease_id = lease->id, .slot = lease->slot,
		        .width = lease->width, .height = lease->height);
	CHANNEL_SEND(self->monitor, leases_told);
	for (size_t at = 0; (lease = leases_next(&self->leases, &at));)
		tell_mark(self, lease);
	for (size_t at = 0; (lease = leases_next(&self->leases, &at));)
		if (lease->state == LEASE_ENDING)
			tell_stop(self, lease);
}

/* ---- beginning ---- */

static uint64_t new_id(const struct leases *leases)
{
	uint64_t id = 0;

	while (id == 0 || leases_find(leases, id))
		randombytes_buf(&id, sizeof(id));
	return id;
}

struct lease *sessions_admit(struct keeper *self, const struct person *person, const char *address,
        uint16_t width, uint16_t height, uint16_t scale, char cookie[TOKEN_TEXT_BYTES + 1],
        char attach_token[TOKEN_TEXT_BYTES + 1])
{
	uint8_t cookie_hash[TOKEN_HASH_BYTES];
	uint8_t token_hash_bytes[TOKEN_HASH_BYTES];
	struct lease lease;
	int slot = leases_free_slot(&self->leases);

	if (slot < 0)
		return NULL;
	token_make(cookie, cookie_hash);
	token_make(attach_token, token_hash_bytes);
	lease_init(&lease, &self->rules, new_id(&self->leases), (uint16_t)slot, cookie_hash,
	        token_hash_bytes, clock_now_ms());
	lease.width = width;
	lease.height = height;
	lease.scale = scale;
	lease.started_utc_ms = clock_utc_ms();
	lease.gate = self->gate_number;
	snprintf(lease.person, sizeof(lease.person), "%s", person->id);
	snprintf(lease.display_name, sizeof(lease.display_name), "%s", person->name);
	snprintf(lease.address, sizeof(lease.address), "%s", address);
	journal_touch(self->journal);
	return leases_add(&self->leases, &lease);
}

void sessions_start(struct keeper *self, struct lease *lease)
{
	lease->is_at_monitor = true;
	if (!CHANNEL_SEND(self->monitor, start_session, .lease_id = lease->id, .slot = lease->slot,
	            .width = lease->width, .height = lease->height, .scale = lease->scale)) {
		tell_mark(self, lease);
		return;
	}
	log_error(lease->id, "monitor does not take the order to start a session");
	sessions_end(self, lease, END_START_FAILED);
}

void sessions_on_started(struct keeper *self, const struct message_session_started *message)
{
	struct lease *lease = leases_find(&self->leases, message->lease_id);

	if (!lease || lease->state == LEASE_ENDED) {
		log_warning(message->lease_id, "monitor started a session that has no lease");
		CHANNEL_SEND(self->monitor, stop_session, .lease_id = message->lease_id,
		        .reason = END_BROKER);
		return;
	}
	if (lease->state != LEASE_STARTING)
		return; /* its end has begun, or monitor repeats itself */
	json_t *record = record_of_lease("session_started", lease);
	if (record)
		json_object_set_new(record, "adopted", json_boolean(message->adopted));
	journal_record(self->journal, RECORD_FACT, record);
	bool is_viewer_waiting = lease->is_viewer_waiting;
	set_state(self, lease, lease->was_attached ? LEASE_DETACHED : LEASE_READY);
	if (is_viewer_waiting)
		set_state(self, lease, LEASE_ATTACHED);
}

/* ---- the viewer ---- */

static void note_terminal(struct keeper *self, struct lease *lease, const char *address)
{
	snprintf(lease->address, sizeof(lease->address), "%s", address);
	lease->is_dirty = true;
	tell_mark(self, lease);
	journal_touch(self->journal);
}

void sessions_attached(struct keeper *self, struct lease *lease, const char *address)
{
	lease->gate = self->gate_number;
	lease_touch(lease, clock_now_ms());
	note_terminal(self, lease, address);
	switch (lease->state) {
	case LEASE_STARTING:
		lease->is_viewer_waiting = true;
		break;
	case LEASE_READY:
	case LEASE_DETACHED:
		set_state(self, lease, LEASE_ATTACHED);
		break;
	case LEASE_ATTACHED: /* gate had not noticed yet that the line was cut */
	case LEASE_ENDING:
	case LEASE_ENDED:
		break;
	}
}

void sessions_detached(struct keeper *self, struct lease *lease)
{
	lease->is_viewer_waiting = false;
	if (lease->state != LEASE_ATTACHED)
		return;
	journal_record(self->journal, RECORD_FACT, record_of_lease("detach", lease));
	set_state(self, lease, LEASE_DETACHED);
}

/* The channel to this gate broke and was made anew; its viewers were taken for gone with it. (gate says "detached"
 * after the last activity of a viewer that left, never before.) */
static bool is_seen_again(const struct lease *lease)
{
	return lease->state == LEASE_DETACHED || lease->state == LEASE_READY ||
	       (lease->state == LEASE_STARTING && !lease->is_viewer_waiting);
}

void sessions_activity(struct keeper *self, struct lease *lease, const char *address)
{
	uint64_t before_ms = lease->idle_end_ms;

	if (!lease_is_live(lease))
		return;
	/* keeper was restarted and gate was not: the viewer has been there all along. */
	if (lease->is_adopted && lease->gate == 0) {
		lease->gate = self->gate_number;
		sessions_attached(self, lease, address);
	} else if (is_seen_again(lease)) {
		json_t *record = record_of_lease("attach", lease);
		if (record)
			json_object_set_new(record, "rejoined", json_true());
		journal_record(self->journal, RECORD_FACT, record);
		sessions_attached(self, lease, address);
	} else if (strcmp(lease->address, address) != 0) {
		/* Its attach was committed, and this keeper, or gate's channel, went before anybody noted it. */
		note_terminal(self, lease, address);
	}
	lease_touch(lease, clock_now_ms());
	if (lease->idle_end_ms - before_ms >= TOUCH_SAVE_MS) {
		lease->is_dirty = true;
		journal_touch(self->journal);
	}
}

void sessions_gate_lost(struct keeper *self)
{
	struct lease *lease;

	for (size_t at = 0; (lease = leases_next(&self->leases, &at));) {
		onlook_end(self, lease, "gate was gone");
		if (lease_is_live(lease))
			sessions_detached(self, lease);
	}
}

/* ---- the end ---- */

static void tell_viewer(struct keeper *self, struct lease *lease)
{
	if (lease->is_viewer_told || !self->gate)
		return;
	lease->is_viewer_told = CHANNEL_SEND(self->gate, end_viewer, .lease_id = lease->id,
	                                .reason = (uint8_t)lease->reason) == 0;
}

/* One line for the many that a terminal may have made of it. */
static void tell_refused(struct keeper *self, struct lease *lease, bool is_end)
{
	uint32_t n = lease_take_refused(lease, is_end, clock_now_ms());
	json_t *record = n > 0 ? record_of_lease("attach_refused", lease) : NULL;

	if (n == 0)
		return;
	if (record) {
		json_object_set_new(record, "address", json_string(lease->attaches.address));
		json_object_set_new(record, "count", json_integer((json_int_t)n));
	}
	journal_record(self->journal, RECORD_FACT, record);
}

static void become_ended(struct keeper *self, struct lease *lease, const char *detail)
{
	uint64_t lasted_ms = clock_utc_ms() - lease->started_utc_ms;

	onlook_end(self, lease, "the session ended");
	json_t *record = record_of_lease("session_ended", lease);

	tell_refused(self, lease, true);
	if (record) {
		json_object_set_new(record, "reason", json_string(end_reason_text(lease->reason)));
		json_object_set_new(record, "detail", json_string(detail));
		json_object_set_new(
		        record, "seconds", json_integer((json_int_t)(lasted_ms / 1000)));
	}
	journal_record(self->journal, RECORD_FACT, record);
	set_state(self, lease, LEASE_ENDED);
}

void sessions_end(struct keeper *self, struct lease *lease, enum end_reason reason)
{
	if (!lease_is_live(lease))
		return;
	lease->reason = reason;
	onlook_end(self, lease, "the session ended");
	tell_viewer(self, lease);
	if (!lease->is_at_monitor) {
		become_ended(self, lease, "ended before it was started");
		return;
	}
	set_state(self, lease, LEASE_ENDING);
	tell_stop(self, lease);
}

void sessions_on_ended(struct keeper *self, const struct message_session_ended *message)
{
	struct lease *lease = leases_find(&self->leases, message->lease_id);
	char detail[LOG_QUOTE_MAX];

	if (!lease || lease->state == LEASE_ENDED) {
		log_debug(message->lease_id, "monitor ended a session that has no lease");
		return;
	}
	if (lease->reason == 0)
		lease->reason = message->reason >= 1 && message->reason <= END_REASON_MAX
		                        ? (enum end_reason)message->reason
		                        : END_HOST_EXITED;
	tell_viewer(self, lease);
	become_ended(self, lease, text_foreign(detail, sizeof(detail), message->detail));
}

/* ---- durability ---- */

int sessions_save(struct keeper *self)
{
	struct store_clocks clocks = keeper_clocks();
	struct lease *lease;
	int error = 0;

	/* Deletions first: a new lease may take the slot of one that goes. */
	for (size_t at = 0; !error && (lease = leases_next(&self->leases, &at));)
		if (lease->is_dirty && lease->state == LEASE_ENDED)
			error = store_delete_lease(self->store, lease->id);
	for (size_t at = 0; !error && (lease = leases_next(&self->leases, &at));)
		if (lease->is_dirty && lease->state != LEASE_ENDED)
			error = store_save_lease(self->store, lease, &clocks);
	return error;
}

void sessions_on_commit(struct keeper *self, int error)
{
	struct lease *lease;

	for (size_t at = 0; (lease = leases_next(&self->leases, &at));) {
		if (error && !lease->is_durable) {
			/* Nobody was told of it: it has never been. */
			leases_remove(&self->leases, lease);
		} else if (error) {
			lease->tokens = lease->durable_tokens;
		} else if (lease->state == LEASE_ENDED) {
			leases_remove(&self->leases, lease);
		} else {
			lease->is_durable = true;
			lease->is_dirty = false;
			lease->durable_tokens = lease->tokens;
		}
	}
}

/* ---- time ---- */

static void tell_notice(
        struct keeper *self, struct lease *lease, enum viewer_notice notice, unsigned minutes)
{
	struct message_notify_viewer message = {.lease_id = lease->id, .notice = (uint8_t)notice};

	snprintf(message.text, sizeof(message.text), "%u", minutes);
	if (self->gate)
		CHANNEL_SEND_VALUE(self->gate, notify_viewer, &message);
}

static bool act(struct keeper *self, struct lease *lease, uint64_t now_ms)
{
	struct lease_due due;

	switch (lease_check(lease, now_ms, &due)) {
	case LEASE_DO_NOTHING:
		return false;
	case LEASE_DO_END:
		sessions_end(self, lease, due.reason);
		return true;
	case LEASE_DO_STOP_AGAIN:
		log_error(lease->id,
		        "monitor has not confirmed the end of this session in %llu s; asking again "
		        "(its slot "
		        "stays taken)",
		        (unsigned long long)(self->rules.end_ms / 1000));
		tell_stop(self, lease);
		return true;
	case LEASE_DO_TELL_IDLE:
		tell_notice(self, lease, NOTICE_IDLE_SOON, due.minutes_left);
		return true;
	case LEASE_DO_TELL_DURATION:
		tell_notice(self, lease, NOTICE_DURATION_SOON, due.minutes_left);
		return true;
	}
	return false;
}

void sessions_sweep(struct keeper *self)
{
	uint64_t now_ms = clock_now_ms();
	struct lease *lease;

	for (size_t at = 0; (lease = leases_next(&self->leases, &at));) {
		tell_refused(self, lease, false);
		while (act(self, lease, now_ms))
			;
	}
}

uint64_t sessions_due_ms(const struct keeper *self)
{
	uint64_t due_ms = UINT64_MAX;
	const struct lease *lease;

	for (size_t at = 0; (lease = leases_next(&self->leases, &at));) {
		uint64_t one_ms = lease_due_ms(lease);
		due_ms = one_ms < due_ms ? one_ms : due_ms;
	}
	return due_ms;
}
