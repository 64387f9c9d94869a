/* Two viewers of one session: a stream each, at its own pace; who leaves takes nothing along but its own memory. */
#include "unit/encoder_support.h"
#include "unit/stream_support.h"

#include "base/loop.h"
#include "stream/wire.h"

#include <stdio.h>
#include <unistd.h>

#define WIDTH 1280
#define HEIGHT 800
#define EPOCH 0x1122334455667788ull

struct peer {
	struct channel *gate;
	struct stream_decoder *decoder;
	uint32_t n_frames, n_outcomes, n_carets;
	bool acks;
	/* Where the line is metered: what this gate gives, how often it was asked, and what came since it gave. */
	uint32_t gives, n_wants, n_slices, bytes, bytes_most;
	bool is_waiting;
};

static struct rig {
	struct loop *loop;
	struct encoder *encoder;
	struct channel *capture;
	uint8_t *buffer;
	uint32_t sequence, taken;
	bool is_metered;
	struct peer peers[VIEWERS_MAX];
} rig;

static void on_end(void *data, enum worker_exit status)
{
	(void)data;
	ck_abort_msg("encode ended: %d", (int)status);
}

static void give(struct peer *self)
{
	self->is_waiting = false;
	CHANNEL_SEND(self->gate, credit_give, .bytes = self->gives);
}

static void take_want(struct peer *self, struct message *in)
{
	struct message_credit_want want;

	ck_assert(rig.is_metered);
	ck_assert(!self->is_waiting);
	ck_assert_int_eq(message_get_credit_want(in, &want), 0);
	self->bytes_most = self->bytes > self->bytes_most ? self->bytes : self->bytes_most;
	self->bytes = 0;
	self->n_wants++;
	self->is_waiting = want.bytes > 0;
	if (self->is_waiting && self->gives > 0)
		give(self);
}

static void on_gate_message(void *data, struct channel *channel, struct message *in)
{
	struct peer *self = data;
	struct message_slice slice;

	if (in->number == MESSAGE_CREDIT_WANT) {
		take_want(self, in);
		return;
	}
	ck_assert_int_eq(message_get_slice(in, &slice), 0);
	self->n_slices++;
	self->bytes += slice.bytes_length;
	/* Nothing is said that was not given. */
	ck_assert(!rig.is_metered || !self->is_waiting);
	int32_t status = stream_decoder_push(self->decoder, slice.bytes, slice.bytes_length);
	ck_assert_int_ge(status, 0);
	self->n_outcomes += status == STREAM_TEXT_OUTCOME;
	self->n_carets += status == STREAM_CARET;
	if (status != STREAM_FRAME)
		return;
	self->n_frames++;
	if (self->acks)
		CHANNEL_SEND(channel, viewer_ack,
		        .frame = (uint16_t)stream_decoder_frame(self->decoder));
}

static void join(enum viewer_seat seat)
{
	struct peer *peer = &rig.peers[seat];

	free(peer->decoder);
	peer->decoder = support_decoder_new(WIDTH, HEIGHT);
	ck_assert_int_eq(CHANNEL_SEND(peer->gate, viewer_join, .version = WIRE_VERSION,
	                         .capabilities = WIRE_CAN_CURSOR, .window_log_max = 21,
	                         .cache_slots = SUPPORT_CACHE_SLOTS),
	        0);
}

static void connect_seat(enum viewer_seat seat)
{
	struct peer *peer = &rig.peers[seat];

	peer->acks = true;
	peer->gate = support_gate(rig.loop, rig.encoder, seat, on_gate_message, peer);
}

static void turns(int n)
{
	for (int i = 0; i < n; i++)
		loop_turn(rig.loop, 1);
}

static void show(uint32_t seed)
{
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++) {
			uint32_t pixel = support_page_pixel(x, y + seed);
			memcpy(rig.buffer + ((size_t)y * WIDTH + x) * 4, &pixel, 4);
		}
	CHANNEL_SEND(rig.capture, damage, .generation = 1, .sequence = ++rig.sequence, .n_rects = 1,
	        .rects = {{0, 0, WIDTH, HEIGHT}});
	while (rig.taken != rig.sequence)
		loop_turn(rig.loop, 100);
	turns(60); /* a picture may come in several frames */
}

