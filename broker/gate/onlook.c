/* An administrator looks on at a session. Nobody is watched without being told: the onlooker's stream runs only while
 * the person is there and their viewer has said that it shows the badge. */
#include "gate/onlook.h"

#include "base/log.h"
#include "base/session.h"
#include "gate/gate_state.h"
#include "gate/keeper_link.h"
#include "gate/session.h"
#include "gate/viewer.h"

#include <stdio.h>

bool onlook_is_seat(const struct seat *self)
{
	return self == &self->session->seats[SEAT_ONLOOKER];
}

bool onlook_is_told(const struct session *self)
{
	const struct viewer *person = self->seats[SEAT_PERSON].viewer;

	return person && self->watch && viewer_is_told(person, self->watch);
}

struct seat *onlook_attach(
        struct gate *gate, uint64_t lease_id, const char *administrator, struct viewer *viewer)
{
	struct session *self = session_get(gate, lease_id);
	struct seat *seat = self ? &self->seats[SEAT_ONLOOKER] : NULL;

	if (!seat || seat->viewer)
		return NULL;
	seat->viewer = viewer;
	self->watch = ++gate->last_watch ? gate->last_watch : ++gate->last_watch;
	snprintf(self->watched_by, sizeof(self->watched_by), "%s", administrator);
	if (self->seats[SEAT_PERSON].viewer)
		viewer_watched(self->seats[SEAT_PERSON].viewer, self->watch, self->watched_by);
	return seat;
}

void onlook_person_told(struct seat *self, uint32_t watch)
{
	struct seat *onlooker = &self->session->seats[SEAT_ONLOOKER];

	if (onlook_is_seat(self) || watch != self->session->watch || !onlooker->viewer)
		return;
	if (seat_is_live(onlooker))
		viewer_on_live(onlooker->viewer);
}

void onlook_pause(struct session *self)
{
	struct seat *onlooker = &self->seats[SEAT_ONLOOKER];

	if (!onlooker->viewer)
		return;
	seat_stop_stream(onlooker);
	viewer_on_pause(onlooker->viewer);
}

void onlook_left(struct session *self)
{
	struct viewer *person = self->seats[SEAT_PERSON].viewer;

	log_info(self->lease_id, "onlooker left");
	self->watch = 0;
	keeper_tell_onlook_left(self->gate, self->lease_id);
	if (person)
		viewer_watched(person, 0, "");
	session_free_if_unused(self);
}

void onlook_end_all(struct gate *gate)
{
	struct session *next;

	for (struct session *at = gate->sessions; at; at = next) {
		next = at->next;
		if (at->seats[SEAT_ONLOOKER].viewer)
			viewer_end(at->seats[SEAT_ONLOOKER].viewer, END_BROKER, LEAVE_OVER);
	}
}

bool onlook_goes_on(struct gate *gate, uint64_t lease_id)
{
	const struct session *self = session_find(gate, lease_id);

	return self && self->seats[SEAT_ONLOOKER].viewer;
}
