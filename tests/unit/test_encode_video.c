/* Moving pictures through the real encoder and real channels, to a viewer that the test plays: it keeps the picture by the native decoder and
 * the regions' masks by itself, and asks of every pixel that no video shows to be exact. What is decoded is the browser's business
 * (tests/integration/video.test.mjs). */
#include "unit/suite.h"

#include "unit/stream_support.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/loop.h"
#include "encode/encoder.h"
#include "encode/video_cells.h"
#include "encode/video_h264.h"
#include "stream/wire.h"

#include <math.h>

#define WIDTH 640
#define HEIGHT 420
#define STRIDE 700
#define FILM_X 77
#define FILM_Y 53
#define FILM_WIDTH 333
#define FILM_HEIGHT 247

struct region {
	bool is_there, is_key_awaited;
	struct rect area;
	uint8_t mask[2048];
	uint32_t n_frames, n_keys;
	size_t frame_bytes;
};

static struct rig {
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
} rig;

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
	struct region *region = &rig.regions[slice[0] - WIRE_VIDEO_MIN];
	const uint8_t *payload = slice + WIRE_HEADER_BYTES;
	uint32_t number = u16_at(slice + 4) | u16_at(slice + 6) << 16;

	rig.video_bytes += length;
	ck_assert_uint_le(slice[0], WIRE_VIDEO_MAX);
	length -= WIRE_HEADER_BYTES;
	if (slice[1] == WIRE_VIDEO_BEGIN) {
		take_begin(region, payload, length);
		return;
	}
	ck_assert_msg(region->is_there, "message %u for no region", slice[1]);
	if (slice[1] == WIRE_VIDEO_MASK) {
		ck_assert_uint_eq(length, (cells_of(&region->area) + 7) / 8);
		memcpy(region->mask, payload, length);
	} else if (slice[1] == WIRE_VIDEO_FRAME) {
		take_frame(region, number, payload, length);
	} else {
		ck_assert_uint_eq(slice[1], WIRE_VIDEO_END);
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
	if (slice.bytes[0] >= WIRE_VIDEO_MIN) {
		take_video(slice.bytes, slice.bytes_length);
		return;
	}
	rig.picture_bytes += slice.bytes_length;
	int32_t status = stream_decoder_push(rig.decoder, slice.bytes, slice.bytes_length);
	ck_assert_int_ge(status, 0);
	if (status == STREAM_BEGUN)
		memset(rig.regions, 0, sizeof(rig.regions));
	if (status == STREAM_FRAME)
		CHANNEL_SEND(rig.gate, viewer_ack, .frame = stream_decoder_frame(rig.decoder));
}

static void on_onlooker_message(void *data, struct channel *channel, struct message *in)
{
	(void)data;
	(void)channel;
	(void)in;
}

static bool is_live(uint32_t x, uint32_t y)
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

static uint32_t n_live(void)
{
	uint32_t n = 0;

	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			n += is_live(x, y);
	return n;
}

/* Pixels that no video shows and that are not what was drawn. */
static uint32_t n_wrong(void)
{
	const uint8_t *shown = stream_decoder_screen(rig.decoder)->pixels;
	uint32_t n = 0;

	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++, shown += 4) {
			const uint8_t *drawn = rig.buffer + ((size_t)y * STRIDE + x) * 4;
			bool is_equal = shown[0] == drawn[2] && shown[1] == drawn[1] &&
			                shown[2] == drawn[0];
			n += !is_equal && !is_live(x, y);
		}
	return n;
}

/* ---- the part of capture ---- */

static void on_capture_message(void *data, struct channel *channel, struct message *in)
{
	struct message_taken taken;

	(void)data;
	(void)channel;
	ck_assert_int_eq(message_get_taken(in, &taken), 0);
	rig.taken = taken.sequence;
}

static void on_close(void *data, struct channel *channel, int error)
{
	(void)data;
	(void)channel;
	ck_abort_msg("a channel was closed: %s", shoji_error_text(error));
}

static void put(uint32_t x, uint32_t y, uint32_t pixel)
{
	memcpy(rig.buffer + ((size_t)y * STRIDE + x) * 4, &pixel, 4);
}

static uint32_t film_pixel(uint32_t x, uint32_t y, uint32_t tick)
{
	double t = tick;
	uint32_t noise = (x * 7919 + y * 104729 + tick * 31) >> 3 & 7;
	uint32_t red =
	        (uint32_t)(128 + 60 * sin((x + 3 * t) * .05) + 40 * cos((y - 2 * t) * .07)) + noise;
	uint32_t green = (uint32_t)(128 + 50 * sin((x - 2 * t) * .03 + y * .02)) + noise;
	uint32_t blue = (uint32_t)(120 + 70 * cos(y * .04 + t * .1)) + noise;

	return red << 16 | green << 8 | blue;
}

