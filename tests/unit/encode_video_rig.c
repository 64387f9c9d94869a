#include "unit/encode_video_rig.h"

#include "unit/encoder_support.h"

#include "base/loop.h"
#include "encode/video_cells.h"

#include <math.h>

#define STRIDE 700

struct rig rig;

/* ---- the part of gate and viewer ---- */

static uint32_t u16_at(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t cells_of(const struct rect *area)
{
	uint32_t columns =
	        (area->x + area->width - 1u) / WIRE_VIDEO_CELL - area->x / WIRE_VIDEO_CELL + 1;
	uint32_t rows =
	        (area->y + area->height - 1u) / WIRE_VIDEO_CELL - area->y / WIRE_VIDEO_CELL + 1;

	return columns * rows;
}

static void take_begin(struct region *region, const uint8_t *payload, size_t length)
{
	ck_assert_uint_eq(length, 11);
	memset(region, 0, sizeof(*region));
	region->is_there = region->is_key_awaited = true;
	region->area = (struct rect){(uint16_t)u16_at(payload), (uint16_t)u16_at(payload + 2),
	        (uint16_t)u16_at(payload + 4), (uint16_t)u16_at(payload + 6)};
	ck_assert_uint_gt(region->area.width, 0);
	ck_assert_uint_gt(region->area.height, 0);
	ck_assert_uint_le(region->area.x + region->area.width, WIDTH);
	ck_assert_uint_le(region->area.y + region->area.height, HEIGHT);
	ck_assert_uint_eq(payload[8], 100); /* High */
	rig.n_begins++;
}

static void take_frame(
        struct region *region, uint32_t number, const uint8_t *payload, size_t length)
{
	uint8_t flags = payload[0];

	ck_assert_uint_gt(length, 1);
	ck_assert_uint_eq(flags & ~WIRE_VIDEO_FLAGS_ALL, 0);
	ck_assert_int_eq((flags & WIRE_VIDEO_FIRST) != 0, region->frame_bytes == 0);
	ck_assert(!region->is_key_awaited || flags & WIRE_VIDEO_KEY);
	region->frame_bytes += length - 1;
	if (!(flags & WIRE_VIDEO_LAST))
		return;
	ck_assert_uint_le(region->frame_bytes, WIRE_VIDEO_FRAME_MAX);
	ck_assert_uint_gt(number, rig.last_number);
	rig.last_number = number;
	region->is_key_awaited = false;
	region->n_keys += (flags & WIRE_VIDEO_KEY) != 0;
	region->n_frames++;
	region->frame_bytes = 0;
	rig.n_frames++;
	if (rig.fails_video)
		CHANNEL_SEND(rig.gate, viewer_video, .has_failed = true);
	else if (rig.acks_video)
		CHANNEL_SEND(rig.gate, viewer_video, .frame = number);
}

static void take_video(const uint8_t *slice, size_t length)
{
	uint8_t channel = WIRE_CHANNEL_OF(slice[0]), type = WIRE_TYPE_OF(slice[0]);
	struct region *region = &rig.regions[channel - WIRE_VIDEO_MIN];
	const uint8_t *payload = slice + WIRE_HEADER_BYTES;

	rig.video_bytes += length;
	ck_assert_uint_le(channel, WIRE_VIDEO_MAX);
	length -= WIRE_HEADER_BYTES;
	if (type == WIRE_VIDEO_BEGIN) {
		take_begin(region, payload, length);
		return;
	}
	ck_assert_msg(region->is_there, "message %u for no region", type);
	if (type == WIRE_VIDEO_MASK) {
		ck_assert_uint_eq(length, (cells_of(&region->area) + 7) / 8);
		memcpy(region->mask, payload, length);
	} else if (type == WIRE_VIDEO_FRAME) {
		uint32_t number = u16_at(payload) | u16_at(payload + 2) << 16;
		take_frame(region, number, payload + 4, length - 4);
	} else {
		ck_assert_uint_eq(type, WIRE_VIDEO_END);
		ck_assert_uint_eq(length, 0);
		region->is_there = false;
		rig.n_ends++;
	}
}

static void on_gate_message(void *data, struct channel *channel, struct message *in)
{
	struct message_slice slice;

	(void)data;
	(void)channel;
	rig.n_messages++;
	ck_assert_int_eq(message_get_slice(in, &slice), 0);
	if (WIRE_CHANNEL_OF(slice.bytes[0]) >= WIRE_VIDEO_MIN) {
		take_video(slice.bytes, slice.bytes_length);
		return;
	}
	rig.picture_bytes += slice.bytes_length;
	int32_t status = stream_decoder_push(rig.decoder, slice.bytes, slice.bytes_length);
	ck_assert_int_ge(status, 0);
	if (status == STREAM_BEGUN)
		memset(rig.regions, 0, sizeof(rig.regions));
	if (status == STREAM_FRAME)
		CHANNEL_SEND(
		        rig.gate, viewer_ack, .frame = (uint16_t)stream_decoder_frame(rig.decoder));
}

static void ignore(void *data, struct channel *channel, struct message *in)
{
	(void)data;
	(void)channel;
	(void)in;
}

bool rig_is_live(uint32_t x, uint32_t y)
{
	for (int i = 0; i < WIRE_VIDEO_REGIONS_MAX; i++) {
		const struct region *region = &rig.regions[i];
		const struct rect *area = &region->area;
		if (!region->is_there || x < area->x || y < area->y ||
		        x >= area->x + (uint32_t)area->width ||
		        y >= area->y + (uint32_t)area->height)
			continue;
		uint32_t left = area->x / WIRE_VIDEO_CELL;
		uint32_t columns = (area->x + area->width - 1u) / WIRE_VIDEO_CELL - left + 1;
		uint32_t bit = (y / WIRE_VIDEO_CELL - area->y / WIRE_VIDEO_CELL) * columns +
		               x / WIRE_VIDEO_CELL - left;
		return region->mask[bit / 8] >> bit % 8 & 1;
	}
	return false;
}

uint32_t rig_n_live(void)
{
	uint32_t n = 0;

	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			n += rig_is_live(x, y);
	return n;
}

uint32_t rig_n_wrong(void)
{
	const uint8_t *shown = stream_decoder_screen(rig.decoder)->pixels;
	uint32_t n = 0;

	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++, shown += 4) {
			uint32_t seen =
			        (uint32_t)shown[0] << 16 | (uint32_t)shown[1] << 8 | shown[2];
			n += seen != rig_drawn(x, y) && !rig_is_live(x, y);
		}
	return n;
}

