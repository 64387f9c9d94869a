/* The real capture process under test, with the test in the place of monitor, encode, gate and the isolated host. */
#ifndef SHOJI_TESTS_CAPTURE_PROCESS_H
#define SHOJI_TESTS_CAPTURE_PROCESS_H

#include "base/channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CAPTURE_WIDTH_MAX 1280
#define CAPTURE_HEIGHT_MAX 800
#define CAPTURE_STRIDE (CAPTURE_WIDTH_MAX * 4)

struct capture_process {
	pid_t pid;
	struct channel *monitor, *encode, *input;
	int host;  /* the isolated host's end of the RFB connection; -1 when closed or given */
	int agent; /* the isolated host's end of the text door */
	const uint8_t *pixels;
	/* what capture told encode last */
	uint16_t width, height;
	uint32_t generation;
	uint32_t n_damages, n_cursors, n_copies;
	uint32_t outcome_number;
	uint8_t outcome;
	uint32_t n_outcomes;
};

/* Starts `program`, joins it, and waits for READY. rfb: capture's end of an RFB connection, or -1: a socketpair
 * whose other end is self->host. Fails the test when anything goes wrong. */
void capture_start(struct capture_process *self, const char *program, int rfb);
/* Ends it when it still runs, and frees everything. */
void capture_finish(struct capture_process *self);

/* Waits for its end; its exit status, 1000 + signal, or -1 when it still runs after the deadline. Goes on being a
 * good encode meanwhile. */
int capture_wait_exit(struct capture_process *self, int deadline_ms);

/* Receives what capture has told encode and answers TAKEN, until nothing more came for quiet_ms or deadline_ms are
 * over. `on_damage` (may be NULL) sees each damage before TAKEN. Checks every value against what encode may be told. */
typedef void (*capture_damage_fn)(
        void *data, struct capture_process *self, const struct message_damage *damage);
void capture_serve(struct capture_process *self, int quiet_ms, int deadline_ms,
        capture_damage_fn on_damage, void *data);

/* Says all bytes to capture. Serves encode while the socket is full. False: capture closed. */
bool capture_say(struct capture_process *self, const void *bytes, size_t length);
/* Hears exactly length bytes within a second. False: they did not come. */
bool capture_hear(struct capture_process *self, uint8_t *out, size_t length);

/* 1 and a message, or 0 when none came in time, or a negative code. */
int capture_receive(struct channel *channel, struct message *in, int timeout_ms);

#endif