static void show(struct rect area)
{
	CHANNEL_SEND(rig.capture, damage, .generation = 1, .sequence = ++rig.sequence, .n_rects = 1,
	        .rects = {area});
	while (rig.taken != rig.sequence)
		loop_turn(rig.loop, 100);
}

static void draw_page(void)
{
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			put(x, y, support_page_pixel(x + 300, y));
	show((struct rect){0, 0, WIDTH, HEIGHT});
}

static void draw_film(struct rect area)
{
	rig.tick++;
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++)
			put(x, y, film_pixel(x, y, rig.tick));
	show(area);
}

static uint64_t clock_ms(void)
{
	return rig.clock_ms;
}

/* Until everything that was sent has arrived, and was answered. */
static void deliver(void)
{
	for (int n_quiet = 0; n_quiet < 3;) {
		uint64_t n_messages = rig.n_messages;
		loop_turn(rig.loop, 0);
		n_quiet = rig.n_messages == n_messages ? n_quiet + 1 : 0;
	}
}

/* So much later by the clock that video goes by. */
static void turn_ms(uint32_t ms)
{
	deliver();
	rig.clock_ms += ms;
	deliver();
}

/* Silence: the encoder's own timer has to notice. */
static void pause_film(void)
{
	turn_ms(190);
	for (uint64_t end_ms = clock_now_ms() + 5000; n_live() > 0 && clock_now_ms() < end_ms;)
		loop_turn(rig.loop, 50);
	deliver();
	ck_assert_uint_eq(n_live(), 0);
	ck_assert_uint_eq(n_wrong(), 0);
}

static const struct rect film = {FILM_X, FILM_Y, FILM_WIDTH, FILM_HEIGHT};

static void play(struct rect area, uint32_t n_frames)
{
	for (uint32_t i = 0; i < n_frames; i++) {
		draw_film(area);
		turn_ms(33);
	}
}

/* ---- rig ---- */

static struct channel *connect_seat(enum viewer_seat seat, channel_message_fn on_message)
{
	int ours, theirs;

	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	struct channel *channel = channel_new(ours, LINK_GATE_ENCODE, SIDE_A);
	channel_set_phase(channel, PHASE_READY);
	ck_assert_int_eq(channel_watch(channel, rig.loop, on_message, on_close, NULL), 0);
	ck_assert_int_eq(encoder_set_gate(rig.encoder, seat, theirs), 0);
	return channel;
}

static void join(struct channel *channel, uint32_t capabilities)
{
	ck_assert_int_eq(CHANNEL_SEND(channel, viewer_join, .version = WIRE_VERSION,
	                         .capabilities = capabilities, .window_log_max = 21),
	        0);
}

static void on_first_picture(void *data)
{
	(void)data;
}

static void on_end(void *data, enum worker_exit status)
{
	(void)data;
	(void)status;
	rig.has_ended = true;
}

static void start(bool has_video, uint32_t capabilities)
{
	int ours, theirs;

	memset(&rig, 0, sizeof(rig));
	rig.acks_video = true;
	rig.clock_ms = 1000;
	rig.loop = loop_new();
	rig.buffer = calloc((size_t)STRIDE * HEIGHT, 4);
	rig.decoder = support_decoder_new(WIDTH, HEIGHT);
	rig.encoder = encoder_new(&(struct encoder_setup){.loop = rig.loop,
	        .epoch = 77,
	        .pixels = rig.buffer,
	        .width_max = STRIDE,
	        .height_max = HEIGHT,
	        .has_video = has_video,
	        .video_core_percent = 100,
	        .clock_ms = clock_ms,
	        .on_first_picture = on_first_picture,
	        .on_end = on_end});
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	rig.capture = channel_new(ours, LINK_CAPTURE_ENCODE, SIDE_A);
	channel_set_phase(rig.capture, PHASE_READY);
	ck_assert_int_eq(
	        channel_watch(rig.capture, rig.loop, on_capture_message, on_close, NULL), 0);
	ck_assert_int_eq(encoder_set_capture(rig.encoder, theirs), 0);
	rig.gate = connect_seat(SEAT_PERSON, on_gate_message);
	CHANNEL_SEND(rig.capture, geometry, .generation = 1, .width = WIDTH, .height = HEIGHT);
	join(rig.gate, capabilities);
	draw_page();
	turn_ms(20);
}

