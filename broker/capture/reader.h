/* The reader of what an RFB server says after the handshake: updates made of the five encodings that were
 * offered, bell and cut text (read to be dropped), and nothing else.
 *
 * Pure: bytes in; pixels go to the buffer, everything else into fields that the driver takes when an update is complete.
 * One byte at a time or a megabyte at once gives the same. */
#ifndef SHOJI_CAPTURE_READER_H
#define SHOJI_CAPTURE_READER_H

#include "base/message.h"
#include "capture/pixels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READER_CURSOR_MAX 128 /* pixels each way */
#define READER_CURSOR_BYTES_MAX                                                                    \
	(READER_CURSOR_MAX * READER_CURSOR_MAX * 4 + READER_CURSOR_MAX * (READER_CURSOR_MAX / 8))
#define READER_CURSOR_IMAGE_MAX                                                                    \
	(READER_CURSOR_MAX * READER_CURSOR_MAX * 3 + READER_CURSOR_MAX * (READER_CURSOR_MAX / 8))
#define READER_SCREENS_MAX 16           /* of one ExtendedDesktopSize */
#define READER_CUT_TEXT_MAX (64 * 1024) /* bytes of one cut text */
/* So many screens' worth of pixels one update may carry: overlapping rectangles are legal, a flood is not. */
#define READER_UPDATE_AREA_FACTOR 4

/* What may happen between two calls of reader_new_window() (READER_WINDOW_MS): far above what a real
 * Xvnc does, low enough that a flood costs nobody anything. */
#define READER_WINDOW_MS 5000
#define READER_WINDOW_DROPPED_MAX 500 /* bells and cut texts */
#define READER_WINDOW_DROPPED_BYTES_MAX (1024 * 1024)
#define READER_WINDOW_SIZES_MAX 32           /* changes of the screen's size */
#define READER_WINDOW_CURSORS_MAX 5000       /* cursor images */
#define READER_WINDOW_EMPTY_UPDATES_MAX 1000 /* updates that say nothing */

enum reader_state {
	READER_MESSAGE, /* between two messages */
	READER_UPDATE,
	READER_RECT,
	READER_RAW,
	READER_COPY,
	READER_CURSOR,
	READER_SCREENS,
	READER_SCREEN_LIST,
	READER_CUT_TEXT,
	READER_CUT_TEXT_BYTES,
};

struct reader_window {
	uint32_t n_dropped, dropped_bytes, n_sizes, n_cursors, n_empty_updates;
};

struct reader {
	enum reader_state state;
	struct pixels *pixels; /* borrowed */

	/* What an update brought. The driver takes it when is_update_complete. */
	bool is_update_complete;
	uint16_t width, height; /* pixels, as of now */
	uint32_t generation;    /* rises with every new size; 1 after reader_init() */
	bool has_new_size;      /* since the driver last cleared it */
	bool has_cursor;        /* same; cursor points into cursor_image */
	struct message_cursor cursor;
	struct message_damage
	        damage; /* of this generation; sequence and generation are the driver's */

	bool has_extended_key;  /* the server takes raw keys */
	bool has_screen;        /* the server has told of its screen, and takes sizes */
	uint32_t screen_id;     /* what the server calls it; said back to it and to nobody else */
	uint32_t n_sizes_asked; /* sizes that were asked for and not answered yet: 0 or 1 */
	bool is_size_refused;   /* same as has_cursor; of the last size that was asked for */
	uint32_t n_requests;    /* update requests sent and not answered yet: 0 or 1 */
	uint32_t message_count; /* messages begun: tells the driver when a deadline starts anew */

	/* the update that is being read */
	uint32_t rects_left;
	uint64_t area_left; /* pixels */
	bool is_empty;
	struct rect rect;
	uint32_t row, row_byte; /* RAW: how far */
	uint32_t skip_left;     /* bytes */
	struct reader_window window;
	size_t wanted, gathered_length; /* bytes of the field that is being gathered */
	uint8_t gathered[READER_CURSOR_BYTES_MAX];
	uint8_t cursor_image[READER_CURSOR_IMAGE_MAX];
};

/* The size is the handshake's, and inside the buffer. */
void reader_init(struct reader *self, struct pixels *pixels, uint16_t width, uint16_t height);

/* Consumes bytes up to the end of an update at most. Returns how many: 0 when length is 0 or an update
 * is complete. SHOJI_ERR_FORBIDDEN: not asked for; SHOJI_ERR_MALFORMED; SHOJI_ERR_LIMIT: over a limit. */
int reader_feed(struct reader *self, const uint8_t *data, size_t length);

/* The driver has sent an update request. */
void reader_requested(struct reader *self);
/* The driver has asked for a size. */
void reader_size_asked(struct reader *self);
/* The driver has taken the update: reading may go on. */
void reader_update_taken(struct reader *self);
void reader_new_window(struct reader *self);
/* Whether a message has begun and not ended. */
bool reader_is_inside(const struct reader *self);

#endif
