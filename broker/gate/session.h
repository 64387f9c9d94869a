/* A lease as gate sees it: the channels to its encode and capture, and the viewers that are attached: one a seat. */
#ifndef SHOJI_GATE_SESSION_H
#define SHOJI_GATE_SESSION_H

#include "base/session.h"
#include "gate/latency.h"
#include "gate/meter.h"
#include "gate/slice_check.h"

#include <stdbool.h>
#include <stdint.h>

struct channel;
struct gate;
struct message_session_join;
struct viewer;
struct viewer_message;
struct watch;

/* One viewer's place and its stream: a slow one holds up only itself. */
struct seat {
	struct session *session;
	struct channel *stream; /* to encode; NULL: not there (yet, or any more) */
	struct viewer *viewer;  /* borrowed from its connection; NULL: nobody looks */
	struct slice_check slices;
	struct meter_client meter;
	bool is_running;        /* encode was asked for a stream; else what comes is dropped */
	bool is_awaiting_begin; /* slices before the next BEGIN were made for an earlier viewer */
};

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
bool session_has_onlooker(struct gate *gate, uint64_t lease_id);
void session_end_onlookers(struct gate *gate);
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
/* An onlooker sits down; it is shown something once the person was told. NULL: no memory, or somebody sits there. */
struct seat *session_attach_onlooker(
        struct gate *gate, uint64_t lease_id, const char *administrator, struct viewer *viewer);
/* The person's viewer shows that somebody looks on. */
void seat_person_told(struct seat *self, uint32_t watch);
/* Whether there is a picture to be had: for an onlooker, only while the person is there and told. */
bool seat_is_live(const struct seat *self);
/* Asks encode for a stream for the attached viewer. */
void seat_begin_stream(struct seat *self);
/* The viewer has sent its slice on: the next may come. */
void seat_resume(struct seat *self);
enum session_leave {
	LEAVE_DETACHED, /* the line was cut, or the viewer was closed: keeper is told, and the lease waits */
	LEAVE_REPLACED, /* another viewer has the lease now */
	LEAVE_OVER,     /* the lease is over: nobody needs to be told */
};
/* The viewer leaves. May free the session, but for LEAVE_REPLACED. */
void seat_leave(struct seat *self, struct viewer *viewer, enum session_leave leave);
void seat_acknowledge(struct seat *self, uint32_t frame, uint32_t drawn_after_us);
/* The viewer says that a press was answered (latency_answer()). */
void seat_answered(struct seat *self, uint16_t input, uint16_t took);
/* A frame of video was drawn, or the viewer cannot decode it. */
void seat_video(struct seat *self, bool has_failed, uint32_t frame);
/* A KEY, POINTER, WHEEL, TEXT, RELEASE_ALL or SCREEN goes on to capture; positions are held to the policy's largest screen. */
void session_input(struct session *self, const struct viewer_message *message);

/* Starts the meter of all sessions. */
void session_meter_start(struct gate *gate);
void session_free_all(struct gate *gate);

#endif
