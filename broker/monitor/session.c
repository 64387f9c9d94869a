/* The life of one session. What is told here comes from the shepherd and from two workers, of which
 * capture has met the isolated host: all of it is numbers and known words, held against the message
 * table and against the state. */
#include "monitor/session_internal.h"

#include "base/config.h"
#include "base/ensure.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "monitor/roles.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ADOPT_HELLO_DEADLINE_MS 5000
#define CAPTURE_SILENCE_MAX_MS 15000
#define FORCED_END_MS 3000

struct session *session_new(const struct monitor_context *context, uint64_t lease_id)
{
	struct session *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	*self = (struct session){.context = context,
	        .lease_id = lease_id,
	        .slot = -1,
	        .state = SESSION_NEW,
	        .door = -1,
	        .snapshot.pixels = -1};
	for (int kind = 0; kind < N_WORKERS; kind++)
		self->workers[kind] =
		        (struct worker){.session = self, .kind = (enum worker_kind)kind};
	return self;
}

void session_free(struct session *self)
{
	if (!self)
		return;
	session_snapshot_cancel(self);
	session_workers_finish(self);
	session_host_finish(self);
	free(self);
}

uint64_t session_lease_id(const struct session *self)
{
	return self->lease_id;
}

enum session_state session_state(const struct session *self)
{
	return self->state;
}

int session_slot(const struct session *self)
{
	return self->slot;
}

bool session_is_unclaimed(const struct session *self)
{
	return self->state == SESSION_ADOPTING && self->slot < 0;
}

/* ---- states ---- */

static void set_deadline(struct session *self, uint64_t delay_ms)
{
	self->deadline_ms = clock_now_ms() + delay_ms;
}

static void tell_keeper(struct session *self, bool is_adopted)
{
	ROLES_SEND(self->context->roles, ROLE_KEEPER, session_started, .lease_id = self->lease_id,
	        .adopted = is_adopted);
}

static void enter_ending(struct session *self)
{
	set_deadline(self, self->context->config->sessions.end_deadline_s * 1000);
	log_info(self->lease_id, "ending: %s%s%s", end_reason_text(self->reason),
	        self->detail[0] ? ": " : "", self->detail);
	ROLES_SEND(self->context->roles, ROLE_GATE, session_gone, .lease_id = self->lease_id,
	        .reason = (uint8_t)self->reason);
	ROLES_SEND(self->context->roles, ROLE_EGRESS, door_close, .lease_id = self->lease_id);
	session_snapshot_cancel(self);
	session_workers_kill(self);
	session_host_tell_end(self);
}

static void enter_over(struct session *self)
{
	struct message_session_ended ended = {
	        .lease_id = self->lease_id, .reason = (uint8_t)self->reason};

	snprintf(ended.detail, sizeof(ended.detail), "%s", self->detail);
	self->deadline_ms = 0;
	session_host_finish(self);
	log_info(self->lease_id, "over");
	/* keeper is away: it will ask by lease_held, and is told then that there is no such
	 * session. */
	roles_send(self->context->roles, ROLE_KEEPER, MESSAGE_SESSION_ENDED, &ended,
	        message_put_any_session_ended);
}

void session_set_state(struct session *self, enum session_state state)
{
	ensure(session_state_may_follow(self->state, state));
	log_debug(self->lease_id, "%s -> %s", session_state_text(self->state),
	        session_state_text(state));
	self->state = state;
	switch (state) {
	case SESSION_NEW:
		break;
	case SESSION_HOST_STARTING:
		set_deadline(self, self->context->config->sessions.start_deadline_s * 1000);
		break;
	case SESSION_ADOPTING:
		set_deadline(self, ADOPT_HELLO_DEADLINE_MS);
		break;
	case SESSION_CONNECTING:
	case SESSION_WORKERS_STARTING:
	case SESSION_PICTURE_AWAITED:
		break; /* one deadline from sign-in to the first picture */
	case SESSION_RUNNING:
		self->deadline_ms = 0;
		tell_keeper(self, self->is_adopted);
		/* Not before there is something to see: until then the viewer says that it is being made ready. */
		session_workers_join_gate(self);
		break;
	case SESSION_ENDING:
		enter_ending(self);
		break;
	case SESSION_OVER:
		enter_over(self);
		break;
	}
}