static bool is_shown(enum viewer_seat seat)
{
	const uint8_t *shown = stream_decoder_screen(rig.peers[seat].decoder)->pixels;

	for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++)
		if (shown[i * 4] != rig.buffer[i * 4 + 2] ||
		        shown[i * 4 + 1] != rig.buffer[i * 4 + 1] ||
		        shown[i * 4 + 2] != rig.buffer[i * 4])
			return false;
	return true;
}

static void start_with(bool is_metered)
{
	memset(&rig, 0, sizeof(rig));
	rig.is_metered = is_metered;
	rig.loop = loop_new();
	rig.buffer = calloc((size_t)WIDTH * HEIGHT, 4);
	rig.encoder = encoder_new(&(struct encoder_setup){.loop = rig.loop,
	        .scale = SCREEN_SCALE_ONE,
	        .epoch = EPOCH,
	        .cache_key = support_cache_key(),
	        .is_metered = is_metered,
	        .kbit_s_max = UINT32_MAX,
	        .pixels = rig.buffer,
	        .width_max = WIDTH,
	        .height_max = HEIGHT,
	        .on_first_picture = support_ignore_first_picture,
	        .on_end = on_end});
	rig.capture = support_capture(rig.loop, rig.encoder, support_take_taken, &rig.taken);
	connect_seat(SEAT_PERSON);
	connect_seat(SEAT_ONLOOKER);
	CHANNEL_SEND(rig.capture, geometry, .generation = 1, .width = WIDTH, .height = HEIGHT);
	CHANNEL_SEND(rig.capture, caret, .x = 7, .y = 8, .width = 1, .height = 20);
}

static void start(void)
{
	start_with(false);
}

static void finish(void)
{
	channel_free(rig.capture);
	for (int i = 0; i < VIEWERS_MAX; i++) {
		channel_free(rig.peers[i].gate);
		free(rig.peers[i].decoder);
	}
	encoder_free(rig.encoder);
	loop_free(rig.loop);
	free(rig.buffer);
}

START_TEST(a_metered_line_carries_what_gate_gave)
{
	struct peer *person = &rig.peers[SEAT_PERSON];

	start_with(true);
	join(SEAT_PERSON);
	show(1);
	/* It asked once, and waits: no slice at all. */
	ck_assert_uint_eq(person->n_wants, 1);
	ck_assert_uint_eq(person->n_slices, 0);
	/* A viewer that comes back while it waits is asked for anew. */
	CHANNEL_SEND(person->gate, viewer_leave);
	person->is_waiting = false;
	join(SEAT_PERSON);
	turns(20);
	ck_assert_uint_eq(person->n_wants, 2);
	person->gives = 3000;
	give(person);
	for (uint32_t i = 2; i < 12; i++)
		show(i * 3);
	for (int i = 0; i < 200 && !is_shown(SEAT_PERSON); i++)
		turns(20);
	ck_assert(is_shown(SEAT_PERSON));
	ck_assert_uint_eq(person->n_carets, 1);
	finish();
}
END_TEST

/* Too little for one area of the screen: it comes all the same, one at a time, and what it took is told by the next word. */
START_TEST(the_least_credit_is_enough_for_every_picture)
{
	struct peer *person = &rig.peers[SEAT_PERSON];

	start_with(true);
	person->gives = 2048;
	join(SEAT_PERSON);
	show(1);
	for (int i = 0; i < 400 && !is_shown(SEAT_PERSON); i++)
		turns(20);
	ck_assert(is_shown(SEAT_PERSON));
	ck_assert_uint_lt(person->bytes_most, 2048 + 20000);
	turns(50);
	/* A still screen asks for nothing. */
	uint32_t n_wants = person->n_wants;
	turns(100);
	ck_assert_uint_eq(person->n_wants, n_wants);
	ck_assert(!person->is_waiting);
	finish();
}
END_TEST

START_TEST(both_see_the_same_and_only_the_person_hears_of_texts)
{
	start();
	join(SEAT_PERSON);
	show(1);
	join(SEAT_ONLOOKER);
	for (uint32_t i = 2; i < 30; i++)
		show(i * 3);
	CHANNEL_SEND(rig.capture, text_outcome, .text_number = 1);
	turns(20);
	ck_assert(is_shown(SEAT_PERSON));
	ck_assert(is_shown(SEAT_ONLOOKER));
	ck_assert_uint_eq(rig.peers[SEAT_PERSON].n_carets, 1);
	ck_assert_uint_eq(rig.peers[SEAT_ONLOOKER].n_carets, 1);
	ck_assert_uint_eq(rig.peers[SEAT_PERSON].n_outcomes, 1);
	ck_assert_uint_eq(rig.peers[SEAT_ONLOOKER].n_outcomes, 0);
	finish();
}
END_TEST

