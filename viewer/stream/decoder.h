/* The viewer's decoder: slices in, a screen and what changed on it out. Natively and as
 * WebAssembly; freestanding but for zstd's decoder and memcpy; all memory is given at the start. */
#ifndef SHOJI_STREAM_DECODER_H
#define SHOJI_STREAM_DECODER_H

#include "stream/screen.h"
#include "stream/side.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stream_decoder_push() did. The same numbers as enum decoder_status in stream/wasm/exports.h.
 */
enum stream_status {
	STREAM_MORE = 0,         /* a part of a frame */
	STREAM_BEGUN = 1,        /* the screen has its size */
	STREAM_FRAME = 2,        /* a frame is complete */
	STREAM_CURSOR = 3,       /* a new cursor image */
	STREAM_CARET = 4,        /* the caret moved */
	STREAM_TEXT_OUTCOME = 5, /* a text was put in or refused */
	STREAM_TEXT_TAKEN = 6,   /* whether the focus takes text */
	STREAM_SKIPPED = 7,      /* an optional channel that is not known here */
	STREAM_ERR_MALFORMED = -1,
	STREAM_ERR_LIMIT = -2,    /* larger than the limits of the start */
	STREAM_ERR_SEQUENCE = -3, /* before BEGIN, wrong frame number */
	STREAM_ERR_MEMORY = -4,   /* at the start only */
};

struct stream_limits {
	uint32_t width_max, height_max; /* pixels; at most PICTURE_WIDTH_MAX, PICTURE_HEIGHT_MAX */
	uint32_t window_log_max;        /* WIRE_WINDOW_LOG_MIN..WIRE_WINDOW_LOG_MAX */
	uint32_t
	        cache_slots_max; /* of TILE_CACHE_SLOT_BYTES each; at most PICTURE_CACHE_SLOTS_MAX */
};

struct cache_rule;
struct stream_decoder;

/* Bytes of memory that a decoder needs; 0: the limits are out of range. */
size_t stream_decoder_size(const struct stream_limits *limits);
/* memory: 16-byte aligned, borrowed for the decoder's life; there is nothing to free in it. NULL:
 * too small, or limits out of range. */
struct stream_decoder *stream_decoder_init(
        void *memory, size_t size, const struct stream_limits *limits);

/* Takes one whole slice, header included. Returns enum stream_status. After a failed slice of the
 * picture the decoder is broken, and answers the same to every slice of the picture until a BEGIN
 * with reset. */
int32_t stream_decoder_push(struct stream_decoder *self, const uint8_t *slice, size_t length);

/* Valid after STREAM_BEGUN; the list of changed rectangles is that of the last complete frame as
 * long as no further slice was pushed. Borrowed. */
const struct screen *stream_decoder_screen(const struct stream_decoder *self);
const struct side *stream_decoder_side(const struct stream_decoder *self);
/* The last complete frame; 0: none. */
uint32_t stream_decoder_frame(const struct stream_decoder *self);
bool stream_decoder_is_provisional(const struct stream_decoder *self);
/* Something had no room in the last complete frame. */
bool stream_decoder_is_unfinished(const struct stream_decoder *self);
/* Which input the last complete frame answers (PICTURE_ANSWERS): 0 to 65535; -1: none. */
int32_t stream_decoder_answers(const struct stream_decoder *self);
/* For tests: encode must think the same. */
const struct cache_rule *stream_decoder_cache_rule(const struct stream_decoder *self);
/* What HELLO may claim to know: 0 when the screen is not exactly that of stream_decoder_frame(). */
uint64_t stream_decoder_epoch(const struct stream_decoder *self);

#endif
