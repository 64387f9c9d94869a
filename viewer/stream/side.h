/* What comes beside the picture: cursor, caret, what became of texts. */
#ifndef SHOJI_STREAM_SIDE_H
#define SHOJI_STREAM_SIDE_H

#include "stream/picture.h"

#include <stddef.h>
#include <stdint.h>

struct inflate;

struct side {
	uint8_t cursor_width, cursor_height; /* pixels; 0 x 0: hidden */
	uint8_t hot_x, hot_y;
	uint8_t *spare;  /* the same room: where an image is read before it is believed */
	uint8_t *cursor; /* R,G,B,A rows without gap, CURSOR_BYTES_MAX bytes, borrowed */
	uint16_t caret_x, caret_y, caret_width, caret_height;
	uint32_t text_number;
	uint8_t text_outcome; /* 0 done, 1 refused */
	uint8_t takes_text;   /* 0 no, 1 yes, 2 unknown */
};

/* Payloads of WIRE_CURSOR and WIRE_TEXT. Return enum stream_status; on a negative one nothing has
 * changed. A cursor's zstd frame is read with `once`, which keeps nothing between two. */
int32_t side_take_cursor(struct side *self, struct inflate *once, uint8_t type,
        const uint8_t *payload, size_t length);
int32_t side_take_text(struct side *self, uint8_t type, const uint8_t *payload, size_t length);

#endif
