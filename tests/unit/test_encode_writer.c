/* A writer that never stops: 10^6 random rectangles through the real encoder and real channels to a viewer that draws slowly and
 * comes and goes; then silence, and the viewer's screen is the buffer.
 *
 * Built a second time as test-encode-writer-mutant, with a decoder that now and then skips an area (-DMUTANT): there the same run must
 * end in a difference. */
#include "unit/encoder_support.h"
#include "unit/stream_support.h"

#include "base/loop.h"
#include "encode/viewer.h"
#include "stream/wire.h"

#define WIDTH 640
#define HEIGHT 420
#define WIDTH_MAX 700 /* the buffer's rows are longer than the screen's */
#define EPOCH 0x1122334455667788ull

enum ack_habit { ACK_AT_ONCE, ACK_LATE, ACK_RARELY };

static struct rig {
	struct loop *loop;
	struct encoder *encoder;
	struct channel *capture, *gate; /* the peers' ends */
	uint8_t *buffer;
	uint64_t random;
	uint32_t sequence, taken, n_rects, target_rects;
	bool is_first_picture, has_ended;
	int end_status;
	enum ack_habit habit;
	struct stream_decoder *decoder;
	uint32_t last_acked, in_flight_max, n_frames, n_begins, n_resumed;
	uint64_t n_slices;
	bool is_awaiting_begin;
} rig;

static void on_first_picture(void *data)
{
	(void)data;
	rig.is_first_picture = true;
}

static void on_end(void *data, enum worker_exit status)
{
	(void)data;
	rig.has_ended = true;
	rig.end_status = (int)status;
}

/* ---- the part of capture ---- */

static void fill(struct rect area)
{
	uint32_t colour = support_random(&rig.random);
	bool is_page = colour % 3 == 0;

	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++) {
			uint32_t pixel = is_page ? support_page_pixel(x, y + colour % 500) : colour;
			memcpy(rig.buffer + ((size_t)y * WIDTH_MAX + x) * 4, &pixel, 4);
		}
}

/* Now and then the whole screen moves, as pages do. */
static struct rect move_screen(void)
{
	uint32_t distance = 1 + support_below(&rig.random, 90);

	memmove(rig.buffer, rig.buffer + (size_t)distance * WIDTH_MAX * 4,
	        (size_t)(HEIGHT - distance) * WIDTH_MAX * 4);
	return (struct rect){0, 0, WIDTH, HEIGHT};
}

static struct rect random_rect(void)
{
	uint32_t side = support_below(&rig.random, 64) == 0 ? 150 : 14;
	struct rect area = {(uint16_t)support_below(&rig.random, WIDTH),
	        (uint16_t)support_below(&rig.random, HEIGHT), 0, 0};
	uint32_t width = 1 + support_below(&rig.random, side);
	uint32_t height = 1 + support_below(&rig.random, side);

	area.width = (uint16_t)(area.x + width > WIDTH ? (uint32_t)WIDTH - area.x : width);
	area.height = (uint16_t)(area.y + height > HEIGHT ? (uint32_t)HEIGHT - area.y : height);
	return area;
}

static void write_some(void)
{
	static struct message_damage damage;

	damage = (struct message_damage){.generation = 1, .sequence = ++rig.sequence};
	damage.n_rects = (uint16_t)(1 + support_below(&rig.random, 256));
	for (uint16_t i = 0; i < damage.n_rects; i++) {
		if (support_below(&rig.random, 4000) == 0) {
			damage.rects[i] = move_screen();
		} else {
			damage.rects[i] = random_rect();
			fill(damage.rects[i]);
		}
	}
	rig.n_rects += damage.n_rects;
	ck_assert_int_eq(CHANNEL_SEND_VALUE(rig.capture, damage, &damage), 0);
}

static void on_capture_message(void *data, struct channel *channel, struct message *in)
{
	struct message_taken taken;

	(void)data;
	(void)channel;
	ck_assert_int_eq(message_get_taken(in, &taken), 0);
	ck_assert_uint_eq(taken.sequence, rig.sequence);
	rig.taken = taken.sequence;
	if (rig.n_rects < rig.target_rects)
		write_some();
}

/* ---- the part of gate and viewer ---- */

static void ack(void)
{
	uint32_t frame = stream_decoder_frame(rig.decoder);

	if (frame == rig.last_acked)
		return;
	rig.last_acked = frame;
	ck_assert_int_eq(CHANNEL_SEND(rig.gate, viewer_ack, .frame = (uint16_t)frame), 0);
}

