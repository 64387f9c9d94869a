/* What the files of the worker share: its state, and what they call of each other. Private to capture. */
#ifndef SHOJI_CAPTURE_WORKER_STATE_H
#define SHOJI_CAPTURE_WORKER_STATE_H

#include "base/channel.h"
#include "capture/handshake.h"
#include "capture/input.h"
#include "capture/linger.h"
#include "capture/pixels.h"
#include "capture/reader.h"
#include "capture/screen_size.h"
#include "capture/text.h"
#include "capture/worker.h"

#include <stdbool.h>
#include <stdint.h>

enum request { REQUEST_NONE, REQUEST_CHANGES, REQUEST_ALL };

/* What the host owes us, and by when. */
enum due { DUE_NOTHING, DUE_HANDSHAKE, DUE_MESSAGE, DUE_PICTURE };

struct worker {
	uint64_t lease_id;
	struct loop *loop;
	struct channel *monitor, *encode;
	struct channel *input_channel; /* NULL: no gate now */
	struct rfb *rfb;
	struct watch *rfb_watch;
	struct timer *alive_timer, *due_timer, *taken_timer, *size_timer, *text_timer;
	struct pixels pixels;
	bool is_stopped;
	int exit_status;

	enum due due;
	uint32_t due_message;   /* the message that DUE_MESSAGE is about */
	bool is_picture_due;    /* all of the screen was asked for and has not come */
	bool is_awaiting_taken; /* the buffer is encode's to read */
	bool is_cursor_waiting; /* encode's channel was full: the latest cursor goes when it is not */
	enum request request;   /* to be sent as soon as the socket takes it */
	uint32_t sequence;      /* of the last damage */
	struct handshake handshake;
	struct reader reader; /* valid after the handshake */
	struct input input;   /* same */
	struct text *text;
	struct linger *linger; /* of the sentinel */
	struct screen_size screen_size;
	bool is_sending; /* pump_sending() runs */
	bool is_typing;  /* text waits for the key that is among input's steps */
};

/* Ends the process with this exit status when the loop's turn is over; the first one counts. */
void worker_stop(struct worker *self, enum worker_exit exit_status);

/* ---- worker_pump.c ---- */
/* Does all that is possible now; may be called at any time but by what it calls itself (is_sending). */
void worker_pump(struct worker *self);
/* Ends the worker if encode's channel did not take a message (an error of channel_send()). */
void worker_check_encode(struct worker *self, int error);
void worker_on_rfb(void *data, unsigned events);
void worker_on_encode(void *data, struct channel *channel, struct message *in);
void worker_on_size_time(void *data);
void worker_on_due(void *data);
void worker_on_not_taken(void *data);

/* ---- worker_input.c ---- */
/* Takes fd as the channel from gate, in place of an earlier one. 0, SHOJI_ERR_MEMORY, or another error of the loop. */
int worker_take_input_channel(struct worker *self, int fd);
/* The sentinel was down for long enough. */
void worker_on_linger_over(void *data);
/* Asks monitor for a connection to the next input agent. */
void worker_on_text_time(void *data);
extern const struct text_events worker_text_events;

#endif
