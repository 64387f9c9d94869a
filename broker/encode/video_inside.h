/* What the parts of video share. Private to video*.c. */
#ifndef SHOJI_ENCODE_VIDEO_INSIDE_H
#define SHOJI_ENCODE_VIDEO_INSIDE_H

#include "encode/video.h"

/* A longer rest says nothing of a film's pace; and where the line is narrow, a film is not taken for paused before. */
#define VIDEO_NARROW_QUIET_MS 400

struct video_span {
	uint32_t top, bottom, left, right; /* cells; bottom and right exclusive */
};

/* ---- video_live.c ---- */

struct rect video_cell_area(uint32_t row, uint32_t column);
/* The cells that an area touches. */
struct video_span video_span_of(const struct rect *area);
/* pixels: of a whole screen, the image's or the shadow. */
uint32_t *video_pixel_at(const struct video *self, uint32_t *pixels, const struct rect *area);
void video_copy_pixels(
        const struct video *self, uint32_t *to, uint32_t *from, const struct rect *area);
bool video_looks_photographic(const struct video *self, uint32_t *pixels, const struct rect *area);
/* inside: the cell's part of the region, never empty. */
void video_live_begin(struct video *self, struct video_region *region, struct video_cell *cell,
        const struct rect *inside, uint32_t now_ms);
/* All cells of a region: those that move become its own, what stands still in it goes back to the picture, all of it rests, and none is
 * its own any more. */
void video_live_adopt(struct video *self, struct video_region *region, uint32_t now_ms);
void video_live_settle(struct video *self, struct video_region *region, uint32_t now_ms);
void video_live_rest(struct video *self, struct video_region *region);
void video_live_release(struct video *self, struct video_region *region);

/* ---- video_region.c ---- */

void video_region_end(struct video *self, struct video_region *region, uint32_t now_ms);

/* ---- video_edge.c ---- */

/* The region has a new area. */
void video_edge_begin(struct video_region *region, uint32_t now_ms);
/* That part of it changed; is_new: with a frame that was not counted yet. */
void video_edge_change(struct video_region *region, const struct rect *changed, bool is_new);
/* Now and then. true: *area is what moves of it, and the rest is better off as a picture. */
bool video_edge_look(
        const struct video *self, struct video_region *region, uint32_t now_ms, struct rect *area);

/* ---- video.c ---- */

/* By which cells and frames on their way name their region; 0 is none. */
uint8_t video_region_tag(const struct video *self, const struct video_region *region);
/* Whether rate and line permit a frame now. */
bool video_may_send(struct video *self);
/* Regions came or went. */
void video_update_rate(struct video *self, uint32_t now_ms);
/* What is on its way of that region will not be drawn. */
void video_forget_flights(struct video *self, const struct video_region *region);

#endif