static void on_gate_message(void *data, struct channel *channel, struct message *in)
{
	struct message_slice slice;

	(void)data;
	(void)channel;
	ck_assert_int_eq(message_get_slice(in, &slice), 0);
	int32_t status = stream_decoder_push(rig.decoder, slice.bytes, slice.bytes_length);
	ck_assert_int_ge(status, 0);
	rig.n_slices++;
	/* gate passes nothing on to a viewer that has joined before its BEGIN. */
	ck_assert(!rig.is_awaiting_begin || status == STREAM_BEGUN);
	rig.is_awaiting_begin = false;
	if (status == STREAM_BEGUN) {
		rig.n_begins++;
		rig.n_resumed += slice.bytes[21] == 0;
	}
	if (status != STREAM_FRAME)
		return;
	rig.n_frames++;
	uint32_t in_flight = stream_decoder_frame(rig.decoder) - rig.last_acked;
	if (in_flight > rig.in_flight_max)
		rig.in_flight_max = in_flight;
	if (rig.habit == ACK_AT_ONCE ||
	        (rig.habit == ACK_LATE && support_below(&rig.random, 8) == 0))
		ack();
}

static void join(uint64_t epoch, uint32_t frame)
{
	ck_assert_int_eq(
	        CHANNEL_SEND(rig.gate, viewer_join, .version = WIRE_VERSION,
	                .capabilities = WIRE_CAN_CURSOR, .window_log_max = 21,
	                .cache_slots = SUPPORT_CACHE_SLOTS, .epoch = epoch, .last_frame = frame),
	        0);
	rig.last_acked = frame;
	rig.is_awaiting_begin = true;
}

/* ---- rig ---- */

static void connect_gate(void)
{
	channel_free(rig.gate);
	rig.gate = support_gate(rig.loop, rig.encoder, SEAT_PERSON, on_gate_message, NULL);
}

static void start(uint64_t seed, enum ack_habit habit)
{
	memset(&rig, 0, sizeof(rig));
	rig.random = seed;
	rig.habit = habit;
	rig.loop = loop_new();
	rig.buffer = calloc((size_t)WIDTH_MAX * HEIGHT, 4);
	rig.decoder = support_decoder_new(WIDTH, HEIGHT);
	rig.encoder = encoder_new(&(struct encoder_setup){.loop = rig.loop,
	        .scale = SCREEN_SCALE_ONE,
	        .epoch = EPOCH,
	        .cache_key = support_cache_key(),
	        .pixels = rig.buffer,
	        .width_max = WIDTH_MAX,
	        .height_max = HEIGHT,
	        .on_first_picture = on_first_picture,
	        .on_end = on_end});
	ck_assert_ptr_nonnull(rig.encoder);
	rig.capture = support_capture(rig.loop, rig.encoder, on_capture_message, NULL);
	connect_gate();
	CHANNEL_SEND(rig.capture, geometry, .generation = 1, .width = WIDTH, .height = HEIGHT);
	CHANNEL_SEND(rig.capture, takes_text, .takes_text = 1);
	CHANNEL_SEND(rig.capture, caret, .x = 7, .y = 8, .width = 1, .height = 20);
}

static void finish(void)
{
	ck_assert(!rig.has_ended);
	channel_free(rig.capture);
	channel_free(rig.gate);
	encoder_free(rig.encoder);
	loop_free(rig.loop);
	free(rig.buffer);
	free(rig.decoder);
}

/* As capture must: draws nothing more before it was taken. */
static void wait_taken(void)
{
	while (rig.taken != rig.sequence)
		loop_turn(rig.loop, 100);
}

static void show(struct rect area)
{
	CHANNEL_SEND(rig.capture, damage, .generation = 1, .sequence = ++rig.sequence, .n_rects = 1,
	        .rects = {area});
	wait_taken();
}

static void show_all(void)
{
	show((struct rect){0, 0, WIDTH, HEIGHT});
}

static bool is_equal(void)
{
	const uint8_t *shown = stream_decoder_screen(rig.decoder)->pixels;

	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++, shown += 4) {
			const uint8_t *drawn = rig.buffer + ((size_t)y * WIDTH_MAX + x) * 4;
			if (shown[0] != drawn[2] || shown[1] != drawn[1] || shown[2] != drawn[0])
				return false;
		}
	return true;
}

