/* How much work a stream makes at its two ends. DRAWN is the smallest way to say most pixels and by far the dearest: writer and reader take some
 * 0.2 to 0.4 us each for a byte of its code, so a page that draws much anew 60 times a second is shown 15 times. Where that goes on,
 * areas of many colours are said as PIXELS instead, for a seventh of the work and twice the bytes; but only on a line that takes them.
 *
 * Counted, not timed: the same pictures make the same bytes on every machine. */
#ifndef SHOJI_ENCODE_EFFORT_H
#define SHOJI_ENCODE_EFFORT_H

#include <stdbool.h>
#include <stdint.h>

/* Code bytes of DRAWN: what may go on without end, and at once beyond that. A page that appears at 1920x1080 takes some 150,000. */
#define EFFORT_BYTES_A_MS 600
#define EFFORT_BYTES_MAX 200000
/* More is not remembered: so long after the last heavy frame, in ms, everything is as it was. */
#define EFFORT_REST_MS 200
/* Pixels that were not said as DRAWN because that was too much work count as so many bytes of its code: 1 of 8. */
#define EFFORT_PIXELS_A_BYTE 8
/* After so many searches for moves in any direction that found nothing, one in so many frames. */
#define EFFORT_VAIN_MAX 4
#define EFFORT_SEARCH_EVERY 4

struct effort {
	uint32_t bytes; /* that were said, less what may be */
	uint32_t last_ms;
	bool is_too_much;             /* of the frame that is made */
	uint8_t n_vain, n_unsearched; /* searches without a find; frames since the last of them */
};

void effort_init(struct effort *self);
/* now_ms: any clock, always the same. is_line_fast: it takes more bytes without the picture's being later. */
void effort_begin_frame(struct effort *self, uint32_t now_ms, bool is_line_fast);
void effort_drawn(struct effort *self, uint32_t n_bytes);
void effort_spared(struct effort *self, uint32_t n_pixels);
/* Whether it is worth searching much of the screen for moves in any direction: what fades or grows goes on doing so. The answer counts as done. */
bool effort_may_search(struct effort *self);
void effort_searched(struct effort *self, bool has_found);

#endif
