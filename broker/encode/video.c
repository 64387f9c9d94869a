/* The films of one session as a whole: whether anybody wants them, and at which rate. Stands on no boundary. */
#include "encode/video_inside.h"

#include "base/log.h"
#include "base/loop.h"
#include "encode/video_h264.h"

void video_init(struct video *self, const struct video_setup *setup, uint32_t now_ms)
{
	*self = (struct video){.setup = *setup, .is_broken = !video_h264_is_built()};
	video_budget_init(&self->budget, now_ms);
}

void video_set_share(struct video *self, uint32_t core_permille)
{
	video_budget_set(&self->budget, core_permille);
}

bool video_is_playing(const struct video *self)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active)
			return true;
	return false;
}

void video_finish(struct video *self)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		video_h264_free(self->regions[i].codec);
}

uint8_t video_region_tag(const struct video *self, const struct video_region *region)
{
	return (uint8_t)(region - self->regions + 1);
}

void video_forget_flights(struct video *self, const struct video_region *region)
{
	flow_line_beside_lost(
	        self->setup.line, video_rate_forget(&self->rate, video_region_tag(self, region)));
}

void video_resize(struct video *self, struct image *image)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++) {
		video_h264_free(self->regions[i].codec);
		self->regions[i] = (struct video_region){0};
		video_forget_flights(self, &self->regions[i]);
	}
	self->image = image;
	self->is_revealed = false;
	video_cells_resize(self->setup.cells, image->width, image->height);
}

static void set_rates(struct video *self)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active)
			video_h264_set_rate(self->regions[i].codec, self->rate.kbit_s);
}

bool video_may_send(struct video *self)
{
	if (video_rate_limit(&self->rate, flow_line_beside_kbit_s(self->setup.line)))
		set_rates(self);
	return video_rate_may_send(&self->rate) &&
	       flow_line_has_room_beside(
	               self->setup.line, video_rate_frame_bytes(&self->rate), clock_now_us());
}

void video_update_rate(struct video *self, uint32_t now_ms)
{
	uint32_t n_pixels = 0;

	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active)
			n_pixels += (uint32_t)self->regions[i].area.width *
			            self->regions[i].area.height;
	if (n_pixels > 0)
		video_rate_begin(&self->rate, n_pixels, now_ms);
}

void video_set_wanted(struct video *self, bool is_wanted)
{
	if (self->is_wanted == is_wanted)
		return;
	self->is_wanted = is_wanted;
	for (int i = 0; !is_wanted && i < VIDEO_REGIONS_MAX; i++)
		if (self->regions[i].is_active)
			video_region_end(self, &self->regions[i], self->regions[i].last_ms);
}

void video_forget_viewer(struct video *self)
{
	video_set_wanted(self, false);
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		self->regions[i].is_end_due = self->regions[i].is_begin_due = false;
	self->rate = (struct video_rate){0};
}

void video_failed(struct video *self)
{
	log_warning(self->setup.lease_id, "the viewer cannot decode video: pictures from now on");
	video_set_wanted(self, false);
	self->is_broken = true;
}

void video_drawn(struct video *self, uint32_t number, uint32_t now_ms)
{
	struct video_flight drawn;
	bool is_changed = video_rate_drawn(&self->rate, number, now_ms, &drawn);

	if (drawn.region != 0)
		flow_line_beside_acked(self->setup.line, &drawn.line, drawn.bytes, clock_now_us());
	if (is_changed)
		set_rates(self);
}

void video_waits(struct video *self, uint32_t now_ms)
{
	if (video_rate_waits(&self->rate, now_ms))
		set_rates(self);
}