/* Silence: everything in flight is drawn and acknowledged until nothing more comes. */
static void settle(void)
{
	uint64_t n_slices;

	do {
		n_slices = rig.n_slices;
		for (int i = 0; i < 20; i++)
			loop_turn(rig.loop, 1);
		if (stream_decoder_frame(rig.decoder))
			ack();
		for (int i = 0; i < 20; i++)
			loop_turn(rig.loop, 1);
	} while (rig.n_slices != n_slices);
}

static void write_rects(uint32_t n_rects, uint32_t turns_between_visits)
{
	uint32_t turn = 0;

	rig.target_rects = rig.n_rects + n_rects;
	write_some();
	while (rig.n_rects < rig.target_rects) {
		loop_turn(rig.loop, 100);
		turn++;
		if (rig.habit != ACK_AT_ONCE && turn % 50 == 0 && stream_decoder_frame(rig.decoder))
			ack();
		if (turns_between_visits == 0 || turn % turns_between_visits != 0)
			continue;
		/* The line is cut, with whatever was on it, and another viewer comes. */
		connect_gate();
		rig.habit = (enum ack_habit)support_below(&rig.random, 3);
		join(stream_decoder_epoch(rig.decoder), stream_decoder_frame(rig.decoder));
	}
}

/* Four times as many rectangles, in the four habits: a million. A decoder that errs is noticed long before. How many frames that makes
 * depends on how fast the machine draws them: 180 and more by habit where 100 are asked. */
#ifdef MUTANT
#define N_RECTS 20000
#define N_FRAMES_MIN 5
#else
#define N_RECTS 250000
#define N_FRAMES_MIN 100
#endif

static void run(uint64_t seed, enum ack_habit habit, uint32_t turns_between_visits)
{
	start(seed, habit);
	join(0, 0);
	show_all();
	write_rects(N_RECTS, turns_between_visits);
	settle();
	ck_assert(rig.is_first_picture);
	ck_assert_uint_eq(stream_decoder_side(rig.decoder)->takes_text, 1);
	ck_assert_uint_eq(stream_decoder_side(rig.decoder)->caret_height, 20);
	ck_assert_uint_gt(rig.n_frames, N_FRAMES_MIN);
	ck_assert_uint_le(rig.in_flight_max, FLOW_FRAMES_MAX);
#ifdef MUTANT
	ck_assert_msg(!is_equal(), "a decoder that skips areas was not noticed");
#else
	ck_assert_msg(is_equal(), "the viewer's screen is not the buffer");
#endif
	finish();
}

START_TEST(viewer_that_acknowledges_at_once)
{
	run(1, ACK_AT_ONCE, 0);
}
END_TEST

START_TEST(viewer_that_acknowledges_late)
{
	run(2, ACK_LATE, 0);
}
END_TEST

START_TEST(viewer_that_acknowledges_rarely)
{
	run(3, ACK_RARELY, 0);
}
END_TEST

START_TEST(viewers_that_come_and_go)
{
	run(4, ACK_LATE, 200);
}
END_TEST

#ifndef MUTANT
START_TEST(no_viewer_then_one)
{
	start(9, ACK_AT_ONCE);
	show_all();
	write_rects(20000, 0);
	settle();
	ck_assert_uint_eq(rig.n_slices, 0);
	join(0, 0);
	settle();
	ck_assert(is_equal());
	/* One picture, in as many frames as a line of which nothing is known may get: not 20,000. */
	ck_assert_uint_le(rig.n_frames, 20);
	finish();
}
END_TEST

START_TEST(resumed_without_a_key_frame_where_that_can_be)
{
	start(10, ACK_AT_ONCE);
	join(0, 0);
	show_all();
	write_rects(2000, 0);
	settle();
	uint32_t frame = stream_decoder_frame(rig.decoder);
	/* Nothing lost: the screen is kept. */
	connect_gate();
	join(EPOCH, frame);
	write_rects(300, 0);
	settle();
	ck_assert_uint_eq(rig.n_resumed, 1);
	ck_assert(is_equal());
	/* Another epoch: everything anew. What is between is test_encode_cache.c's matter. */
	connect_gate();
	join(EPOCH + 1, stream_decoder_frame(rig.decoder));
	settle();
	ck_assert_uint_eq(rig.n_resumed, 1);
	ck_assert_uint_eq(rig.n_begins, 3);
	ck_assert(is_equal());
	finish();
}
END_TEST

