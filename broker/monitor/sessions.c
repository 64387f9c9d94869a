/* The table of sessions. keeper decides who may have one; monitor holds it to the profile and to
 * the number of slots, so that a keeper that was taken over can start sessions, but none outside
 * the accounts and sizes of the configuration. */
#include "monitor/sessions.h"

#include "base/config.h"
#include "base/ensure.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "monitor/context.h"
#include "monitor/session.h"
#include "monitor/session_folder.h"
#include "monitor/uid_kill.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* More than slots: sessions found at start may be more than the present configuration permits. */
#define TABLE_MAX 1024

struct entry {
	struct session *session;
	bool is_told; /* the present keeper holds its lease */
};

struct sessions {
	const struct monitor_context *context;
	void (*on_empty)(void *data);
	void *data;
	struct entry *entries;
	size_t n_entries;
	struct timer *tick;
	uint64_t ticked_ms; /* 0: what is due is looked at at once */
};

static void on_tick(void *data);
static void set_tick(void *data);

struct sessions *sessions_new(
        const struct monitor_context *context, void (*on_empty)(void *data), void *data)
{
	struct sessions *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	*self = (struct sessions){.context = context, .on_empty = on_empty, .data = data};
	self->entries = calloc(TABLE_MAX, sizeof(*self->entries));
	if (!self->entries) {
		free(self);
		return NULL;
	}
	self->tick = timer_new(context->loop, on_tick, self);
	if (self->tick) {
		loop_before_wait(context->loop, set_tick, self);
		return self;
	}
	sessions_free(self);
	return NULL;
}

void sessions_free(struct sessions *self)
{
	if (!self)
		return;
	if (self->tick)
		loop_before_wait(self->context->loop, NULL, NULL);
	for (size_t i = 0; i < self->n_entries; i++)
		session_free(self->entries[i].session);
	free(self->entries);
	timer_free(self->tick);
	free(self);
}

size_t sessions_count(const struct sessions *self)
{
	return self->n_entries;
}

static struct entry *find(struct sessions *self, uint64_t lease_id)
{
	for (size_t i = 0; i < self->n_entries; i++)
		if (session_lease_id(self->entries[i].session) == lease_id)
			return &self->entries[i];
	return NULL;
}

static struct session *add(struct sessions *self, uint64_t lease_id)
{
	struct session *session =
	        self->n_entries < TABLE_MAX ? session_new(self->context, lease_id) : NULL;

	if (!session)
		return NULL;
	self->entries[self->n_entries++] = (struct entry){.session = session};
	self->ticked_ms = 0;
	return session;
}

/* ---- time ---- */

static void reap(struct sessions *self)
{
	size_t kept = 0;

	for (size_t i = 0; i < self->n_entries; i++) {
		if (session_state(self->entries[i].session) == SESSION_OVER)
			session_free(self->entries[i].session);
		else
			self->entries[kept++] = self->entries[i];
	}
	bool is_emptied = kept == 0 && self->n_entries > 0;
	self->n_entries = kept;
	if (is_emptied)
		self->on_empty(self->data);
}

static void on_tick(void *data)
{
	struct sessions *self = data;
	uint64_t now_ms = clock_now_ms();

	self->ticked_ms = now_ms;
	for (size_t i = 0; i < self->n_entries; i++)
		session_tick(self->entries[i].session, now_ms);
	reap(self);
}

/* To the nearest deadline of all sessions, whatever moved it: sessions at rest cost no tick. */
static void set_tick(void *data)
{
	struct sessions *self = data;
	uint64_t due_ms = UINT64_MAX, rest_ms = SESSION_TICK_MS;

	for (size_t i = 0; i < self->n_entries; i++) {
		const struct session *session = self->entries[i].session;
		uint64_t one_ms = session_due_ms(session);
		due_ms = one_ms < due_ms ? one_ms : due_ms;
		if (session_state(session) == SESSION_ENDING ||
		        session_state(session) == SESSION_OVER)
			rest_ms = SESSION_TICK_ENDING_MS;
	}
	if (due_ms == UINT64_MAX) {
		timer_clear(self->tick);
		return;
	}
	/* Those of many sessions are looked at together. */
	uint64_t earliest_ms = self->ticked_ms ? self->ticked_ms + rest_ms : 0;
	timer_set_at(self->tick, due_ms > earliest_ms ? due_ms : earliest_ms);
}

/* ---- what an earlier broker left ---- */