static void finish(void)
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

#define CAN (WIRE_CAN_CURSOR | WIRE_CAN_H264)

START_TEST(a_film_becomes_video_and_is_exact_when_it_pauses)
{
	start(true, CAN);
	play(film, 25);
	ck_assert_uint_ge(rig.n_begins, 1);
	const struct rect *area = &rig.regions[0].area;
	ck_assert_uint_eq(area->x, FILM_X);
	ck_assert_uint_eq(area->y, FILM_Y);
	ck_assert_uint_eq(area->width, FILM_WIDTH);
	ck_assert_uint_eq(area->height, FILM_HEIGHT);
	ck_assert_uint_eq(n_live(), FILM_WIDTH * FILM_HEIGHT);
	uint32_t n_frames = rig.n_frames;
	uint64_t picture_bytes = rig.picture_bytes, video_bytes = rig.video_bytes;
	play(film, 30);
	ck_assert_uint_ge(rig.n_frames, n_frames + 28);
	ck_assert_uint_eq(rig.picture_bytes, picture_bytes);
	printf("video: %.1f kB a frame\n", (double)(rig.video_bytes - video_bytes) / 30e3);
	ck_assert_uint_eq(n_wrong(), 0);
	ck_assert_uint_eq(rig.regions[0].n_keys, 1);
	pause_film();
	finish();
}
END_TEST

/* After a short rest it goes on where it was, with the codec that it had; after a long one the region is over. Another page in its place is
 * exact at once. */
START_TEST(a_film_that_rests_goes_on_at_once)
{
	start(true, CAN);
	play(film, 30);
	uint32_t n_begins = rig.n_begins, n_frames = rig.n_frames;
	for (int i = 0; i < 3; i++) {
		pause_film();
		turn_ms(400);
		play(film, 1);
		ck_assert_uint_eq(n_live(), FILM_WIDTH * FILM_HEIGHT);
		play(film, 4);
		ck_assert_uint_ge(rig.n_frames, n_frames + 5);
		n_frames = rig.n_frames;
	}
	ck_assert_uint_eq(rig.n_begins, n_begins);
	ck_assert_uint_eq(rig.regions[0].n_keys, 1);
	pause_film();
	turn_ms(200);
	draw_page();
	turn_ms(10);
	ck_assert_uint_eq(n_live(), 0);
	ck_assert_uint_eq(n_wrong(), 0);
	turn_ms(1600);
	ck_assert_uint_lt(rig.n_ends, rig.n_begins);
	put(0, 0, 0x123456);
	show((struct rect){0, 0, 1, 1});
	turn_ms(10);
	ck_assert_uint_eq(rig.n_ends, rig.n_begins);
	ck_assert_uint_eq(n_wrong(), 0);
	finish();
}
END_TEST

START_TEST(a_menu_over_a_film_is_exact)
{
	start(true, CAN);
	play(film, 25);
	ck_assert_uint_gt(n_live(), 0);
	struct rect menu = {FILM_X + 60, FILM_Y + 40, 120, 150};
	for (uint32_t y = menu.y; y < menu.y + 150u; y++)
		for (uint32_t x = menu.x; x < menu.x + 120u; x++)
			put(x, y, support_page_pixel(x + 300, y));
	for (int i = 0; i < 20; i++) {
		/* The film goes on around it. */
		rig.tick++;
		for (uint32_t y = FILM_Y; y < FILM_Y + FILM_HEIGHT; y++)
			for (uint32_t x = FILM_X; x < FILM_X + FILM_WIDTH; x++)
				if (x < menu.x || y < menu.y || x >= menu.x + 120u ||
				        y >= menu.y + 150u)
					put(x, y, film_pixel(x, y, rig.tick));
		show(film);
		turn_ms(33);
	}
	ck_assert_uint_eq(n_wrong(), 0);
	uint32_t n_covered = 0;
	for (uint32_t y = menu.y; y < menu.y + 150u; y++)
		for (uint32_t x = menu.x; x < menu.x + 120u; x++)
			n_covered += is_live(x, y);
	/* Cells that the menu shares with the film stay video; the rest of it is exact. */
	ck_assert_uint_lt(n_covered, 2 * (120 + 150) * WIRE_VIDEO_CELL);
	ck_assert(!is_live(menu.x + 60, menu.y + 75));
	ck_assert(is_live(FILM_X + 10, FILM_Y + 10));
	pause_film();
	ck_assert_uint_eq(n_live(), 0);
	ck_assert_uint_eq(n_wrong(), 0);
	finish();
}
END_TEST

