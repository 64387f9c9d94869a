/* A lease as gate sees it: the channels to its encode and capture, and the one viewer that is attached. */
#ifndef SHOJI_GATE_SESSION_H
#define SHOJI_GATE_SESSION_H

#include "gate/slice_check.h"

#include <stdbool.h>
#include <stdint.h>

struct channel;
struct gate;
struct viewer;
struct viewer_message;
struct watch;

struct session {
	struct gate *gate;
	struct session *next;
	uint64_t lease_id;
	struct channel *stream; /* to encode; NULL: not there (yet, or any more) */
	struct channel *input;  /* to capture, one-way */
	struct watch *input_watch;
	struct viewer *viewer; /* borrowed from its connection; NULL: nobody looks */
	struct slice_check slices;
	bool owes_detached;      /* keeper is to be told that nobody looks (session_tell_owed()) */
	bool is_awaiting_begin;  /* slices before the next BEGIN were made for an earlier viewer */
	bool has_told_loss;      /* logged once a session: a viewer can cause it at will */
	bool has_lost_input;     /* some did not fit the queue: everything is released first */
	uint32_t input_sequence; /* of the last message to capture: one sequence, whoever looks */
	uint64_t told_activity_ms;
};

/* ---- monitor's orders; both descriptors are taken ---- */
void session_join(struct gate *gate, uint64_t lease_id, int stream_fd, int input_fd);
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
struct session *session_attach(struct gate *gate, uint64_t lease_id, struct viewer *viewer);
/* Whether there is a picture to be had. */
bool session_is_live(const struct session *self);
/* Asks encode for a stream for the attached viewer. */
void session_begin_stream(struct session *self);
/* The viewer has sent its slice on: the next may come. */
void session_resume(struct session *self);
enum session_leave {
	LEAVE_DETACHED, /* the line was cut, or the viewer was closed: keeper is told, and the lease waits */
	LEAVE_REPLACED, /* another viewer has the lease now */
	LEAVE_OVER,     /* the lease is over: nobody needs to be told */
};
/* The viewer leaves. May free self, but for LEAVE_REPLACED. */
void session_detach(struct session *self, struct viewer *viewer, enum session_leave leave);
void session_acknowledge(struct session *self, uint32_t frame, uint32_t drawn_after_us);
/* A KEY, POINTER, WHEEL, TEXT or RELEASE_ALL goes on to capture; positions are held to the policy's largest screen. */
void session_input(struct session *self, const struct viewer_message *message);

void session_free_all(struct gate *gate);

#endif
