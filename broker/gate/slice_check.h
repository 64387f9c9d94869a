/* What gate looks at in a slice that encode made: its length, its channel, and how many come.
 *
 * encode may have been taken over by way of capture; gate never reads what is inside a slice. */
#ifndef SHOJI_GATE_SLICE_CHECK_H
#define SHOJI_GATE_SLICE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In one second. At 60 frames a second of the largest screen, wholly changed, encode makes some 3,000 slices. */
#define SLICES_PER_SECOND_MAX 20000
#define SLICE_BYTES_PER_SECOND_MAX (512 * 1024 * 1024)

struct slice_check {
	uint64_t second; /* clock_now_ms() / 1000 of the counts */
	uint32_t slices;
	uint64_t bytes;
};

/* 0; SHOJI_ERR_MALFORMED (length or channel), SHOJI_ERR_LIMIT (rate): the session's stream must end. */
int slice_check(struct slice_check *self, const uint8_t *slice, size_t length, uint64_t now_ms);

/* Whether a slice that passed begins a new stream for a viewer (WIRE_PICTURE, BEGIN). */
bool slice_is_begin(const uint8_t *slice);

#endif
