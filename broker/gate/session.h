/* A lease as gate sees it: the channels to its encode and capture, and the viewers that are attached: one a seat. */
#ifndef SHOJI_GATE_SESSION_H
#define SHOJI_GATE_SESSION_H

#include "base/session.h"
#include "gate/latency.h"
#include "gate/meter.h"
#include "gate/seat.h"

#include <stdbool.h>
#include <stdint.h>

struct channel;
struct gate;
struct message_session_join;
struct viewer;
struct watch;

struct session {
	struct gate *gate;
	struct session *next;
	uint64_t lease_id;
	struct seat seats[VIEWERS_MAX];
	struct meter_bucket bucket; /* its cap: of all its seats together */
	struct channel *input;      /* to capture, one-way; NULL: not there */
	struct watch *input_watch;
	uint32_t watch;          /* number of the watch that goes on; 0: nobody looks on */
	char watched_by[65];     /* the administrator */
	bool owes_detached;      /* keeper is to be told that nobody looks (session_tell_owed()) */
	bool has_told_loss;      /* logged once a session: a viewer can cause it at will */
	bool has_lost_input;     /* some did not fit the queue: everything is released first */
	uint32_t input_sequence; /* of the last message to capture: one sequence, whoever looks */
	uint64_t told_activity_ms;
	struct latency latency;
	uint64_t told_latency_ms;
	uint8_t buttons; /* as the viewer told them last */
};

/* ---- monitor's orders; the descriptors are taken ---- */
void session_join(struct gate *gate, const struct message_session_join *join);
void session_gone(struct gate *gate, uint64_t lease_id, unsigned reason);

/* ---- keeper's orders ---- */
void session_end_viewer(struct gate *gate, uint64_t lease_id, unsigned reason);
void session_notify_viewer(struct gate *gate, uint64_t lease_id, unsigned notice, const char *text);
bool session_has_viewer(struct gate *gate, uint64_t lease_id);
/* keeper attached somebody to it who has left meanwhile. */
void session_owe_detached(struct gate *gate, uint64_t lease_id);
/* Tells keeper of the viewers that left, unless another has come: to be called when no attach question is open.
 * Before its answer is here keeper has already written the new viewer down, for a lease that gate does not know;
 * "detached", sent then, would be taken for the new one's. */
void session_tell_owed(struct gate *gate);
/* To a keeper that has just come: somebody looks at these. */
void session_tell_attached(struct gate *gate);

/* ---- a viewer's doings ---- */
/* Attaches it to the lease that keeper named, in place of another. NULL: no memory. */
struct seat *session_attach(struct gate *gate, uint64_t lease_id, struct viewer *viewer);
enum session_leave {
	LEAVE_DETACHED, /* the line was cut, or the viewer was closed: keeper is told, and the lease waits */
	LEAVE_REPLACED, /* another viewer has the lease now */
	LEAVE_OVER,     /* the lease is over: nobody needs to be told */
};
/* The viewer leaves its seat. May free the session, but for LEAVE_REPLACED. */
void session_leave_seat(struct seat *seat, struct viewer *viewer, enum session_leave leave);

/* ---- for gate's other files on sessions ---- */
/* Made where there is none. NULL: no memory. */
struct session *session_get(struct gate *gate, uint64_t lease_id);
/* NULL: there is none. */
struct session *session_find(struct gate *gate, uint64_t lease_id);
/* Frees it if no channel and no viewer is left and keeper is owed no word. */
void session_free_if_unused(struct session *self);
void session_free_all(struct gate *gate);

#endif