void session_end(struct session *self, enum end_reason reason, const char *detail)
{
	if (!session_state_may_follow(self->state, SESSION_ENDING))
		return;
	self->reason = reason;
	snprintf(self->detail, sizeof(self->detail), "%s", detail);
	session_set_state(self, SESSION_ENDING);
}

/* ---- beginning ---- */

static void take_lease(struct session *self, const struct session_lease *lease)
{
	ensure(lease->lease_id == self->lease_id);
	self->slot = lease->slot;
	self->width = lease->width;
	self->height = lease->height;
	self->scale = lease->scale;
}

static void fail_start(struct session *self, const char *step, int error)
{
	char detail[SESSION_DETAIL_MAX];

	log_error(self->lease_id, "%s: %s: %m", step, shoji_error_text(error));
	snprintf(detail, sizeof(detail), "%s: %s", step, shoji_error_text(error));
	session_end(self, END_START_FAILED, detail);
}

void session_start(struct session *self, const struct session_lease *lease)
{
	take_lease(self, lease);
	session_set_state(self, SESSION_HOST_STARTING);
	int error = session_host_start(self);
	if (error)
		fail_start(self, "cannot start the isolated host", error);
}

void session_adopt(struct session *self)
{
	self->is_adopted = true;
	session_set_state(self, SESSION_ADOPTING);
	int error = session_host_adopt(self);
	if (error)
		fail_start(self, "cannot reach the shepherd of an earlier broker", error);
}

static void connect_when_known(struct session *self)
{
	if (!self->shepherd.has_hello || self->slot < 0)
		return;
	set_deadline(self, self->context->config->sessions.start_deadline_s * 1000);
	session_set_state(self, SESSION_CONNECTING);
	int error = session_host_connect(self);
	if (error)
		fail_start(self, "cannot connect to the isolated host", error);
}

void session_confirm(struct session *self, const struct session_lease *lease)
{
	if (!session_is_unclaimed(self))
		return;
	take_lease(self, lease);
	connect_when_known(self);
}

void session_on_hello(struct session *self)
{
	self->deadline_ms = self->state == SESSION_ADOPTING ? 0 : self->deadline_ms;
	connect_when_known(self);
}

void session_on_doors(struct session *self, int rfb, int text)
{
	if (self->state != SESSION_CONNECTING) {
		close(rfb);
		close(text);
		session_end(self, END_START_FAILED, "the shepherd connected without being asked");
		return;
	}
	session_set_state(self, SESSION_WORKERS_STARTING);
	int error = session_workers_start(self, rfb, text);
	if (error)
		fail_start(self, "cannot start capture and encode", error);
}

void session_on_worker_ready(struct session *self)
{
	if (!self->workers[WORKER_CAPTURE].is_ready || !self->workers[WORKER_ENCODE].is_ready)
		return;
	session_set_state(self, SESSION_PICTURE_AWAITED);
	self->alive_ms = clock_now_ms();
	if (self->has_picture && self->state == SESSION_PICTURE_AWAITED)
		session_set_state(self, SESSION_RUNNING);
}

void session_on_first_picture(struct session *self)
{
	/* Two channels have no order: encode's picture may be read before capture's READY is. */
	self->has_picture = true;
	if (self->state == SESSION_PICTURE_AWAITED)
		session_set_state(self, SESSION_RUNNING);
}

void session_join_gate(struct session *self)
{
	if (self->state == SESSION_RUNNING)
		session_workers_join_gate(self);
}

void session_open_door(struct session *self)
{
	if (self->door < 0 || self->state == SESSION_ENDING || self->state == SESSION_OVER)
		return;
	ROLES_SEND(self->context->roles, ROLE_EGRESS, door_open, .lease_id = self->lease_id,
	        .listener = self->door);
}

