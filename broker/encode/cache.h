/* What encode knows of a viewer's tile cache: names, no pixels; and how to take back what the viewer has never seen of it.
 *
 * Frames on their way may be lost with the line. So each change is written into a journal, and each frame's tiles are remembered: a viewer
 * that comes back with the frame that it applied last is taken up where it stands. */
#ifndef SHOJI_ENCODE_CACHE_H
#define SHOJI_ENCODE_CACHE_H

#include "encode/tile_name.h"
#include "encode/tiles.h"
#include "stream/cache_rule.h"

#include <stdbool.h>
#include <stdint.h>

#define CACHE_HEADS 4096       /* a power of two */
#define CACHE_CHANGES_MAX 2048 /* more in flight: the oldest frames cannot be resumed any more */
#define CACHE_FRAMES_MAX 16    /* the same */
/* A tile that stood still for so long may be looked for again. One that did not is a passing state: a scrolled page, an animation. */
#define CACHE_SETTLED_MS 200

_Static_assert(TILES_COLUMNS_MAX <= 64, "a row of tiles is one word");

struct cache_change {
	uint32_t frame;
	uint16_t slot, newer;
	bool is_store;
	struct tile_name name; /* that the slot had before it was stored to */
};

struct cache {
	struct cache_rule rule;
	const uint64_t *key;   /* borrowed: TILE_NAME_KEY_WORDS */
	uint32_t now_ms;       /* set before each frame, by any clock */
	uint32_t frame;        /* that is being made */
	uint32_t floor;        /* the oldest frame whose cache can be restored */
	uint32_t screen_floor; /* the oldest frame whose screen can be */
	/* A viewer that never got the last BEGIN claims what it held before: held_before means frame held_since. */
	uint32_t held_before, held_since;
	uint32_t n_changes, first_change; /* counted for ever, modulo CACHE_CHANGES_MAX */
	struct cache_change changes[CACHE_CHANGES_MAX];
	uint64_t touched[CACHE_FRAMES_MAX][TILES_ROWS_MAX]; /* bit: column; by frame, modulo */
	uint32_t changed_ms[TILES_ROWS_MAX][TILES_COLUMNS_MAX];
	struct tile_name names[PICTURE_CACHE_SLOTS_MAX]; /* by slot */
	uint16_t next[PICTURE_CACHE_SLOTS_MAX];          /* of the same head */
	uint16_t heads[CACHE_HEADS];
};

/* Empty, with no frame that can be resumed. key: NULL, there will never be a slot. */
void cache_init(struct cache *self, const uint64_t *key);
/* A viewer begins anew, with an empty cache; the next frame is `frame` + 1. */
void cache_begin(struct cache *self, uint16_t n_slots, uint32_t frame);

/* The frame that a viewer means by "the last that I applied". */
uint32_t cache_frame_meant(const struct cache *self, uint32_t claimed);
/* It stands at frame `held` (not before floor), or has its cache from there; what came after is taken back. unknown: if not NULL, the tiles
 * whose pixels only the frames after it wrote are marked. From now on frames are counted from `frame`. */
void cache_resume(struct cache *self, uint32_t claimed, uint32_t frame, struct tiles *unknown);
/* The viewer's screen is black after BEGIN at `frame`: no frame up to it is of use. */
void cache_forget_screens(struct cache *self, uint32_t frame);

/* A frame begins that may change those tiles. */
void cache_begin_frame(struct cache *self, uint32_t frame, const struct tiles *dirty);
bool cache_is_settled(const struct cache *self, uint32_t column, uint32_t row);
void cache_set_changed(struct cache *self, uint32_t column, uint32_t row);

/* The slot with that name, or CACHE_RULE_NONE. */
uint16_t cache_find(const struct cache *self, const struct tile_name *name);
/* What the viewer will do as well: stores into the oldest slot, which is returned; resp. shows. */
uint16_t cache_store(struct cache *self, const struct tile_name *name);
void cache_show(struct cache *self, uint16_t slot);

#endif
