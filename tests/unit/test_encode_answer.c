/* Which frame answers a press (PICTURE_ANSWERS): the first that shows a change after it, said once, seen by the decoder. */
#include "unit/suite.h"

#include "unit/viewer_support.h"

#include "encode/compressor.h"
#include "encode/image.h"
#include "stream/drawn_model.h"

#define WIDTH 320
#define HEIGHT 200

static struct {
	struct viewer viewer;
	struct cache cache;
	struct image image;
	struct stream_decoder *decoder;
	uint64_t now_ms;
	uint8_t *compressor, *outbox;
	struct drawn_model drawn;
	uint32_t pixels[WIDTH * HEIGHT], reference[WIDTH * HEIGHT];
	uint8_t screen[WIDTH * HEIGHT * 4];
} rig;

static uint64_t clock_ms(void)
{
	return rig.now_ms;
}

/* from: which part of the page is seen there. */
static void show(struct rect area, uint32_t from)
{
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++) {
			uint32_t pixel = support_page_pixel(x + from, y + from);
			memcpy(rig.screen + ((size_t)y * WIDTH + x) * 4, &pixel, 4);
		}
	image_take(&rig.image, rig.screen, WIDTH * 4, &area);
	viewer_damage(&rig.viewer, &area);
}

static void show_all(uint32_t from)
{
	show((struct rect){0, 0, WIDTH, HEIGHT}, from);
}

/* What the last frame that is made now answers; -1: nothing; -2: no frame is made. */
static int32_t work(void)
{
	const uint8_t *slice;
	size_t length;
	int32_t answers = -2;

	image_look(&rig.image);
	viewer_work(&rig.viewer, &rig.image);
	ck_assert(!rig.viewer.has_failed);
	while ((slice = outbox_peek(&rig.viewer.outbox, &length))) {
		int32_t status = stream_decoder_push(rig.decoder, slice, length);
		ck_assert_int_ge(status, 0);
		if (status == STREAM_FRAME)
			answers = stream_decoder_answers(rig.decoder);
		outbox_pop(&rig.viewer.outbox);
	}
	return answers;
}

static void acknowledge(void)
{
	viewer_ack(&rig.viewer, (uint16_t)rig.viewer.frame);
}

static int32_t settle(void)
{
	int32_t first = work();

	acknowledge();
	while (rig.viewer.dirty.n_marked > 0) {
		ck_assert_int_eq(work(), -1);
		acknowledge();
	}
	return first;
}

static void start(void)
{
	size_t size = outbox_size(WIDTH, HEIGHT);

	memset(&rig, 0, sizeof(rig));
	rig.now_ms = 100000;
	rig.outbox = malloc(size);
	rig.compressor = aligned_alloc(64, (compressor_size() + 63) & ~(size_t)63);
	rig.decoder = support_decoder_new(WIDTH, HEIGHT);
	viewer_init(&rig.viewer, 7,
	        &(struct viewer_memory){rig.reference, &rig.cache, support_cache_key(),
	                rig.compressor, &rig.drawn, NULL, rig.outbox, size, NULL},
	        support_ignore_slices, NULL);
	rig.viewer.clock_ms = clock_ms;
	image_resize(&rig.image, rig.pixels, WIDTH, HEIGHT);
	viewer_resize(&rig.viewer, WIDTH, HEIGHT);
	viewer_hear_input(&rig.viewer, 1); /* nobody is there: nothing */
	show_all(0);
	support_join(&rig.viewer, rig.decoder, 0);
	ck_assert_int_eq(settle(), -1);
}

static void finish(void)
{
	free(rig.outbox);
	free(rig.compressor);
	free(rig.decoder);
}

static const struct rect letter = {100, 60, 9, 14};

START_TEST(test_first_change_answers)
{
	start();
	viewer_hear_input(&rig.viewer, 0xfffe);
	ck_assert_int_eq(work(), -2);
	show(letter, 500);
	ck_assert_int_eq(settle(), 0xfffe);
	show(letter, 600); /* and only the first */
	ck_assert_int_eq(settle(), -1);
	viewer_hear_input(&rig.viewer, 0);
	show(letter, 700);
	ck_assert_int_eq(settle(), 0);
	finish();
}
END_TEST