void session_tell_keeper_again(struct session *self)
{
	if (self->state == SESSION_RUNNING)
		tell_keeper(self, true);
}

/* ---- ending ---- */

void session_on_host_ended(struct session *self, enum end_reason reason, const char *detail)
{
	if (self->state == SESSION_ENDING && self->is_reason_guessed && reason != END_BROKER) {
		/* capture saw its connection close before the shepherd could say why. (END_BROKER:
		 * it knows no more than that we told it.) */
		self->is_reason_guessed = false;
		self->reason = reason;
		snprintf(self->detail, sizeof(self->detail), "%s", detail);
	}
	session_end(self, reason, detail);
}

static void give_up(struct session *self)
{
	log_error(self->lease_id,
	        "could not be ended wholly; look for processes of uid %u and for its run folder",
	        (unsigned)session_uid(self, 0));
	session_set_state(self, SESSION_OVER);
}

static void continue_ending(struct session *self, uint64_t now_ms)
{
	if (now_ms >= self->deadline_ms) {
		if (self->is_forced) {
			give_up(self);
			return;
		}
		log_warning(self->lease_id, "did not end in time; killing what is left");
		self->is_forced = true;
		self->deadline_ms = now_ms + FORCED_END_MS;
		session_host_kill(self);
	}
	if (!session_workers_are_gone(self) || !session_host_is_gone(self))
		return;
	int error = session_host_clean(self);
	if (error == SHOJI_ERR_AGAIN)
		return;
	if (error)
		log_error(self->lease_id, "cannot remove its run folder: %m");
	session_set_state(self, SESSION_OVER);
}

static void miss_deadline(struct session *self)
{
	char detail[SESSION_DETAIL_MAX];

	snprintf(detail, sizeof(detail), "deadline passed while %s",
	        session_state_text(self->state));
	session_end(self, END_START_FAILED, detail);
}

static void watch_over(struct session *self, uint64_t now_ms)
{
	if (self->state == SESSION_RUNNING && now_ms - self->alive_ms > CAPTURE_SILENCE_MAX_MS) {
		session_end(self, END_CAPTURE_FAILED, "capture gave no sign of life");
		return;
	}
	session_workers_tick(self, now_ms);
	session_host_renew(self, now_ms);
	session_snapshot_tick(self, now_ms);
	if (session_host_check_limits(self, now_ms))
		session_end(self, END_LIMIT, "over its memory or process limit");
}

static uint64_t nearer(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static uint64_t watch_due_ms(const struct session *self)
{
	uint64_t due_ms = self->deadline_ms ? self->deadline_ms : UINT64_MAX;

	if (self->state == SESSION_RUNNING)
		due_ms = nearer(due_ms, self->alive_ms + CAPTURE_SILENCE_MAX_MS + 1);
	due_ms = nearer(due_ms, session_workers_due_ms(self));
	due_ms = nearer(due_ms, session_host_due_ms(self));
	return nearer(due_ms, session_snapshot_due_ms(self));
}

/* Neither before its begin nor at its end: it has deadlines, and workers that may fail. */
static bool is_under_way(const struct session *self)
{
	switch (self->state) {
	case SESSION_NEW:
	case SESSION_ENDING:
	case SESSION_OVER:
		return false;
	case SESSION_HOST_STARTING:
	case SESSION_ADOPTING:
	case SESSION_CONNECTING:
	case SESSION_WORKERS_STARTING:
	case SESSION_PICTURE_AWAITED:
	case SESSION_RUNNING:
		return true;
	}
	return false;
}

uint64_t session_due_ms(const struct session *self)
{
	if (is_under_way(self))
		return watch_due_ms(self);
	return self->state == SESSION_NEW ? UINT64_MAX : 0; /* at its end: until it is gone */
}

void session_tick(struct session *self, uint64_t now_ms)
{
	if (self->state == SESSION_ENDING)
		continue_ending(self, now_ms);
	else if (is_under_way(self) && self->deadline_ms && now_ms >= self->deadline_ms)
		miss_deadline(self);
	else if (is_under_way(self))
		watch_over(self, now_ms);
}