/* By its lease, not by looking for groups that nobody knows: those may be another broker's. */
static void clean_group(struct sessions *self, uint64_t lease_id)
{
	const struct config *config = self->context->config;
	const struct limits_wish wish = {.memory_bytes = config->sessions.memory_mib << 20,
	        .tasks = (uint32_t)config->sessions.processes};
	struct limits_group *group = limits_group_new(self->context->limits, lease_id, &wish);

	if (!group)
		return;
	limits_group_kill(group);
	/* Only at start, before anything is served. */
	for (int i = 0; i < 50 && limits_group_remove(group) == SHOJI_ERR_AGAIN; i++)
		usleep(10000);
	limits_group_free(group);
}

static void clean_dead(struct sessions *self, uint64_t lease_id, int lock)
{
	const struct run_folder *run = &self->context->run;
	uid_t uid;

	log_info(lease_id, "cleaning away what a dead isolated host left");
	if (self->context->is_isolated && !session_folder_owner(run, lease_id, &uid) && uid != 0)
		uid_kill(uid, (gid_t)uid);
	clean_group(self, lease_id);
	close(lock);
	if (session_folder_remove(run, lease_id))
		log_error(lease_id, "cannot remove its run folder: %m");
}

static void on_left(void *data, uint64_t lease_id)
{
	struct sessions *self = data;
	int lock;
	int error = session_folder_lock(&self->context->run, lease_id, &lock);

	if (!error) {
		clean_dead(self, lease_id, lock);
		return;
	}
	struct session *session = error == SHOJI_ERR_EXISTS ? add(self, lease_id) : NULL;
	if (session)
		session_adopt(session);
	else
		log_error(lease_id, "cannot look at its run folder: %m");
}

int sessions_find_left(struct sessions *self)
{
	return session_folder_list(&self->context->run, on_left, self);
}

/* ---- keeper ---- */

static void answer_ended(
        struct sessions *self, uint64_t lease_id, enum end_reason reason, const char *detail)
{
	struct message_session_ended ended = {.lease_id = lease_id, .reason = (uint8_t)reason};

	snprintf(ended.detail, sizeof(ended.detail), "%s", detail);
	roles_send(self->context->roles, ROLE_KEEPER, MESSAGE_SESSION_ENDED, &ended,
	        message_put_any_session_ended);
}

static bool is_permitted(const struct sessions *self, const struct session_lease *lease)
{
	const struct config *config = self->context->config;

	return lease->lease_id != 0 && lease->slot < config->sessions.max &&
	       lease->width >= SCREEN_WIDTH_MIN && lease->width <= config->profile.width_max &&
	       lease->height >= SCREEN_HEIGHT_MIN && lease->height <= config->profile.height_max;
}

static bool is_slot_free(const struct sessions *self, uint16_t slot)
{
	for (size_t i = 0; i < self->n_entries; i++)
		if (session_slot(self->entries[i].session) == slot)
			return false;
	return true;
}

static int on_start_session(struct sessions *self, struct message *in)
{
	struct message_start_session start;

	if (message_get_start_session(in, &start))
		return SHOJI_ERR_MALFORMED;
	struct session_lease lease = {
	        start.lease_id, start.slot, start.width, start.height, start.scale};
	if (!is_permitted(self, &lease) || lease.scale < SCREEN_SCALE_MIN ||
	        lease.scale > SCREEN_SCALE_MAX || find(self, lease.lease_id))
		return SHOJI_ERR_FORBIDDEN;
	struct session *session = is_slot_free(self, lease.slot) ? add(self, lease.lease_id) : NULL;
	if (!session) {
		answer_ended(self, lease.lease_id, END_START_FAILED, "its slot is still in use");
		return 0;
	}
	find(self, lease.lease_id)->is_told = true;
	log_info(lease.lease_id, "starting in slot %u, %ux%u", lease.slot, lease.width,
	        lease.height);
	session_start(session, &lease);
	return 0;
}

static int on_stop_session(struct sessions *self, struct message *in)
{
	struct message_stop_session stop;

	if (message_get_stop_session(in, &stop))
		return SHOJI_ERR_MALFORMED;
	if (stop.reason == 0 || stop.reason > END_REASON_MAX)
		return SHOJI_ERR_FORBIDDEN;
	/* It may have ended by itself meanwhile: session_ended is on its way then. */
	struct entry *entry = find(self, stop.lease_id);
	if (entry)
		session_end(entry->session, (enum end_reason)stop.reason, "");
	return 0;
}

