/* A build without video (SHOJI_VIDEO=OFF): regions are never looked for. */
#include "encode/video_h264.h"

bool video_h264_is_built(void)
{
	return false;
}

struct video_h264 *video_h264_new(uint32_t width, uint32_t height, uint32_t kbit_s)
{
	(void)width;
	(void)height;
	(void)kbit_s;
	return NULL;
}

void video_h264_free(struct video_h264 *self)
{
	(void)self;
}

void video_h264_profile(const struct video_h264 *self, uint8_t profile[3])
{
	(void)self;
	(void)profile;
}

void video_h264_set_rate(struct video_h264 *self, uint32_t kbit_s)
{
	(void)self;
	(void)kbit_s;
}

size_t video_h264_encode(struct video_h264 *self, const uint8_t *pixels, uint32_t stride_bytes,
        bool wants_key, const uint8_t **data, bool *is_key)
{
	(void)self;
	(void)pixels;
	(void)stride_bytes;
	(void)wants_key;
	(void)data;
	(void)is_key;
	return 0;
}