/* One does not read its channel at all, then reads but never acknowledges: the other notices nothing. */
static void hold_up(enum viewer_seat slow, enum viewer_seat quick)
{
	start();
	join(SEAT_PERSON);
	join(SEAT_ONLOOKER);
	show(1);
	rig.peers[slow].acks = false;
	channel_pause(rig.peers[slow].gate, true);
	uint32_t before = rig.peers[quick].n_frames;
	for (uint32_t i = 2; i < 42; i++)
		show(i * 7);
	ck_assert_uint_ge(rig.peers[quick].n_frames, before + 40);
	ck_assert(is_shown(quick));
	channel_pause(rig.peers[slow].gate, false);
	turns(50);
	ck_assert(!is_shown(slow)); /* it has no credit */
	rig.peers[slow].acks = true;
	CHANNEL_SEND(rig.peers[slow].gate, viewer_ack,
	        .frame = (uint16_t)stream_decoder_frame(rig.peers[slow].decoder));
	turns(50);
	ck_assert(is_shown(slow));
	ck_assert_uint_lt(rig.peers[slow].n_frames, rig.peers[quick].n_frames);
	finish();
}

START_TEST(slow_onlooker_does_not_hold_up_the_person)
{
	hold_up(SEAT_ONLOOKER, SEAT_PERSON);
}
END_TEST

START_TEST(slow_person_does_not_hold_up_the_onlooker)
{
	hold_up(SEAT_PERSON, SEAT_ONLOOKER);
}
END_TEST

static size_t resident_kib(void)
{
	size_t size, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%zu %zu", &size, &resident), 2);
	fclose(file);
	return resident * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* A screen of this size is 4,000 KiB. */
START_TEST(an_onlooker_costs_memory_only_while_it_is_there)
{
	start();
	join(SEAT_PERSON);
	show(1);
	show(2);
	for (uint32_t visit = 0; visit < 4; visit++) {
		join(SEAT_ONLOOKER);
		show(10 + visit);
		ck_assert(is_shown(SEAT_ONLOOKER));
		size_t with = resident_kib();
		CHANNEL_SEND(rig.peers[SEAT_ONLOOKER].gate, viewer_leave);
		turns(10);
		ck_assert_uint_ge(with, resident_kib() + 4000);
	}
	/* What it held is not believed any more, whatever the next one claims. */
	CHANNEL_SEND(rig.peers[SEAT_ONLOOKER].gate, viewer_join, .version = WIRE_VERSION,
	        .capabilities = WIRE_CAN_CURSOR, .window_log_max = 21,
	        .cache_slots = SUPPORT_CACHE_SLOTS, .epoch = EPOCH,
	        .last_frame = stream_decoder_frame(rig.peers[SEAT_ONLOOKER].decoder));
	show(99);
	ck_assert(is_shown(SEAT_ONLOOKER));
	ck_assert(is_shown(SEAT_PERSON));
	finish();
}
END_TEST

START_TEST(neither_coming_nor_going_disturbs_the_other)
{
	start();
	join(SEAT_PERSON);
	show(1);
	turns(60);
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t frames = rig.peers[SEAT_PERSON].n_frames;
		join(SEAT_ONLOOKER);
		turns(3);
		ck_assert_uint_eq(rig.peers[SEAT_PERSON].n_frames, frames);
		show(i * 5 + 2);
		if (i % 2)
			CHANNEL_SEND(rig.peers[SEAT_ONLOOKER].gate, viewer_leave);
		turns(3);
		ck_assert(is_shown(SEAT_PERSON));
	}
	join(SEAT_ONLOOKER);
	turns(20);
	CHANNEL_SEND(rig.peers[SEAT_PERSON].gate, viewer_leave);
	show(500);
	ck_assert(is_shown(SEAT_ONLOOKER));
	finish();
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode viewers", a_metered_line_carries_what_gate_gave,
	        the_least_credit_is_enough_for_every_picture,
	        both_see_the_same_and_only_the_person_hears_of_texts,
	        slow_onlooker_does_not_hold_up_the_person,
	        slow_person_does_not_hold_up_the_onlooker,
	        an_onlooker_costs_memory_only_while_it_is_there,
	        neither_coming_nor_going_disturbs_the_other);
}
