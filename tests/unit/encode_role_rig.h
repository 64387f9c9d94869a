/* encode as a real process, between a monitor, a capture and a gate that a test plays. Fails the test on whatever does not
 * decode or leaves a bound. */
#ifndef SHOJI_TESTS_ENCODE_ROLE_RIG_H
#define SHOJI_TESTS_ENCODE_ROLE_RIG_H

#include "unit/stream_support.h"

#include "base/channel.h"
#include "base/session.h"
#include "stream/wire.h"

#include <stdbool.h>
#include <sys/types.h>

#define WIDTH 320
#define HEIGHT 240
#define PATIENCE_MS 20000

extern struct role {
	pid_t pid;
	struct channel *monitor, *capture, *gate;
	bool is_marked; /* what the next one is started with */
	uint16_t scale; /* the terminal's, and the next one's to begin with; 0: SCREEN_SCALE_ONE */
	const char *address; /* of whoever joins; NULL: none */
	int pixels_fd;
	uint8_t *pixels; /* what capture draws into */
	struct stream_decoder *decoder;
	uint32_t sequence, n_frames;
	enum picture_reset reset; /* of the last BEGIN */
} role;

/* The buffer as monitor makes it (sealed), or not. */
int role_pixels(bool is_sealed, off_t size);
/* Starts encode as monitor does and waits until it is ready, with a gate of its own. */
void role_start(void);
/* The same without waiting; pixels_fd is the rig's then. */
void role_start_with(int pixels_fd, uint16_t width_max, uint16_t height_max);
void role_finish(void);
/* As when gate was started anew. */
void role_new_gate(void);

/* Whether there is something to read within that time. */
bool role_wait(struct channel *channel, int timeout_ms);
/* Waits for its end; a signal fails the test. */
int role_exit_status(void);

/* A viewer joins: a new one, or the one that has been there and holds what it was shown. */
void role_join(void);
void role_join_again(void);
/* capture draws a page and tells. */
void role_show(uint32_t seed);
/* Reads what encode sent to gate; every slice must decode. false: encode is gone. */
bool role_read(int timeout_ms);
/* A picture may come in several frames: as much at a time as the line is known to take. */
void role_read_until_shown(void);
/* Geometry, a viewer, the first picture, and all of it shown. */
void role_begin_picture(void);

#endif
