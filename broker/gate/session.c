/* Joins what monitor sent (stream and input of a lease) to the viewer that keeper attached to that lease, and takes
 * them apart again. What flows is elsewhere: seat.c (the stream), session_input.c, onlook.c. */
#include "gate/session.h"

#include "base/log.h"
#include "base/loop.h"
#include "base/message.h"
#include "gate/gate_state.h"
#include "gate/keeper_link.h"
#include "gate/onlook.h"
#include "gate/session_input.h"
#include "gate/viewer.h"

#include <stdlib.h>
#include <unistd.h>

struct session *session_find(struct gate *gate, uint64_t lease_id)
{
	for (struct session *at = gate->sessions; at; at = at->next)
		if (at->lease_id == lease_id)
			return at;
	return NULL;
}

struct session *session_get(struct gate *gate, uint64_t lease_id)
{
	struct session *self = session_find(gate, lease_id);

	if (self)
		return self;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->gate = gate;
	self->lease_id = lease_id;
	meter_bucket_init(&self->bucket, gate->config.sessions.kbit_s_each_max, clock_now_us());
	for (int i = 0; i < VIEWERS_MAX; i++) {
		self->seats[i].session = self;
		self->seats[i].meter =
		        (struct meter_client){.own = &self->bucket, .data = &self->seats[i]};
	}
	self->next = gate->sessions;
	gate->sessions = self;
	return self;
}

static void session_free(struct session *self)
{
	for (struct session **at = &self->gate->sessions; *at; at = &(*at)->next)
		if (*at == self) {
			*at = self->next;
			break;
		}
	for (int i = 0; i < VIEWERS_MAX; i++)
		seat_close_stream(&self->seats[i]);
	session_input_close(self);
	free(self);
}

void session_free_if_unused(struct session *self)
{
	bool is_used = self->input || self->owes_detached;

	for (int i = 0; i < VIEWERS_MAX; i++)
		is_used = is_used || self->seats[i].stream || self->seats[i].viewer;
	if (!is_used)
		session_free(self);
}

void session_free_all(struct gate *gate)
{
	while (gate->sessions)
		session_free(gate->sessions);
}

/* ---- joining and leaving ---- */

struct seat *session_attach(struct gate *gate, uint64_t lease_id, struct viewer *viewer)
{
	struct session *self = session_get(gate, lease_id);
	struct seat *seat = self ? &self->seats[SEAT_PERSON] : NULL;

	if (!self)
		return NULL;
	if (seat->viewer)
		viewer_replace(seat->viewer);
	seat->viewer = viewer;
	if (self->watch)
		viewer_watched(viewer, self->watch, self->watched_by);
	self->owes_detached = false;
	self->told_activity_ms = 0;
	latency_forget_presses(&self->latency); /* each viewer counts from 1 */
	return seat;
}

void session_leave_seat(struct seat *seat, struct viewer *viewer, enum session_leave leave)
{
	struct session *self = seat->session;
	struct gate *gate = self->gate;

	if (seat->viewer != viewer)
		return;
	seat->viewer = NULL;
	seat_stop_stream(seat);
	if (onlook_is_seat(seat)) {
		onlook_left(self);
		return;
	}
	session_input_release(self);
	onlook_pause(self);
	if (leave == LEAVE_REPLACED)
		return;
	log_info(self->lease_id, "viewer left");
	self->owes_detached = leave == LEAVE_DETACHED;
	session_free_if_unused(self);
	if (gate->n_attaching == 0)
		session_tell_owed(gate);
}

/* The session's viewer, which keeper means. */
static struct viewer *person_of(const struct session *self)
{
	return self ? self->seats[SEAT_PERSON].viewer : NULL;
}

static int open_all(struct session *self, const struct message_session_join *join)
{
	const int streams[VIEWERS_MAX] = {
	        [SEAT_PERSON] = join->stream, [SEAT_ONLOOKER] = join->onlooker};
	int error = session_input_open(self, join->input);

	for (int i = 0; i < VIEWERS_MAX; i++) {
		int stream_error = seat_open_stream(&self->seats[i], streams[i]);
		error = error ? error : stream_error;
	}
	return error;
}

void session_join(struct gate *gate, const struct message_session_join *join)
{
	struct session *self = session_get(gate, join->lease_id);

	if (!self) {
		log_error(join->lease_id, "no memory to join this session");
		close(join->stream);
		close(join->input);
		close(join->onlooker);
		return;
	}
	if (open_all(self, join))
		log_error(join->lease_id, "no memory to join this session");
	for (int i = 0; i < VIEWERS_MAX; i++)
		if (self->seats[i].viewer && seat_is_live(&self->seats[i]))
			viewer_on_live(self->seats[i].viewer);
	session_free_if_unused(self);
}

void session_gone(struct gate *gate, uint64_t lease_id, unsigned reason)
{
	struct session *self = session_find(gate, lease_id);

	if (!self)
		return;
	session_input_close(self);
	for (int i = 0; self && i < VIEWERS_MAX; i++) {
		seat_close_stream(&self->seats[i]);
		if (self->seats[i].viewer)
			viewer_end(self->seats[i].viewer, reason, LEAVE_OVER); /* it leaves */
		self = session_find(gate, lease_id);
	}
	if (self)
		session_free_if_unused(self);
}

void session_end_viewer(struct gate *gate, uint64_t lease_id, unsigned reason)
{
	struct session *self = session_find(gate, lease_id);

	for (int i = 0; self && i < VIEWERS_MAX; i++) {
		if (self->seats[i].viewer)
			viewer_end(self->seats[i].viewer, reason, LEAVE_OVER); /* it leaves */
		self = session_find(gate, lease_id);
	}
}

void session_notify_viewer(struct gate *gate, uint64_t lease_id, unsigned notice, const char *text)
{
	struct viewer *viewer = person_of(session_find(gate, lease_id));

	if (viewer)
		viewer_notice(viewer, notice, text);
}

bool session_has_viewer(struct gate *gate, uint64_t lease_id)
{
	return person_of(session_find(gate, lease_id)) != NULL;
}

void session_owe_detached(struct gate *gate, uint64_t lease_id)
{
	struct session *self = session_get(gate, lease_id);

	if (self)
		self->owes_detached = true;
	else
		keeper_tell_detached(gate, lease_id); /* no memory: better early than never */
}

void session_tell_owed(struct gate *gate)
{
	struct session *next;

	for (struct session *at = gate->sessions; at; at = next) {
		next = at->next;
		if (!at->owes_detached)
			continue;
		at->owes_detached = false;
		keeper_tell_detached(gate, at->lease_id);
		session_free_if_unused(at);
	}
}

void session_tell_attached(struct gate *gate)
{
	for (struct session *at = gate->sessions; at; at = at->next)
		if (person_of(at))
			keeper_tell_activity(gate, at->lease_id, viewer_address(person_of(at)));
}