START_TEST(no_picture_before_it_is_whole)
{
	start(11, ACK_AT_ONCE);
	join(0, 0);
	show((struct rect){0, 0, WIDTH, HEIGHT - 1});
	for (int i = 0; i < 50; i++)
		loop_turn(rig.loop, 1);
	ck_assert(!rig.is_first_picture);
	ck_assert_uint_eq(rig.n_frames, 0);
	fill((struct rect){0, HEIGHT - 1, WIDTH, 1});
	show((struct rect){0, HEIGHT - 1, WIDTH, 1});
	settle();
	ck_assert(rig.is_first_picture);
	ck_assert(is_equal());
	finish();
}
END_TEST

/* An X server on which nothing was drawn yet is one colour: that is not shown at once. */
START_TEST(a_plain_picture_has_to_last)
{
	uint64_t start_ms;

	start(13, ACK_AT_ONCE);
	memset(rig.buffer, 0, (size_t)WIDTH_MAX * HEIGHT * 4);
	show((struct rect){0, 0, WIDTH, HEIGHT});
	start_ms = clock_now_ms();
	while (!rig.is_first_picture && clock_now_ms() < start_ms + 10000)
		loop_turn(rig.loop, 100);
	ck_assert(rig.is_first_picture);
	ck_assert_uint_ge(clock_now_ms(), start_ms + 3900);
	finish();
	start(14, ACK_AT_ONCE);
	memset(rig.buffer, 0, (size_t)WIDTH_MAX * HEIGHT * 4);
	show((struct rect){0, 0, WIDTH, HEIGHT});
	loop_turn(rig.loop, 10);
	ck_assert(!rig.is_first_picture);
	rig.buffer[0] = 1;
	show((struct rect){0, 0, 1, 1});
	for (int i = 0; i < 50 && !rig.is_first_picture; i++)
		loop_turn(rig.loop, 10);
	ck_assert(rig.is_first_picture);
	finish();
}
END_TEST

START_TEST(no_credit_no_frame)
{
	start(12, ACK_RARELY);
	join(0, 0);
	show_all();
	rig.target_rects = 1;
	for (uint32_t i = 0; i < 40; i++) {
		write_some();
		for (int turn = 0; turn < 10; turn++)
			loop_turn(rig.loop, 1);
	}
	/* Of a viewer that never answers nothing is known: a few small frames, and no more. */
	uint64_t before = rig.n_frames;
	ck_assert_uint_ge(before, 1);
	ck_assert_uint_le(before, 4);
	settle();
	ck_assert_uint_gt(rig.n_frames, before);
	ck_assert(is_equal());
	/* A frame that was never sent is not believed. */
	CHANNEL_SEND(rig.gate, viewer_ack, .frame = 0xffff);
	settle();
	finish();
}
END_TEST

/* A frame of noise is larger than socket, queue and credit together, to a gate that reads in fits and starts. */
START_TEST(large_frames_wait_for_gate)
{
	start(13, ACK_AT_ONCE);
	join(0, 0);
	for (int round = 0; round < 20; round++) {
		channel_pause(rig.gate, true);
		for (size_t i = 0; i < (size_t)WIDTH_MAX * HEIGHT; i++) {
			uint32_t pixel = support_random(&rig.random);
			memcpy(rig.buffer + i * 4, &pixel, 4);
		}
		show_all();
		for (int turn = 0; turn < 10; turn++)
			loop_turn(rig.loop, 1);
		channel_pause(rig.gate, false);
		if (round % 3 == 0)
			loop_turn(rig.loop, 1);
	}
	settle();
	ck_assert(is_equal());
	finish();
}
END_TEST
#endif

int main(void)
{
#ifdef MUTANT
	return SUITE_RUN("encode writer, mutant", viewer_that_acknowledges_at_once,
	        viewer_that_acknowledges_late, viewer_that_acknowledges_rarely,
	        viewers_that_come_and_go);
#else
	return SUITE_RUN("encode writer", viewer_that_acknowledges_at_once,
	        viewer_that_acknowledges_late, viewer_that_acknowledges_rarely,
	        viewers_that_come_and_go, no_viewer_then_one,
	        resumed_without_a_key_frame_where_that_can_be, no_picture_before_it_is_whole,
	        a_plain_picture_has_to_last, no_credit_no_frame, large_frames_wait_for_gate);
#endif
}
