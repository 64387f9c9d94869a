/* What decoder.wasm exports: the stream decoder for a web page's worker. One decoder a module
 * instance.
 *
 * The module imports nothing: instantiate it with {}. Exported besides these functions: `memory`.
 * It grows in decoder_new() only, so JavaScript makes its views of memory.buffer after each
 * decoder_new(). Pointers are byte offsets into memory; all numbers are unsigned unless a status.
 *
 * Use:
 *   decoder_new(width_max, height_max, window_log_max, cache_slots)   once, before HELLO; again for a new start
 * with nothing for each WebSocket message of channel WIRE_PICTURE, WIRE_CURSOR, WIRE_TEXT (byte 0),
 * and of any other channel than WIRE_CONTROL, which JavaScript reads itself: copy the whole
 * message, header included, to decoder_input(); status = decoder_push(length) DECODER_FRAME: draw
 * the decoder_rect_count() rectangles from decoder_pixels(), then send WIRE_PICTURE_ACK with
 * decoder_frame(). A negative status: the stream is broken. Close the socket, show "lost", connect
 * anew; the broker then begins with a key frame if HELLO carries epoch 0. decoder_push() answers
 * the same until the next BEGIN.
 *
 * HELLO's "epoch known" and "last frame applied" are decoder_epoch_low/high() and decoder_frame()
 * as long as the decoder is kept over a reconnection; otherwise 0. */
#ifndef SHOJI_STREAM_WASM_EXPORTS_H
#define SHOJI_STREAM_WASM_EXPORTS_H

#include <stdint.h>

#define DECODER_EXPORT(name) __attribute__((export_name(#name), visibility("default"))) name

/* Positive or 0: what decoder_push() did (the same numbers as enum stream_status in
 * stream/decoder.h). */
enum decoder_status {
	DECODER_MORE = 0,   /* a part of a frame: nothing to draw yet */
	DECODER_BEGUN = 1,  /* width, height, stride are known; the screen is black or as it was */
	DECODER_FRAME = 2,  /* a frame is complete */
	DECODER_CURSOR = 3, /* decoder_cursor_*() */
	DECODER_CARET = 4,  /* decoder_caret_*() */
	DECODER_TEXT_OUTCOME = 5, /* decoder_text_number(), decoder_text_outcome() */
	DECODER_TEXT_TAKEN = 6,   /* decoder_takes_text() */
	DECODER_SKIPPED = 7,      /* an optional channel that this version does not know */
	DECODER_ERR_MALFORMED = -1,
	DECODER_ERR_LIMIT = -2,    /* larger than what decoder_new() was told */
	DECODER_ERR_SEQUENCE = -3, /* before BEGIN, wrong frame number */
	DECODER_ERR_MEMORY = -4,   /* decoder_new() only */
};

/* 0 or DECODER_ERR_LIMIT, DECODER_ERR_MEMORY. width_max <= 3840, height_max <= 2160,
 * window_log_max 17..22 (HELLO's "largest zstd window log"), cache_slots <= 4096 (HELLO's, too). Forgets everything. */
int32_t DECODER_EXPORT(decoder_new)(
        uint32_t width_max, uint32_t height_max, uint32_t window_log_max, uint32_t cache_slots);

uint8_t *DECODER_EXPORT(decoder_input)(void);      /* room for decoder_input_size() bytes */
uint32_t DECODER_EXPORT(decoder_input_size)(void); /* 32776 */
int32_t DECODER_EXPORT(decoder_push)(uint32_t length);

/* The screen: rows of R,G,B,A bytes (A is 255), decoder_stride() bytes apart. Valid from
 * DECODER_BEGUN on; the pointer does not change until decoder_new(). The stride is width x 4: the
 * whole screen may be taken as one ImageData(new Uint8ClampedArray(memory.buffer, pixels, stride *
 * height), width, height). */
uint8_t *DECODER_EXPORT(decoder_pixels)(void);
uint32_t DECODER_EXPORT(decoder_stride)(void); /* bytes */
uint32_t DECODER_EXPORT(decoder_width)(void);
uint32_t DECODER_EXPORT(decoder_height)(void);

/* What the last complete frame changed: count x (u16 x, y, width, height), as a Uint16Array at
 * decoder_rects(). At most 64; they may overlap. */
uint16_t *DECODER_EXPORT(decoder_rects)(void);
uint32_t DECODER_EXPORT(decoder_rect_count)(void);

/* The last complete frame's number; 0: none since a BEGIN with reset. */
uint32_t DECODER_EXPORT(decoder_frame)(void);
uint32_t DECODER_EXPORT(decoder_is_provisional)(void);
uint32_t DECODER_EXPORT(decoder_is_unfinished)(void);
/* The input that it answers, 0 to 65535; -1: none. */
int32_t DECODER_EXPORT(decoder_answers)(void);
uint32_t DECODER_EXPORT(decoder_epoch_low)(void);
uint32_t DECODER_EXPORT(decoder_epoch_high)(void);

/* R,G,B,A rows without gap; width 0: the cursor is hidden. Ask for the pointer
 * at each DECODER_CURSOR: it changes. */
uint8_t *DECODER_EXPORT(decoder_cursor_pixels)(void);
uint32_t DECODER_EXPORT(decoder_cursor_width)(void);
uint32_t DECODER_EXPORT(decoder_cursor_height)(void);
uint32_t DECODER_EXPORT(decoder_cursor_hot_x)(void);
uint32_t DECODER_EXPORT(decoder_cursor_hot_y)(void);

/* Pixels of the screen. */
uint32_t DECODER_EXPORT(decoder_caret_x)(void);
uint32_t DECODER_EXPORT(decoder_caret_y)(void);
uint32_t DECODER_EXPORT(decoder_caret_width)(void);
uint32_t DECODER_EXPORT(decoder_caret_height)(void);

uint32_t DECODER_EXPORT(decoder_text_number)(void);
uint32_t DECODER_EXPORT(decoder_text_outcome)(void); /* 0 done, 1 refused */
uint32_t DECODER_EXPORT(decoder_takes_text)(void);   /* 0 no, 1 yes, 2 unknown */

#endif
