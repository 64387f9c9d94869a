/* Where moving pictures are: groups of hot cells. Pure: reads the grid, proposes areas. */
#ifndef SHOJI_ENCODE_VIDEO_FIND_H
#define SHOJI_ENCODE_VIDEO_FIND_H

#include "encode/video_cells.h"

/* Smaller ones are not worth an encoder. */
#define VIDEO_WIDTH_MIN 160
#define VIDEO_HEIGHT_MIN 120
#define VIDEO_FOUND_MAX 8

struct video_found {
	struct rect area; /* of the screen, to the pixel: what changed */
	uint32_t n_hot;   /* cells */
	uint8_t region;   /* 1 + the number of a region that it shares cells with; 0: of none */
};

/* Groups of hot cells (those of a region count while they are live), the largest first. width, height: the screen. Returns how
 * many. */
size_t video_find(const struct video_cells *cells, uint16_t width, uint16_t height, uint32_t now_ms,
        struct video_found found[VIDEO_FOUND_MAX]);

#endif
