/* One viewer's place at a session, and its stream from encode: a slow one holds up only itself. */
#ifndef SHOJI_GATE_SEAT_H
#define SHOJI_GATE_SEAT_H

#include "gate/meter.h"
#include "gate/slice_check.h"

#include <stdbool.h>
#include <stdint.h>

struct channel;
struct gate;
struct session;
struct viewer;

struct seat {
	struct session *session;
	struct channel *stream; /* to encode; NULL: not there (yet, or any more) */
	struct viewer *viewer;  /* borrowed from its connection; NULL: nobody looks */
	struct slice_check slices;
	struct meter_client meter;
	bool is_running;        /* encode was asked for a stream; else what comes is dropped */
	bool is_awaiting_begin; /* slices before the next BEGIN were made for an earlier viewer */
};

/* Starts the meter of all sessions. */
void seat_meter_start(struct gate *gate);

/* ---- its session's doings ---- */
/* Takes fd as the channel to encode, in place of an earlier one. 0 or SHOJI_ERR_MEMORY. */
int seat_open_stream(struct seat *self, int fd);
/* encode ends when its socket closes. */
void seat_close_stream(struct seat *self);
/* encode makes nothing more for this seat, and what is on its way is dropped. */
void seat_stop_stream(struct seat *self);

/* ---- its viewer's doings; what cannot be said to encode is lost ---- */
/* Whether there is a picture to be had: for an onlooker, only while the person is there and told. */
bool seat_is_live(const struct seat *self);
/* Asks encode for a stream for the attached viewer. */
void seat_begin_stream(struct seat *self);
/* The viewer has sent its slice on: the next may come. */
void seat_resume(struct seat *self);
/* The viewer has drawn the frame with that low half of its number, and all before it. */
void seat_acknowledge(struct seat *self, uint16_t frame);
/* The viewer says that a press was answered (latency_answer()). */
void seat_answered(struct seat *self, uint16_t input, uint16_t took);
/* A frame of video was drawn, or the viewer cannot decode it. */
void seat_video(struct seat *self, bool has_failed, uint32_t frame);

#endif