static int on_mark_session(struct sessions *self, struct message *in)
{
	struct message_mark_session mark;

	if (message_get_mark_session(in, &mark))
		return SHOJI_ERR_MALFORMED;
	struct entry *entry = find(self, mark.lease_id);
	if (entry)
		session_mark(entry->session, mark.person, mark.address);
	return 0;
}

static int on_take_snapshot(struct sessions *self, struct message *in)
{
	struct message_take_snapshot take;

	if (message_get_take_snapshot(in, &take))
		return SHOJI_ERR_MALFORMED;
	struct entry *entry = find(self, take.lease_id);
	if (entry)
		session_take_snapshot(entry->session, take.request);
	else
		session_snapshot_refuse(self->context, take.request);
	return 0;
}

/* A host that an earlier broker started runs under the accounts that its slot had then. With others now (another
 * accounts.sessions_first) its workers would get the accounts of some other slot. */
static bool is_under_its_accounts(const struct sessions *self, const struct session_lease *lease)
{
	const struct monitor_context *context = self->context;
	uid_t uid;

	if (!context->is_isolated)
		return true;
	return !session_folder_owner(&context->run, lease->lease_id, &uid) &&
	       (uint64_t)uid ==
	               context->config->accounts.sessions_first + 3 * (uint64_t)lease->slot;
}

static int on_lease_held(struct sessions *self, struct message *in)
{
	struct message_lease_held held;

	if (message_get_lease_held(in, &held))
		return SHOJI_ERR_MALFORMED;
	struct session_lease lease = {held.lease_id, held.slot, held.width, held.height, 0};
	struct entry *entry = find(self, lease.lease_id);
	if (!entry) {
		answer_ended(self, lease.lease_id, END_HOST_EXITED,
		        "it was not running any more when the broker came back");
		return 0;
	}
	entry->is_told = true;
	if (!session_is_unclaimed(entry->session))
		session_tell_keeper_again(entry->session);
	else if (is_permitted(self, &lease) && is_slot_free(self, lease.slot) &&
	         is_under_its_accounts(self, &lease))
		session_confirm(entry->session, &lease);
	else
		session_end(entry->session, END_BROKER, "the configuration no longer permits it");
	return 0;
}

static int on_leases_told(struct sessions *self, struct message *in)
{
	struct message_leases_told told;

	if (message_get_leases_told(in, &told))
		return SHOJI_ERR_MALFORMED;
	for (size_t i = 0; i < self->n_entries; i++)
		if (!self->entries[i].is_told)
			session_end(self->entries[i].session, END_BROKER, "no lease covers it");
	return 0;
}

int sessions_on_keeper_message(struct sessions *self, struct message *in)
{
	switch (in->number) {
	case MESSAGE_START_SESSION:
		return on_start_session(self, in);
	case MESSAGE_STOP_SESSION:
		return on_stop_session(self, in);
	case MESSAGE_MARK_SESSION:
		return on_mark_session(self, in);
	case MESSAGE_TAKE_SNAPSHOT:
		return on_take_snapshot(self, in);
	case MESSAGE_LEASE_HELD:
		return on_lease_held(self, in);
	case MESSAGE_LEASES_TOLD:
		return on_leases_told(self, in);
	}
	return SHOJI_ERR_FORBIDDEN;
}

/* ---- roles ---- */

static void tell_status(struct sessions *self)
{
	struct message_broker_status status = {.full_isolation = self->context->is_isolated};

	snprintf(
	        status.limits, sizeof(status.limits), "%s", limits_describe(self->context->limits));
	snprintf(status.version, sizeof(status.version), "%s", SHOJI_VERSION);
	roles_send(self->context->roles, ROLE_KEEPER, MESSAGE_BROKER_STATUS, &status,
	        message_put_any_broker_status);
}

void sessions_on_role_ready(struct sessions *self, enum role_kind kind)
{
	if (kind == ROLE_KEEPER)
		tell_status(self);
	for (size_t i = 0; i < self->n_entries; i++) {
		if (kind == ROLE_KEEPER)
			self->entries[i].is_told = false;
		if (kind == ROLE_GATE)
			session_join_gate(self->entries[i].session);
		if (kind == ROLE_EGRESS)
			session_open_door(self->entries[i].session);
	}
}

void sessions_end_all(struct sessions *self, enum end_reason reason)
{
	for (size_t i = 0; i < self->n_entries; i++)
		session_end(self->entries[i].session, reason, "");
	self->ticked_ms = 0;
}