START_TEST(writing_that_moves_and_small_things_are_no_film)
{
	start(true, CAN);
	for (int i = 0; i < 30; i++) {
		/* A page of text that scrolls on and on. */
		for (uint32_t y = 0; y < HEIGHT; y++)
			for (uint32_t x = 0; x < WIDTH; x++)
				put(x, y, support_page_pixel(x + 300, y + (uint32_t)i * 12));
		show((struct rect){0, 0, WIDTH, HEIGHT});
		turn_ms(20);
	}
	ck_assert_uint_eq(rig.n_begins, 0);
	/* A spinner. */
	for (int i = 0; i < 40; i++) {
		draw_film((struct rect){500, 300, 64, 64});
		turn_ms(20);
	}
	ck_assert_uint_eq(rig.n_begins, 0);
	turn_ms(20);
	ck_assert_uint_eq(n_wrong(), 0);
	finish();
}
END_TEST

/* A page of photographs that scrolls is no film, and where writing may have come into a film, it is a picture at once. */
START_TEST(a_page_that_is_scrolled_is_no_film)
{
	static uint32_t page[WIDTH * HEIGHT * 4];

	for (uint32_t y = 0; y < HEIGHT * 4; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			page[y * WIDTH + x] =
			        y / 300 % 2 ? support_page_pixel(x + 300, y) : film_pixel(x, y, 7);
	start(true, CAN);
	for (uint32_t i = 0; i < 40; i++) {
		for (uint32_t y = 0; y < HEIGHT; y++)
			for (uint32_t x = 0; x < WIDTH; x++)
				put(x, y, page[(y + i * 17) * WIDTH + x]);
		show((struct rect){0, 0, WIDTH, HEIGHT});
		turn_ms(33);
	}
	ck_assert_uint_eq(rig.n_begins, 0);
	ck_assert_uint_eq(n_wrong(), 0);
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			put(x, y, page[y * WIDTH + x]);
	show((struct rect){0, 0, WIDTH, HEIGHT});
	turn_ms(700);
	play(film, 30);
	ck_assert_uint_gt(n_live(), 0);
	for (uint32_t i = 1; i < 20; i++) {
		/* The film's page is scrolled, the film goes on. */
		struct rect area = film;
		area.y = (uint16_t)(FILM_Y - 2 * i);
		for (uint32_t y = 0; y < HEIGHT; y++)
			for (uint32_t x = 0; x < WIDTH; x++)
				put(x, y, page[(y + 2 * i) * WIDTH + x]);
		rig.tick++;
		for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
			for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++)
				put(x, y, film_pixel(x, y, rig.tick));
		show((struct rect){0, 0, WIDTH, HEIGHT});
		turn_ms(33);
		ck_assert_msg(n_live() == 0, "%u", i);
		ck_assert_uint_eq(n_wrong(), 0);
	}
	struct rect area = film;
	area.y = FILM_Y - 38;
	play(area, 35);
	ck_assert_uint_eq(n_live(), FILM_WIDTH * FILM_HEIGHT);
	ck_assert_uint_eq(rig.regions[0].area.y, area.y);
	finish();
}
END_TEST

static void must_be_pictures(void)
{
	play(film, 25);
	ck_assert_uint_eq(rig.n_begins, 0);
	turn_ms(30);
	ck_assert_uint_eq(n_wrong(), 0);
}

START_TEST(pictures_where_video_may_not_be)
{
	start(true, WIRE_CAN_CURSOR);
	must_be_pictures();
	finish();
	start(false, CAN);
	must_be_pictures();
	finish();
}
END_TEST

START_TEST(pictures_for_ever_after_the_viewer_failed)
{
	start(true, CAN);
	rig.fails_video = true;
	play(film, 20);
	ck_assert_uint_ge(rig.n_begins, 1);
	ck_assert_uint_eq(rig.n_begins, rig.n_ends);
	uint32_t n_begins = rig.n_begins;
	play(film, 20);
	ck_assert_uint_eq(rig.n_begins, n_begins);
	turn_ms(30);
	ck_assert_uint_eq(n_wrong(), 0);
	finish();
}
END_TEST

