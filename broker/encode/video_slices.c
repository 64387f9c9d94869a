/* What the viewer is told of regions. Everything here is encode's own making. */
#include "encode/video_inside.h"

#include "base/bytes.h"
#include "base/loop.h"
#include "encode/outbox.h"
#include "encode/video_h264.h"

#include <string.h>
#include <time.h>

static uint8_t slice[WIRE_SLICE_MAX]; /* the one that is being written */

#define FRAME_HEAD_BYTES 5 /* number and flags */

static void begin_slice(struct bytes_writer *writer, int number, enum wire_video type)
{
	bytes_writer_init(writer, slice, sizeof(slice));
	bytes_put_u8(writer, WIRE_KIND(WIRE_VIDEO_MIN + number, type));
}

static bool say_begin(const struct video_region *region, int number, struct outbox *outbox)
{
	struct bytes_writer writer;
	uint8_t profile[3];

	video_h264_profile(region->codec, profile);
	begin_slice(&writer, number, WIRE_VIDEO_BEGIN);
	bytes_put_u16(&writer, region->area.x);
	bytes_put_u16(&writer, region->area.y);
	bytes_put_u16(&writer, region->area.width);
	bytes_put_u16(&writer, region->area.height);
	for (int i = 0; i < 3; i++)
		bytes_put_u8(&writer, profile[i]);
	return outbox_put(outbox, slice, writer.length);
}

static bool say_end(int number, struct outbox *outbox)
{
	struct bytes_writer writer;

	begin_slice(&writer, number, WIRE_VIDEO_END);
	return outbox_put(outbox, slice, writer.length);
}

/* A bit a cell, row by row, the lowest first. */
static bool say_mask(const struct video *self, const struct video_region *region, int number,
        struct outbox *outbox)
{
	const struct rect *area = &region->area;
	uint32_t right = (area->x + area->width - 1u) / VIDEO_CELL;
	uint32_t bottom = (area->y + area->height - 1u) / VIDEO_CELL;
	struct bytes_writer writer;
	uint32_t bits = 0, n_bits = 0;

	begin_slice(&writer, number, WIRE_VIDEO_MASK);
	for (uint32_t row = area->y / VIDEO_CELL; row <= bottom; row++)
		for (uint32_t column = area->x / VIDEO_CELL; column <= right; column++) {
			bits |= (uint32_t)self->setup.cells->cells[row][column].is_live << n_bits;
			if (++n_bits < 8)
				continue;
			bytes_put_u8(&writer, (uint8_t)bits);
			bits = n_bits = 0;
		}
	if (n_bits > 0)
		bytes_put_u8(&writer, (uint8_t)bits);
	return outbox_put(outbox, slice, writer.length);
}

bool video_say_changes(struct video *self, struct outbox *outbox, uint32_t now_ms)
{
	(void)now_ms;
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++) {
		struct video_region *region = &self->regions[i];
		if (region->is_end_due && !say_end(i, outbox))
			return false;
		region->is_end_due = false;
		if (region->is_begin_due && !say_begin(region, i, outbox))
			return false;
		region->is_begin_due = false;
		if (region->is_mask_due && region->is_active && !say_mask(self, region, i, outbox))
			return false;
		region->is_mask_due = false;
	}
	return true;
}

static bool say_data(int number, uint32_t frame, const uint8_t *data, size_t length, bool is_key,
        struct outbox *outbox)
{
	struct bytes_writer writer;

	for (size_t at = 0; at < length;) {
		size_t part = length - at;
		if (part > WIRE_PAYLOAD_MAX - FRAME_HEAD_BYTES)
			part = WIRE_PAYLOAD_MAX - FRAME_HEAD_BYTES;
		begin_slice(&writer, number, WIRE_VIDEO_FRAME);
		bytes_put_u32(&writer, frame);
		bytes_put_u8(&writer, (uint8_t)((at == 0 ? WIRE_VIDEO_FIRST : 0) |
		                                (at + part == length ? WIRE_VIDEO_LAST : 0) |
		                                (is_key ? WIRE_VIDEO_KEY : 0)));
		memcpy(slice + writer.length, data + at, part);
		if (!outbox_put(outbox, slice, writer.length + part))
			return false;
		at += part;
	}
	return true;
}

static uint64_t processor_us(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return (uint64_t)spent.tv_sec * 1000000 + (uint64_t)spent.tv_nsec / 1000;
}

static bool say_frame(struct video *self, int number, struct outbox *outbox, uint32_t now_ms)
{
	struct video_region *region = &self->regions[number];
	const uint8_t *data;
	bool is_key;
	const uint32_t *pixels =
	        self->setup.shadow + (size_t)region->area.y * self->image->width + region->area.x;
	uint64_t start_us = clock_now_us(), spent_us = processor_us();
	size_t length = video_h264_encode(region->codec, (const uint8_t *)pixels,
	        self->image->width * 4u, region->wants_key, &data, &is_key);

	video_budget_spent(&self->budget, (uint32_t)(clock_now_us() - start_us),
	        (uint32_t)(processor_us() - spent_us));
	if (length == 0) {
		self->is_broken = true;
		return true;
	}
	region->is_changed = region->wants_key = false;
	self->number++;
	self->n_frames++;
	self->n_bytes += length;
	struct flow_sent line =
	        flow_line_beside_sent(self->setup.line, (uint32_t)length, clock_now_us());
	video_rate_sent(&self->rate, video_region_tag(self, region), self->number, &line, now_ms);
	return say_data(number, self->number, data, length, is_key, outbox);
}

static bool has_frame(const struct video *self, const struct video_region *region)
{
	return region->is_active && region->is_changed && !region->is_begin_due &&
	       video_rate_may_send(&self->rate);
}

bool video_has_frames(const struct video *self)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++)
		if (has_frame(self, &self->regions[i]))
			return true;
	return false;
}

bool video_say_frames(struct video *self, struct outbox *outbox, uint32_t now_ms)
{
	for (int i = 0; i < VIDEO_REGIONS_MAX; i++) {
		if (!has_frame(self, &self->regions[i]) ||
		        !video_budget_may_encode(&self->budget, now_ms) || !video_may_send(self))
			continue;
		if (!say_frame(self, i, outbox, now_ms))
			return false;
	}
	/* x264 gave up: what its regions show has to come as pictures. */
	if (self->is_broken)
		video_set_wanted(self, false);
	return true;
}