START_TEST(test_late_change_is_no_answer)
{
	start();
	viewer_hear_input(&rig.viewer, 5);
	rig.now_ms += VIEWER_ANSWER_MS + 1;
	show(letter, 500);
	ck_assert_int_eq(settle(), -1);
	viewer_hear_input(&rig.viewer, 6);
	rig.now_ms += VIEWER_ANSWER_MS;
	show(letter, 600);
	ck_assert_int_eq(settle(), 6);
	finish();
}
END_TEST

/* Drawn anew as it was: the press waits for the change. */
START_TEST(test_same_pixels_are_no_answer)
{
	start();
	show(letter, 500);
	settle();
	viewer_hear_input(&rig.viewer, 5);
	show(letter, 500);
	ck_assert_int_eq(work(), -2);
	show(letter, 600);
	ck_assert_int_eq(settle(), 5);
	finish();
}
END_TEST

/* What had changed before the press and still waits is no answer; of several presses the one that waits longest is. */
START_TEST(test_waiting_frames)
{
	start();
	show(letter, 500);
	viewer_hear_input(&rig.viewer, 5);
	ck_assert_int_eq(work(), -1);
	show(letter, 600); /* 5 is answered by this one, and its frame has to wait for credit */
	viewer_hear_input(&rig.viewer, 6);
	show(letter, 700);
	viewer_hear_input(&rig.viewer, 7);
	show(letter, 800);
	rig.now_ms += 400;
	acknowledge();
	ck_assert_int_eq(settle(), 5);
	finish();
}
END_TEST

/* The next viewer counts its own presses. */
START_TEST(test_forgotten_with_the_viewer)
{
	start();
	viewer_hear_input(&rig.viewer, 5);
	show(letter, 500);
	viewer_leave(&rig.viewer);
	support_join(&rig.viewer, rig.decoder, 0);
	ck_assert_int_eq(settle(), -1);
	finish();
}
END_TEST

/* A page that fills several slices: the first one says it, and the frame is exact. */
START_TEST(test_many_slices)
{
	start();
	for (uint32_t i = 0; i < 20; i++) { /* the line proves to be fast */
		show_all(1000 * (i + 1));
		settle();
	}
	viewer_hear_input(&rig.viewer, 0x1234);
	show_all(90000);
	ck_assert_int_eq(settle(), 0x1234);
	const struct screen *screen = stream_decoder_screen(rig.decoder);
	for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++)
		ck_assert_uint_eq(screen->pixels[i * 4 + 1], rig.screen[i * 4 + 1]);
	finish();
}
END_TEST

/* An acknowledgement has the low half of a number: it means the newest frame that ends like that, before and after 65536. */
START_TEST(test_low_halves)
{
	start();
	rig.viewer.frame = rig.viewer.line.acked = 65533;
	viewer_leave(&rig.viewer);
	support_join(&rig.viewer, rig.decoder, 0);
	for (uint32_t i = 0; i < 6; i++) {
		show(letter, 500 + i * 50);
		ck_assert_int_eq(work(), -1);
		ck_assert_uint_eq(rig.viewer.frame, 65534 + i);
		ck_assert_uint_eq(stream_decoder_frame(rig.decoder), 65534 + i);
		/* The next one was never made: nothing changes. */
		viewer_ack(&rig.viewer, (uint16_t)(65535 + i));
		ck_assert_uint_eq(rig.viewer.line.acked, 65533 + i);
		ck_assert(viewer_ack(&rig.viewer, (uint16_t)(65534 + i)));
		ck_assert_uint_eq(rig.viewer.line.acked, 65534 + i);
	}
	/* Nor is there one to be meant before the first 65536. */
	rig.viewer.frame = rig.viewer.line.acked = 3;
	ck_assert(!viewer_ack(&rig.viewer, 4));
	ck_assert_uint_eq(rig.viewer.line.acked, 3);
	finish();
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode-answer", test_first_change_answers, test_late_change_is_no_answer,
	        test_same_pixels_are_no_answer, test_waiting_frames, test_forgotten_with_the_viewer,
	        test_many_slices, test_low_halves);
}
