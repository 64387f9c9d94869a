/* H.264 of one region: x264 behind few words, so that another codec is another file (CMake: SHOJI_VIDEO).
 *
 * Encodes in the calling thread: x264 makes no thread, opens no file, and takes its memory from malloc. What comes out
 * is Annex B, 4:2:0, BT.709, limited range, each key frame with its parameter sets, no frame held back. */
#ifndef SHOJI_ENCODE_VIDEO_H264_H
#define SHOJI_ENCODE_VIDEO_H264_H

#include "stream/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More is a whole screen's worth of work per frame, which one core cannot do at 30 a second. */
#define VIDEO_H264_PIXELS_MAX ((uint32_t)WIRE_VIDEO_REGION_PIXELS_MAX)
#define VIDEO_H264_SIDE_MIN 16
/* A frame never comes out larger: the buffer of the rate control is smaller. */
#define VIDEO_H264_FRAME_MAX (1024u * 1024u)

struct video_h264;

/* Whether this build has it. */
bool video_h264_is_built(void);
/* width, height: pixels, odd ones permitted (the last column or row is repeated in the coded picture). kbit_s: at most so
 * much, averaged over a third of a second. NULL: no memory, or not built. */
struct video_h264 *video_h264_new(uint32_t width, uint32_t height, uint32_t kbit_s);
void video_h264_free(struct video_h264 *self);
/* Profile, constraints and level, as in "avc1.PPCCLL". */
void video_h264_profile(const struct video_h264 *self, uint8_t profile[3]);
void video_h264_set_rate(struct video_h264 *self, uint32_t kbit_s);
/* pixels: B,G,R,X of the region's first pixel, rows stride_bytes apart. Returns the frame's length, *data borrowed until the
 * next call; 0: x264 failed, and the encoder is of no use any more. */
size_t video_h264_encode(struct video_h264 *self, const uint8_t *pixels, uint32_t stride_bytes,
        bool wants_key, const uint8_t **data, bool *is_key);

#endif
