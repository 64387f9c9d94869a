/* The session's state: handshake, updates, damage and TAKEN, input, deadlines. */
#ifndef SHOJI_CAPTURE_WORKER_H
#define SHOJI_CAPTURE_WORKER_H

#include "base/message.h"

struct channel;
struct worker;

#define WORKER_ALIVE_MS 5000    /* capture_alive to monitor */
#define WORKER_TEXT_LOST_MS 500 /* init starts another input agent meanwhile */
#define WORKER_HANDSHAKE_MS                                                                        \
	15000 /* from the start to the end of the handshake: Xvnc may still be starting */
#define WORKER_PICTURE_MS 10000 /* from a request for the whole screen to its update */
#define WORKER_MESSAGE_MS                                                                          \
	10000 /* from the first byte of a message to its last: a trickle ends here */
#define WORKER_TAKEN_MS                                                                            \
	10000 /* encode's answer to damage: longer than an overloaded machine keeps it waiting */

/* Takes monitor and the descriptors of setup, also on failure. NULL: out of memory, or the pixel buffer is
 * not as it must be (logged). */
struct worker *worker_new(struct channel *monitor, const struct message_setup_capture *setup);
void worker_free(struct worker *self);

/* Runs until the session ends; returns enum worker_exit. */
int worker_run(struct worker *self);

#endif