/* ---- the part of capture ---- */

void rig_put(uint32_t x, uint32_t y, uint32_t pixel)
{
	memcpy(rig.buffer + ((size_t)y * STRIDE + x) * 4, &pixel, 4);
}

uint32_t rig_drawn(uint32_t x, uint32_t y)
{
	uint32_t pixel;

	memcpy(&pixel, rig.buffer + ((size_t)y * STRIDE + x) * 4, 4);
	return pixel & 0xffffff;
}

uint32_t rig_page_pixel(uint32_t x, uint32_t y)
{
	return support_page_pixel(x + 300, y);
}

uint32_t rig_film_pixel(uint32_t x, uint32_t y, uint32_t tick)
{
	double t = tick;
	uint32_t noise = (x * 7919 + y * 104729 + tick * 31) >> 3 & 7;
	uint32_t red =
	        (uint32_t)(128 + 60 * sin((x + 3 * t) * .05) + 40 * cos((y - 2 * t) * .07)) + noise;
	uint32_t green = (uint32_t)(128 + 50 * sin((x - 2 * t) * .03 + y * .02)) + noise;
	uint32_t blue = (uint32_t)(120 + 70 * cos(y * .04 + t * .1)) + noise;

	return red << 16 | green << 8 | blue;
}

void rig_put_page(struct rect area, uint32_t scrolled)
{
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++)
			rig_put(x, y, rig_page_pixel(x, y + scrolled));
}

void rig_put_film(struct rect area, uint32_t tick)
{
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++)
			rig_put(x, y, rig_film_pixel(x, y, tick));
}

void rig_show(struct rect area)
{
	CHANNEL_SEND(rig.capture, damage, .generation = 1, .sequence = ++rig.sequence, .n_rects = 1,
	        .rects = {area});
	while (rig.taken != rig.sequence)
		loop_turn(rig.loop, 100);
}

