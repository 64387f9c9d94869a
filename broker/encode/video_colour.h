/* From the screen's pixels to what video codecs take. */
#ifndef SHOJI_ENCODE_VIDEO_COLOUR_H
#define SHOJI_ENCODE_VIDEO_COLOUR_H

#include <stdint.h>

struct video_planes {
	uint8_t *y, *u, *v; /* borrowed; u and v have half of the width and height, rounded up */
	uint32_t y_stride, uv_stride;
};

/* B,G,R,X to Y'CbCr 4:2:0, BT.709 (ITU-R BT.709-6, table 3.2 and 3.4), limited range. The planes hold an even width and height: the last
 * column and row of an odd picture are repeated. */
void video_colour_convert(const uint8_t *pixels, uint32_t stride_bytes, uint32_t width,
        uint32_t height, const struct video_planes *out);

#endif
