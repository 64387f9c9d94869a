/* Moving pictures of one session: finds them, keeps them out of the picture, and sends them as H.264 to the one viewer that
 * can show it.
 *
 * A region is a rectangle with a grid of cells over it. Its live cells are shown by video: their pixels are kept in the shadow, and in the
 * image (and what a viewer's reference says of them) stands VIDEO_UNKNOWN, which equals nothing that capture ever showed. So the
 * picture path finds no difference there, copies nothing of it to where it is seen, and sends a cell whole and exactly once it is
 * still again. Cells that are not live are the picture's, menus over a film too. */
#ifndef SHOJI_ENCODE_VIDEO_H
#define SHOJI_ENCODE_VIDEO_H

#include "encode/image.h"
#include "encode/video_budget.h"
#include "encode/video_cells.h"
#include "encode/video_rate.h"
#include "stream/wire.h"

#include <stdbool.h>
#include <stdint.h>

#define VIDEO_REGIONS_MAX WIRE_VIDEO_REGIONS_MAX
/* No pixel that was shown: IMAGE_SEEN is not set. */
#define VIDEO_UNKNOWN 0u

struct video_h264;
struct outbox;

/* What changed within a region, in two windows of time: where its film ends (video_edge.c). */
struct video_edge {
	struct rect now, before; /* 0 wide: nothing */
	uint32_t begun_ms;       /* `now` */
	uint32_t n_changes;      /* in `now`: frames, not cells */
	uint32_t n_trims;
};

struct video_region {
	bool is_active;
	/* It stands still: no cell is live, so that the picture shows all of it exactly. Its codec waits for it to go on. */
	bool is_resting;
	struct rect area;
	uint32_t last_ms;     /* latest change of a live cell */
	uint32_t interval_ms; /* between changes, smoothed */
	uint32_t jitter_ms;   /* how far they are from that, smoothed */
	uint32_t fitted_ms;   /* when it got its area */
	uint32_t n_fits;
	struct video_edge edge;
	bool is_changed; /* since its last frame */
	bool is_begin_due, is_mask_due, is_end_due, wants_key;
	struct video_h264 *codec;
};

struct video_setup {
	uint64_t lease_id; /* for the log */
	uint32_t *
	        shadow; /* the largest screen, from a page's begin on; borrowed, given back to the kernel while no film plays */
	struct video_cells *cells; /* borrowed */
	struct flow_line *line;    /* of the viewer that sees it; borrowed */
	/* That area of the image is another now. */
	void (*on_damage)(void *data, const struct rect *area);
	/* Of that area nothing is known any more: VIDEO_UNKNOWN to each viewer's reference. */
	void (*on_unknown)(void *data, const struct rect *area);
	void *data;
};

struct video {
	struct video_setup setup;
	struct image *image;
	bool is_wanted; /* somebody could see it */
	bool is_broken; /* the codec or the viewer failed: not again in this session */
	bool is_revealed;
	struct rect moved; /* what a page's scrolling moved last; 0 wide: nothing yet */
	uint32_t moved_ms;
	uint32_t looked_ms;
	uint32_t number; /* of the last frame made, of all regions */
	uint64_t n_frames, n_bytes;
	struct video_region regions[VIDEO_REGIONS_MAX];
	struct video_rate rate;
	struct video_budget budget;
};

void video_init(struct video *self, const struct video_setup *setup, uint32_t now_ms);
void video_finish(struct video *self);
/* What video may take of one core, permille, 1 to 1000; nothing is encoded before. */
void video_set_share(struct video *self, uint32_t core_permille);
/* Whether a region is there: then it needs a share. */
bool video_is_playing(const struct video *self);
/* The image has a new size (and is borrowed from now on): no region is left. */
void video_resize(struct video *self, struct image *image);
/* false: all regions end, and none is looked for. */
void video_set_wanted(struct video *self, bool is_wanted);
/* The viewer that saw the regions is gone: as video_set_wanted(false), but nothing needs to be said of their end. */
void video_forget_viewer(struct video *self);
/* Takes an area as image_take() does, and tells on_damage() what the picture path has to look at. */
void video_take(struct video *self, const uint8_t *from, uint32_t stride_bytes,
        const struct rect *area, uint32_t now_ms);
/* Finds, fits and ends regions. Returns in how many milliseconds it has to be called again though nothing changes; 0: not at all. */
uint32_t video_look(struct video *self, uint32_t now_ms);
/* The picture's last frame was made by moving what lies in that area (0 wide: nothing moved): a page was scrolled there. A region of its columns
 * ends at once, because writing may have come into it, and none begins there for a while. */
void video_moved(struct video *self, const struct rect *moved, uint32_t now_ms);
/* For a snapshot: the real pixels are in the image until video_hide(). */
void video_reveal(struct video *self);
void video_hide(struct video *self);

/* Before a frame of the picture: what began and ended. outbox is empty. false: no room, a bug. */
bool video_say_changes(struct video *self, struct outbox *outbox, uint32_t now_ms);
/* A frame would have gone, but for the policy's cap on the line. */
void video_waits(struct video *self, uint32_t now_ms);
/* Whether there is a frame to be said, if the processor has time for it. */
bool video_has_frames(const struct video *self);
/* The next frame of each region that changed, if the line takes it. outbox is empty. false: no room, a bug. */
bool video_say_frames(struct video *self, struct outbox *outbox, uint32_t now_ms);
void video_drawn(struct video *self, uint32_t number, uint32_t now_ms);
/* The viewer cannot decode it. */
void video_failed(struct video *self);

#endif
