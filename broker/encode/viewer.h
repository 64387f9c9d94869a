/* One viewer as encode sees it: what its screen holds, what it may be sent, what waits for it. */
#ifndef SHOJI_ENCODE_VIEWER_H
#define SHOJI_ENCODE_VIEWER_H

#include "base/message.h"
#include "encode/cache.h"
#include "encode/flow_line.h"
#include "encode/frame.h"
#include "encode/outbox.h"
#include "encode/photo.h"
#include "encode/slicer.h"
#include "encode/tiles.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEWER_HINTS_MAX 4

enum viewer_state {
	VIEWER_ABSENT,
	VIEWER_BEGINNING, /* BEGIN goes before the next frame */
	VIEWER_LIVE,
};

/* Slices were put into the outbox: it may be pumped at once, while more are made. */
typedef void (*viewer_slices_fn)(void *data);

struct viewer {
	enum viewer_state state; /* written by viewer_set_state() only */
	bool has_failed;         /* zstd or the outbox did: a bug; the process must end */
	uint32_t capabilities;
	uint32_t window_log;
	uint64_t epoch;        /* of this encode */
	uint32_t frame;        /* the last one made */
	struct flow_line line; /* credit: nothing enters the compressor without it */
	struct {
		bool is_heard; /* the last press, at heard_ms; no change came after it yet */
		bool is_due;   /* `input` was heard, and a change came: the next frame says so */
		uint16_t heard, input;
		uint64_t heard_ms;
	} answer;
	bool keeps_screen,
	        keeps_cache; /* at the next BEGIN: the viewer has it as of frame `held` */
	uint32_t held;       /* as the viewer counts */
	uint16_t cache_slots;
	bool has_cache; /* what `cache` says is so */
	bool has_reference; /* it is the screen as of `frame` (not so between BEGIN and the first frame after it) */
	uint32_t *reference;        /* borrowed */
	struct cache *cache;        /* borrowed */
	const uint64_t *cache_key;  /* borrowed; NULL: no cache */
	uint64_t (*clock_ms)(void); /* clock_now_ms(), but for tests */
	struct photo photo;         /* its marks NULL: everything is sent exactly */
	struct tiles dirty;
	struct scroll_offset hints[VIEWER_HINTS_MAX];
	size_t n_hints;
	struct slicer slicer;
	void *compressor_memory;   /* borrowed: compressor_size() bytes */
	struct drawn_model *drawn; /* borrowed */
	struct outbox outbox;
	struct frame_counts counts;
	viewer_slices_fn on_slices;
	void *data;
};

/* Longer ago, a press is not what a change comes from. */
#define VIEWER_ANSWER_MS 250

struct viewer_memory {
	uint32_t *reference; /* the largest screen */
	struct cache *cache;
	const uint64_t *cache_key; /* TILE_NAME_KEY_WORDS, secret; NULL: no cache */
	void *compressor;          /* compressor_size() */
	struct drawn_model *drawn;
	struct history_names *history; /* NULL: nothing is remembered */
	uint8_t *outbox;               /* outbox_size() of the largest screen */
	size_t outbox_size;
	/* Zeroes, one for each pixel of the largest screen; NULL: no photographs. */
	uint8_t *marks;
};

void viewer_init(struct viewer *self, uint64_t epoch, const struct viewer_memory *memory,
        viewer_slices_fn on_slices, void *data);

/* The screen has a new size: nothing of the old one is of use. */
void viewer_resize(struct viewer *self, uint16_t width, uint16_t height);
void viewer_damage(struct viewer *self, const struct rect *area);
/* Of that area it is no longer known what the viewer holds: `unknown`, a value that no shown pixel has, stands for it. */
void viewer_forget_area(struct viewer *self, const struct rect *area, uint32_t unknown);
void viewer_hint(struct viewer *self, const struct copy_hint *hint);

/* join: its values are in range (checked by the caller). Replaces whoever was there. */
void viewer_join(struct viewer *self, const struct message_viewer_join *join);
/* Whatever it claimed to show: its picture begins anew, what it keeps in its cache is used. Right after viewer_join(). */
void viewer_forget_picture(struct viewer *self);
/* low_half: of the number of the frame that was drawn. Frames that were never sent are not believed: returns false. */
bool viewer_ack(struct viewer *self, uint16_t low_half);
/* A key press or text went to the isolated host: the first change after it is taken for its answer. */
void viewer_hear_input(struct viewer *self, uint16_t input);
void viewer_leave(struct viewer *self);
/* Its memory is about to be emptied: what it held is no longer known. Only of an absent viewer. */
void viewer_forget_screen(struct viewer *self);
/* Whether the viewer's BEGIN is on its way: nothing else may come before it, because gate tells by it whose a slice is. */
bool viewer_has_begun(const struct viewer *self);

/* Milliseconds until it has work to do by itself; UINT32_MAX: never. */
uint32_t viewer_wait_ms(const struct viewer *self);
/* Whether it has something to say, credit or not. */
bool viewer_has_news(const struct viewer *self, const struct image *image);
/* A pump: makes the next frames when there is a viewer, credit, an empty outbox, a whole image, and something to say. */
void viewer_work(struct viewer *self, const struct image *image);

#endif
