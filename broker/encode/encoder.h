/* The encoder of one session: between the channels to capture and gate. Everything but the process: tests run it with
 * socketpairs. */
#ifndef SHOJI_ENCODE_ENCODER_H
#define SHOJI_ENCODE_ENCODER_H

#include "base/session.h"
#include "encode/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct encoder;
struct loop;

struct encoder_setup {
	struct loop *loop; /* borrowed */
	uint64_t lease_id; /* for the log */
	uint64_t epoch;    /* random, not 0 */
	const uint64_t
	        *cache_key; /* TILE_NAME_KEY_WORDS random ones, borrowed; NULL: no tile cache */
	const uint8_t *
	        pixels; /* width_max x height_max x PIXEL_BYTES, borrowed; another process writes them */
	bool is_marked; /* with a watermark; and without video, which it would have to be in as well */
	bool is_metered;     /* nothing is said to a viewer but what gate gave credit for */
	uint32_t kbit_s_max; /* where it is: what policy lets the line carry */
	uint16_t
	        scale; /* the terminal's to begin with, SCREEN_SCALE_*: the mark is as large as that */
	uint16_t width_max, height_max; /* 1..SCREEN_WIDTH_MAX, SCREEN_HEIGHT_MAX */
	bool has_video; /* moving pictures as H.264 to a viewer that can; else never */
	/* Photographs may be blurred for a moment where the line is slow; else every frame is exact. */
	bool has_photos;
	/* What video and photographs go by, milliseconds; NULL: the clock. */
	uint64_t (*clock_ms)(void);
	void (*on_first_picture)(void *data);
	/* A film begins or ends to play: it needs encoder_set_video_share(), or it does not get on. With has_video. */
	void (*on_film)(void *data, bool is_playing);
	/* The process must end with that status; called within a callback of the loop, at most once. */
	void (*on_end)(void *data, enum worker_exit status);
	void *data;
};

/* Reserves all memory of the screens and compressors. NULL: no memory. */
struct encoder *encoder_new(const struct encoder_setup *setup);
void encoder_free(struct encoder *self);

/* Takes fd, the end of the channel to capture, resp. of one seat's to gate; a new one replaces the old. 0 or SHOJI_ERR_MEMORY. */
int encoder_set_capture(struct encoder *self, int fd);
int encoder_set_gate(struct encoder *self, enum viewer_seat seat, int fd);

/* The watermark's words, for an encoder that marks; nothing is shown before. east_min: minutes east of UTC. */
void encoder_set_mark(struct encoder *self, const char *person, const char *address, int east_min);

/* What video may take of one core from now on, permille, 1 to 1000. */
void encoder_set_video_share(struct encoder *self, uint16_t core_permille);

struct encoder_picture {
	const uint32_t *pixels; /* B,G,R,X; borrowed until the loop's next turn */
	uint16_t width, height; /* 0: no geometry yet, or no words for the mark */
	uint32_t stride_bytes;
};
void encoder_picture(struct encoder *self, struct encoder_picture *picture);

#endif