void rig_scroll(uint32_t rows)
{
	size_t row_bytes = (size_t)STRIDE * 4;

	memmove(rig.buffer, rig.buffer + row_bytes * rows, row_bytes * (HEIGHT - rows));
	rig_show(whole);
}

void rig_draw_film(struct rect area)
{
	rig_put_film(area, ++rig.tick);
	rig_show(area);
}

static uint64_t clock_ms(void)
{
	return rig.clock_ms;
}

static void deliver(void)
{
	for (int n_quiet = 0; n_quiet < 3;) {
		uint64_t n_messages = rig.n_messages;
		if (rig.is_share_due && !rig.keeps_share) {
			rig.is_share_due = false;
			encoder_set_video_share(rig.encoder, 1000);
		}
		loop_turn(rig.loop, 0);
		n_quiet = rig.n_messages == n_messages ? n_quiet + 1 : 0;
	}
}

void rig_turn_ms(uint32_t ms)
{
	deliver();
	rig.clock_ms += ms;
	deliver();
}

/* Silence: the encoder's own timer has to notice. */
void rig_pause_film(void)
{
	rig_turn_ms(190);
	for (uint64_t end_ms = clock_now_ms() + 5000; rig_n_live() > 0 && clock_now_ms() < end_ms;)
		loop_turn(rig.loop, 50);
	deliver();
	ck_assert_uint_eq(rig_n_live(), 0);
	ck_assert_uint_eq(rig_n_wrong(), 0);
}

void rig_play(struct rect area, uint32_t n_frames)
{
	for (uint32_t i = 0; i < n_frames; i++) {
		rig_draw_film(area);
		rig_turn_ms(33);
	}
}

/* ---- rig ---- */

void rig_connect_onlooker(void)
{
	rig.onlooker = support_gate(rig.loop, rig.encoder, SEAT_ONLOOKER, ignore, NULL);
}

void rig_join(struct channel *channel, uint32_t capabilities)
{
	ck_assert_int_eq(CHANNEL_SEND(channel, viewer_join, .version = WIRE_VERSION,
	                         .capabilities = capabilities, .window_log_max = 21),
	        0);
}

/* As monitor answers. */
static void on_film(void *data, bool is_playing)
{
	(void)data;
	rig.is_film_playing = is_playing;
	rig.is_share_due = is_playing;
}

static void on_end(void *data, enum worker_exit status)
{
	(void)data;
	(void)status;
	rig.has_ended = true;
}

void rig_start(bool has_video, uint32_t capabilities)
{
	memset(&rig, 0, sizeof(rig));
	rig.acks_video = true;
	rig.clock_ms = 1000;
	rig.loop = loop_new();
	rig.buffer = calloc((size_t)STRIDE * HEIGHT, 4);
	rig.decoder = support_decoder_new(WIDTH, HEIGHT);
	rig.encoder = encoder_new(&(struct encoder_setup){.loop = rig.loop,
	        .scale = SCREEN_SCALE_ONE,
	        .epoch = 77,
	        .pixels = rig.buffer,
	        .width_max = STRIDE,
	        .height_max = HEIGHT,
	        .has_video = has_video,
	        .clock_ms = clock_ms,
	        .on_first_picture = support_ignore_first_picture,
	        .on_film = on_film,
	        .on_end = on_end});
	rig.capture = support_capture(rig.loop, rig.encoder, support_take_taken, &rig.taken);
	rig.gate = support_gate(rig.loop, rig.encoder, SEAT_PERSON, on_gate_message, NULL);
	CHANNEL_SEND(rig.capture, geometry, .generation = 1, .width = WIDTH, .height = HEIGHT);
	rig_join(rig.gate, capabilities);
	rig_put_page(whole, 0);
	rig_show(whole);
	rig_turn_ms(20);
}

void rig_finish(void)
{
	ck_assert(!rig.has_ended);
	channel_free(rig.capture);
	channel_free(rig.gate);
	channel_free(rig.onlooker);
	encoder_free(rig.encoder);
	loop_free(rig.loop);
	free(rig.buffer);
	free(rig.decoder);
}