START_TEST(pictures_while_somebody_looks_on)
{
	start(true, CAN);
	play(film, 20);
	ck_assert_uint_gt(n_live(), 0);
	rig.onlooker = connect_seat(SEAT_ONLOOKER, on_onlooker_message);
	join(rig.onlooker, WIRE_CAN_CURSOR);
	turn_ms(20);
	ck_assert_uint_eq(n_live(), 0);
	ck_assert_uint_eq(n_wrong(), 0);
	play(film, 25);
	turn_ms(30);
	ck_assert_uint_eq(n_live(), 0);
	ck_assert_uint_eq(n_wrong(), 0);
	CHANNEL_SEND(rig.onlooker, viewer_leave);
	play(film, 25);
	ck_assert_uint_gt(n_live(), 0);
	pause_film();
	ck_assert_uint_eq(n_wrong(), 0);
	finish();
}
END_TEST

START_TEST(a_viewer_that_comes_back_during_a_film)
{
	start(true, CAN);
	play(film, 20);
	ck_assert_uint_gt(n_live(), 0);
	join(rig.gate, CAN);
	turn_ms(20);
	ck_assert_uint_eq(n_wrong(), 0);
	play(film, 25);
	ck_assert_uint_gt(n_live(), 0);
	ck_assert_uint_eq(n_wrong(), 0);
	pause_film();
	ck_assert_uint_eq(n_wrong(), 0);
	ck_assert_uint_eq(n_live(), 0);
	finish();
}
END_TEST

START_TEST(a_snapshot_shows_the_film)
{
	struct encoder_picture picture;

	start(true, CAN);
	play(film, 25);
	ck_assert_uint_gt(n_live(), 0);
	for (int round = 0; round < 3; round++) {
		encoder_picture(rig.encoder, &picture);
		for (uint32_t y = 0; y < HEIGHT; y++)
			for (uint32_t x = 0; x < WIDTH; x++) {
				uint32_t drawn;
				memcpy(&drawn, rig.buffer + ((size_t)y * STRIDE + x) * 4, 4);
				ck_assert_uint_eq(
				        picture.pixels[y * WIDTH + x] & 0xffffff, drawn & 0xffffff);
			}
		play(film, 2);
	}
	ck_assert_uint_eq(n_wrong(), 0);
	finish();
}
END_TEST

/* Nothing is queued for a viewer that draws nothing. */
START_TEST(no_frame_without_credit)
{
	start(true, CAN);
	rig.acks_video = false;
	play(film, 50);
	ck_assert_uint_ge(rig.n_frames, 1);
	ck_assert_uint_le(rig.n_frames, 13);
	pause_film();
	ck_assert_uint_eq(n_wrong(), 0);
	finish();
}
END_TEST

/* Films that come, go, move and overlap, over a page that is scrolled: what no video shows is exact, always. */
START_TEST(anything_at_all)
{
	uint64_t random = 5;

	start(true, CAN);
	for (int i = 0; i < 12; i++) {
		struct rect area = {(uint16_t)support_below(&random, 300),
		        (uint16_t)support_below(&random, 150),
		        (uint16_t)(120 + support_below(&random, 220)),
		        (uint16_t)(100 + support_below(&random, 170))};
		struct rect second = {(uint16_t)(i * 30), 300, 200, 120};
		uint32_t n = 8 + support_below(&random, 20);
		for (uint32_t k = 0; k < n; k++) {
			draw_film(area);
			if (i % 3 == 1)
				draw_film(second);
			if (i % 4 == 2)
				memmove(rig.buffer, rig.buffer + (size_t)STRIDE * 4 * 9,
				        (size_t)STRIDE * 4 * (HEIGHT - 9));
			if (i % 4 == 2)
				show((struct rect){0, 0, WIDTH, HEIGHT});
			turn_ms(12 + support_below(&random, 25));
		}
		if (i % 5 == 4)
			join(rig.gate, CAN);
		turn_ms(30);
		ck_assert_msg(n_wrong() == 0, "round %d: %u pixels are wrong", i, n_wrong());
	}
	pause_film();
	ck_assert_uint_ge(rig.n_begins, 3);
	finish();
}
END_TEST

int main(void)
{
	if (!video_h264_is_built())
		return 0;
	return SUITE_RUN("encode video", a_film_becomes_video_and_is_exact_when_it_pauses,
	        a_film_that_rests_goes_on_at_once, a_menu_over_a_film_is_exact,
	        writing_that_moves_and_small_things_are_no_film, a_page_that_is_scrolled_is_no_film,
	        pictures_where_video_may_not_be, pictures_for_ever_after_the_viewer_failed,
	        pictures_while_somebody_looks_on, a_viewer_that_comes_back_during_a_film,
	        a_snapshot_shows_the_film, no_frame_without_credit, anything_at_all);
}
