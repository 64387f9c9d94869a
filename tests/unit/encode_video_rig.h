/* The real encoder between a capture and a gate that a test plays. The viewer keeps the picture by the native decoder and the regions'
 * masks by itself; what is decoded of video is the browser's business (tests/integration/video.test.mjs). Aborts on whatever the
 * protocol forbids. Video goes by the rig's own clock. */
#ifndef SHOJI_TESTS_ENCODE_VIDEO_RIG_H
#define SHOJI_TESTS_ENCODE_VIDEO_RIG_H

#include "unit/stream_support.h"

#include "encode/encoder.h"
#include "stream/wire.h"

#define WIDTH 640
#define HEIGHT 420

struct region {
	bool is_there, is_key_awaited;
	struct rect area;
	uint8_t mask[2048];
	uint32_t n_frames, n_keys;
	size_t frame_bytes;
};

extern struct rig {
	struct loop *loop;
	struct encoder *encoder;
	struct channel *capture, *gate, *onlooker;
	uint8_t *buffer;
	uint32_t sequence, taken, tick;
	uint64_t clock_ms, n_messages;
	struct stream_decoder *decoder;
	struct region regions[WIRE_VIDEO_REGIONS_MAX];
	uint32_t n_begins, n_ends, n_frames, last_number;
	uint64_t picture_bytes, video_bytes;
	bool acks_video, fails_video, has_ended;
	bool is_film_playing, is_share_due,
	        keeps_share; /* the monitor: what it was told, and whether it answers */
} rig;

static const struct rect whole = {0, 0, WIDTH, HEIGHT};

/* A screen with a page of text on it, and a viewer with those capabilities. */
void rig_start(bool has_video, uint32_t capabilities);
void rig_finish(void);

/* Into capture's buffer; nothing is shown yet. */
void rig_put(uint32_t x, uint32_t y, uint32_t pixel);
/* The page as it is when it was scrolled by so many pixels. */
void rig_put_page(struct rect area, uint32_t scrolled);
/* Frame `tick` of a film that moves everywhere, as the screen's (not the area's) pixels. */
void rig_put_film(struct rect area, uint32_t tick);
uint32_t rig_page_pixel(uint32_t x, uint32_t y);
uint32_t rig_film_pixel(uint32_t x, uint32_t y, uint32_t tick);
/* What was put there. */
uint32_t rig_drawn(uint32_t x, uint32_t y);

/* capture says that the area changed, and waits for the answer. */
void rig_show(struct rect area);
void rig_draw_film(struct rect area);
/* All that is on the screen goes up, and the lowest rows stay. */
void rig_scroll(uint32_t rows);
/* Everything that was sent arrives and is answered; then it is so much later. */
void rig_turn_ms(uint32_t ms);
/* That many frames at 30 a second. */
void rig_play(struct rect area, uint32_t n_frames);
/* Silence until nothing is video any more; then everything is exact. */
void rig_pause_film(void);

void rig_join(struct channel *channel, uint32_t capabilities);
/* Somebody who looks on, not joined yet. */
void rig_connect_onlooker(void);

/* Whether, and how many pixels, the viewer shows by video; and how many that it does not are not what was drawn. */
bool rig_is_live(uint32_t x, uint32_t y);
uint32_t rig_n_live(void);
uint32_t rig_n_wrong(void);

#endif
