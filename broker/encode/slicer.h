/* Packs picture commands into slices: through the connection's one zstd stream (a few bytes plainly), cut so that each slice is within
 * its limit, ends in a flush, and holds whole commands. */
#ifndef SHOJI_ENCODE_SLICER_H
#define SHOJI_ENCODE_SLICER_H

#include "encode/blink.h"
#include "encode/effort.h"
#include "stream/picture.h"
#include "stream/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct compressor;
struct drawn_model;
struct history_names;

/* One finished slice, header included; borrowed for the call. */
typedef void (*slicer_slice_fn)(void *data, const uint8_t *slice, size_t length);

struct slicer {
	struct compressor *compressor; /* borrowed */
	struct drawn_model *drawn;     /* borrowed; of the stream */
	struct blink blink;            /* of the stream */
	struct effort effort;
	struct history_names *
	        history; /* borrowed, set by the owner; of the stream; NULL: nothing is remembered */
	slicer_slice_fn on_slice;
	void *data;
	bool has_failed; /* zstd did: a bug; the stream is of no use any more */
	uint32_t frame;
	/* Both set by the owner before the end of a frame. */
	bool is_provisional, is_unfinished;
	bool is_first; /* of its frame: the slice that is being filled */
	bool has_answer; /* set by the owner before a frame: it answers that input (PICTURE_ANSWERS) */
	uint16_t answer;
	size_t n_raw;        /* waits to be compressed */
	size_t slice_raw;    /* went into this slice, with what waits */
	size_t slice_length; /* what comes before them, and compressed bytes */
	size_t budget_bytes; /* what a frame may take, set by the owner before each; 0: as much as it needs */
	bool is_line_fast;  /* set by the owner: more bytes would make nothing later */
	size_t frame_bytes; /* in the frame's slices that have left */
	size_t ratio;       /* compressed bytes of 256 raw ones, the last time */
	uint8_t raw[WIRE_PAYLOAD_MAX];
	uint8_t slice[WIRE_SLICE_MAX];
};

void slicer_init(struct slicer *self, slicer_slice_fn on_slice, void *data);
/* A new stream, after BEGIN; compressor NULL: there is none, and no frame can be made. drawn: what it held is forgotten. */
void slicer_begin_stream(
        struct slicer *self, struct compressor *compressor, struct drawn_model *drawn);
void slicer_begin_frame(struct slicer *self, uint32_t frame);
/* Room for one command of at most `size` bytes (PICTURE_COMMAND_MAX or less); write it there, then commit what it took. */
uint8_t *slicer_reserve(struct slicer *self, size_t size);
void slicer_commit(struct slicer *self, size_t length);
/* Whether the frame has taken its budget: what is left to say should wait for the next one. Never before a first command. */
bool slicer_is_full(struct slicer *self);
/* The frame's last slice leaves. At least one command was committed. */
void slicer_end_frame(struct slicer *self);

#endif
