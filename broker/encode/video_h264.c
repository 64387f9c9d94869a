/* x264. It stands where the isolated host's pixels are read: what goes in is numbers of a known count, which cannot be malformed;
 * what comes out is parsed by the terminal's browser. */
#include "encode/video_h264.h"

#include "encode/video_colour.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <x264.h>

/* By measurement at 854x480, one core: ultrafast 2.2 ms and 18 kB a frame, superfast 3.1 and 7.3, veryfast 5.3 and 3.8. Superfast with
 * the next step of subpixel search is as good as veryfast for 0.7 ms instead of 3 (docs/performance.md). */
#define PRESET "superfast"
#define SUBPIXEL_SEARCH 2
/* Above a million pixels superfast would take half a core at 30 frames a second. */
#define PRESET_LARGE "ultrafast"
#define LARGE_PIXELS (1024u * 1024u)
#define QUALITY 19.0f /* x264's constant rate factor, as far as the rate permits */
/* How much at once, in time at the full rate: a key frame is nearly all of it. Where the rate is low it is the line that is narrow,
 * and writing would wait behind it. */
#define BUFFER_MS 333
#define NARROW_KBIT 1000
#define NARROW_BUFFER_MS 160

struct video_h264 {
	x264_t *encoder;
	x264_param_t param;
	x264_picture_t picture;
	uint32_t width, height;
	int64_t n_frames;
	uint8_t profile[3];
};

bool video_h264_is_built(void)
{
	return true;
}

static void set_rate(x264_param_t *param, uint32_t kbit_s)
{
	param->rc.i_vbv_max_bitrate = (int)kbit_s;
	param->rc.i_vbv_buffer_size =
	        (int)(kbit_s * (kbit_s < NARROW_KBIT ? NARROW_BUFFER_MS : BUFFER_MS) / 1000);
}

static void set_colours(x264_param_t *param)
{
	param->vui.i_colorprim = 1;
	param->vui.i_transfer = 1;
	param->vui.i_colmatrix = 1; /* BT.709, all three */
	param->vui.b_fullrange = 0;
}

static bool set_param(struct video_h264 *self, uint32_t kbit_s)
{
	x264_param_t *param = &self->param;
	bool is_large = self->width * self->height > LARGE_PIXELS;

	if (x264_param_default_preset(param, is_large ? PRESET_LARGE : PRESET, "zerolatency") < 0)
		return false;
	if (!is_large)
		param->analyse.i_subpel_refine = SUBPIXEL_SEARCH;
	/* Threads would need system calls, and memory for each; sessions share the cores as processes. */
	param->i_threads = 1;
	param->i_lookahead_threads = 1;
	param->i_log_level = X264_LOG_NONE;
	param->i_width = (int)((self->width + 1) & ~1u);
	param->i_height = (int)((self->height + 1) & ~1u);
	param->i_csp = X264_CSP_I420;
	param->i_fps_num = 30;
	param->i_fps_den = 1;
	param->b_vfr_input = 0;
	/* A key frame comes when it is asked for: the line loses nothing. */
	param->i_keyint_max = X264_KEYINT_MAX_INFINITE;
	param->i_scenecut_threshold = 0;
	param->b_annexb = 1;
	param->b_repeat_headers = 1;
	param->rc.i_rc_method = X264_RC_CRF;
	param->rc.f_rf_constant = QUALITY;
	set_rate(param, kbit_s);
	set_colours(param);
	return x264_param_apply_profile(param, "high") == 0;
}

/* The first parameter set says what the decoder has to be told: its second to fourth byte. */
static bool read_profile(struct video_h264 *self)
{
	x264_nal_t *nals;
	int n_nals;

	if (x264_encoder_headers(self->encoder, &nals, &n_nals) < 0)
		return false;
	for (int i = 0; i < n_nals; i++)
		if (nals[i].i_type == NAL_SPS && nals[i].i_payload >= 8) {
			memcpy(self->profile,
			        nals[i].p_payload + (nals[i].b_long_startcode ? 5 : 4), 3);
			return true;
		}
	return false;
}

struct video_h264 *video_h264_new(uint32_t width, uint32_t height, uint32_t kbit_s)
{
	struct video_h264 *self;

	if (width < VIDEO_H264_SIDE_MIN || height < VIDEO_H264_SIDE_MIN ||
	        (uint64_t)width * height > VIDEO_H264_PIXELS_MAX || kbit_s == 0)
		return NULL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->width = width;
	self->height = height;
	if (set_param(self, kbit_s))
		self->encoder = x264_encoder_open(&self->param);
	if (self->encoder && read_profile(self) &&
	        x264_picture_alloc(&self->picture, X264_CSP_I420, self->param.i_width,
	                self->param.i_height) == 0)
		return self;
	if (self->encoder)
		x264_encoder_close(self->encoder);
	free(self);
	return NULL;
}

void video_h264_free(struct video_h264 *self)
{
	if (!self)
		return;
	x264_encoder_close(self->encoder);
	x264_picture_clean(&self->picture);
	free(self);
}

void video_h264_profile(const struct video_h264 *self, uint8_t profile[3])
{
	memcpy(profile, self->profile, sizeof(self->profile));
}

void video_h264_set_rate(struct video_h264 *self, uint32_t kbit_s)
{
	set_rate(&self->param, kbit_s);
	x264_encoder_reconfig(self->encoder, &self->param);
}

size_t video_h264_encode(struct video_h264 *self, const uint8_t *pixels, uint32_t stride_bytes,
        bool wants_key, const uint8_t **data, bool *is_key)
{
	struct video_planes planes = {self->picture.img.plane[0], self->picture.img.plane[1],
	        self->picture.img.plane[2], (uint32_t)self->picture.img.i_stride[0],
	        (uint32_t)self->picture.img.i_stride[1]};
	x264_picture_t out;
	x264_nal_t *nals;
	int n_nals;

	video_colour_convert(pixels, stride_bytes, self->width, self->height, &planes);
	self->picture.i_pts = self->n_frames++;
	self->picture.i_type = wants_key ? X264_TYPE_IDR : X264_TYPE_AUTO;
	int length = x264_encoder_encode(self->encoder, &nals, &n_nals, &self->picture, &out);
	if (length <= 0 || length > (int)VIDEO_H264_FRAME_MAX)
		return 0;
	*data = nals[0].p_payload;
	*is_key = out.b_keyframe;
	return (size_t)length;
}
