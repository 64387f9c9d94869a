/* Moving pictures through the real encoder and real channels: what no video shows is exact, always. */
#include "unit/encode_video_rig.h"

#include "unit/suite.h"

#include "base/channel.h"
#include "encode/confine.h"
#include "encode/encoder_inside.h"
#include "encode/video_h264.h"

#include <malloc.h>
#include <unistd.h>

#define FILM_X 77
#define FILM_Y 53
#define FILM_WIDTH 333
#define FILM_HEIGHT 247
#define STILL_KEPT_BYTES_MAX (512 << 10) /* by malloc, of what a film took */
#define CAN (WIRE_CAN_CURSOR | WIRE_CAN_H264)

static const struct rect film = {FILM_X, FILM_Y, FILM_WIDTH, FILM_HEIGHT};

START_TEST(a_film_becomes_video_and_is_exact_when_it_pauses)
{
	rig_start(true, CAN);
	rig_play(film, 25);
	ck_assert_uint_ge(rig.n_begins, 1);
	const struct rect *area = &rig.regions[0].area;
	ck_assert_uint_eq(area->x, FILM_X);
	ck_assert_uint_eq(area->y, FILM_Y);
	ck_assert_uint_eq(area->width, FILM_WIDTH);
	ck_assert_uint_eq(area->height, FILM_HEIGHT);
	ck_assert_uint_eq(rig_n_live(), FILM_WIDTH * FILM_HEIGHT);
	uint32_t n_frames = rig.n_frames;
	uint64_t picture_bytes = rig.picture_bytes, video_bytes = rig.video_bytes;
	rig_play(film, 30);
	ck_assert_uint_ge(rig.n_frames, n_frames + 28);
	ck_assert_uint_eq(rig.picture_bytes, picture_bytes);
	printf("video: %.1f kB a frame\n", (double)(rig.video_bytes - video_bytes) / 30e3);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	ck_assert_uint_eq(rig.regions[0].n_keys, 1);
	rig_pause_film();
	rig_finish();
}
END_TEST

/* A pixel of what the film showed, as it is kept for it; 0: given back to the kernel. */
static uint32_t kept_of_film(void)
{
	return rig.encoder->video.setup
	        .shadow[(size_t)(FILM_Y + FILM_HEIGHT / 2) * rig.encoder->image.width + FILM_X +
	                FILM_WIDTH / 2];
}

/* In memory, of this process. */
static size_t resident_bytes(void)
{
	size_t n_pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	ck_assert(file && fscanf(file, "%*u %zu", &n_pages) == 1);
	fclose(file);
	return n_pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* After a short rest it goes on where it was, with the codec that it had; after a long one the region is over. Another page in its place is
 * exact at once. */
START_TEST(a_film_that_rests_goes_on_at_once)
{
	encode_prepare_heap(); /* as encode's process has it: all in one heap, nothing mapped apart */
	rig_start(true, CAN);
	rig_play(film, 30);
	uint32_t n_begins = rig.n_begins, n_frames = rig.n_frames;
	for (int i = 0; i < 3; i++) {
		rig_pause_film();
		rig_turn_ms(400);
		rig_play(film, 1);
		ck_assert_uint_eq(rig_n_live(), FILM_WIDTH * FILM_HEIGHT);
		rig_play(film, 4);
		ck_assert_uint_ge(rig.n_frames, n_frames + 5);
		n_frames = rig.n_frames;
	}
	ck_assert_uint_eq(rig.n_begins, n_begins);
	ck_assert_uint_eq(rig.regions[0].n_keys, 1);
	rig_pause_film();
	rig_turn_ms(200);
	rig_put_page(whole, 0);
	rig_show(whole);
	rig_turn_ms(10);
	ck_assert_uint_eq(rig_n_live(), 0);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_turn_ms(1600);
	ck_assert_uint_lt(rig.n_ends, rig.n_begins);
	ck_assert_uint_ne(kept_of_film(), 0);
	rig_put(0, 0, 0x123456);
	rig_show((struct rect){0, 0, 1, 1});
	rig_turn_ms(10);
	ck_assert_uint_eq(rig.n_ends, rig.n_begins);
	ck_assert_uint_eq(kept_of_film(), 0);
	size_t bytes = resident_bytes();
	malloc_trim(0);
	ck_assert_uint_le(bytes, resident_bytes() + STILL_KEPT_BYTES_MAX);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_finish();
}
END_TEST

/* monitor shares the processor between sessions: no frame before it did, and none of the film's pixels is lost for that. */
START_TEST(no_frame_without_a_share)
{
	rig_start(true, CAN);
	rig.keeps_share = true;
	rig_play(film, 40);
	ck_assert(rig.is_film_playing);
	ck_assert_uint_eq(rig.n_begins, 1);
	ck_assert_uint_eq(rig.n_frames, 0);
	rig.keeps_share = false;
	rig_play(film, 10);
	ck_assert_uint_ge(rig.n_frames, 9);
	rig_pause_film();
	ck_assert(rig.is_film_playing); /* it may go on */
	rig_turn_ms(1600);
	rig_put(0, 0, 0x123456);
	rig_show((struct rect){0, 0, 1, 1});
	rig_turn_ms(10);
	ck_assert(!rig.is_film_playing);
	/* A viewer that goes takes its film along. */
	rig_play(film, 25);
	ck_assert(rig.is_film_playing);
	CHANNEL_SEND(rig.gate, viewer_leave);
	rig_turn_ms(10);
	ck_assert(!rig.is_film_playing);
	rig_finish();
}
END_TEST

START_TEST(a_menu_over_a_film_is_exact)
{
	rig_start(true, CAN);
	rig_play(film, 25);
	ck_assert_uint_gt(rig_n_live(), 0);
	struct rect menu = {FILM_X + 60, FILM_Y + 40, 120, 150};
	for (int i = 0; i < 20; i++) {
		/* The film goes on around it. */
		rig_put_film(film, ++rig.tick);
		rig_put_page(menu, 0);
		rig_show(film);
		rig_turn_ms(33);
	}
	ck_assert_uint_eq(rig_n_wrong(), 0);
	uint32_t n_covered = 0;
	for (uint32_t y = menu.y; y < menu.y + 150u; y++)
		for (uint32_t x = menu.x; x < menu.x + 120u; x++)
			n_covered += rig_is_live(x, y);
	/* Cells that the menu shares with the film stay video; the rest of it is exact. */
	ck_assert_uint_lt(n_covered, 2 * (120 + 150) * WIRE_VIDEO_CELL);
	ck_assert(!rig_is_live(menu.x + 60, menu.y + 75));
	ck_assert(rig_is_live(FILM_X + 10, FILM_Y + 10));
	rig_pause_film();
	ck_assert_uint_eq(rig_n_live(), 0);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_finish();
}
END_TEST

START_TEST(writing_that_moves_and_small_things_are_no_film)
{
	rig_start(true, CAN);
	for (int i = 0; i < 30; i++) {
		/* A page of text that scrolls on and on. */
		rig_put_page(whole, (uint32_t)i * 12);
		rig_show(whole);
		rig_turn_ms(20);
	}
	ck_assert_uint_eq(rig.n_begins, 0);
	/* A spinner. */
	for (int i = 0; i < 40; i++) {
		rig_draw_film((struct rect){500, 300, 64, 64});
		rig_turn_ms(20);
	}
	ck_assert_uint_eq(rig.n_begins, 0);
	rig_turn_ms(20);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_finish();
}
END_TEST

/* The film was found while its page still moved: within its edge there is writing, until it is given back. */
START_TEST(what_a_page_did_when_the_film_began_is_given_back)
{
	struct rect larger = {FILM_X - 7, FILM_Y - 9, FILM_WIDTH + 20, FILM_HEIGHT + 29};

	rig_start(true, CAN);
	rig_play(larger, 16);
	ck_assert_uint_eq(rig_n_live(), (uint32_t)larger.width * larger.height);
	rig_put_page(larger, 0);
	rig_put_film(film, ++rig.tick);
	rig_show(larger);
	rig_play(film, 10);
	ck_assert_uint_gt(rig_n_live(), FILM_WIDTH * FILM_HEIGHT);
	rig_play(film, 100);
	ck_assert_uint_eq(rig_n_live(), FILM_WIDTH * FILM_HEIGHT);
	ck_assert_mem_eq(&rig.regions[0].area, &film, sizeof(film));
	ck_assert_uint_eq(rig_n_wrong(), 0);
	uint32_t n_begins = rig.n_begins, n_keys = rig.regions[0].n_keys;
	rig_play(film, 150);
	ck_assert_uint_eq(rig.n_begins, n_begins);
	ck_assert_uint_eq(rig.regions[0].n_keys, n_keys);
	rig_pause_film();
	rig_finish();
}
END_TEST

/* One speaks before a wall of one colour, then all of it moves, and again. */
START_TEST(a_talking_head_does_not_begin_again_and_again)
{
	struct rect head = {FILM_X + 20, FILM_Y + 13, 280, 221};

	rig_start(true, CAN);
	rig_play(film, 20);
	for (int i = 0; i < 4; i++) {
		for (uint32_t y = FILM_Y; y < FILM_Y + FILM_HEIGHT; y++)
			for (uint32_t x = FILM_X; x < FILM_X + FILM_WIDTH; x++)
				rig_put(x, y, 0x305070);
		rig_show(film);
		rig_play(head, 95);
		ck_assert_uint_eq(rig_n_wrong(), 0);
		rig_play(film, 40);
		ck_assert_uint_eq(rig_n_wrong(), 0);
	}
	/* The edge is given back twice, and not a third time. */
	ck_assert_uint_le(rig.n_begins, 6);
	rig_pause_film();
	rig_finish();
}
END_TEST

/* A page of text and photographs, scrolled by so much. */
static void put_album(uint32_t scrolled)
{
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++) {
			uint32_t at = y + scrolled;
			rig_put(x, y,
			        at / 300 % 2 ? rig_page_pixel(x, at) : rig_film_pixel(x, at, 7));
		}
}

/* A page of photographs that scrolls is no film, and where writing may have come into a film, it is a picture at once. */
START_TEST(a_page_that_is_scrolled_is_no_film)
{
	rig_start(true, CAN);
	for (uint32_t i = 0; i < 40; i++) {
		put_album(i * 17);
		rig_show(whole);
		rig_turn_ms(33);
	}
	ck_assert_uint_eq(rig.n_begins, 0);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	put_album(0);
	rig_show(whole);
	rig_turn_ms(700);
	rig_play(film, 30);
	ck_assert_uint_gt(rig_n_live(), 0);
	for (uint32_t i = 1; i < 20; i++) {
		/* The film's page is scrolled, the film goes on. */
		struct rect area = film;
		area.y = (uint16_t)(FILM_Y - 2 * i);
		put_album(2 * i);
		rig_put_film(area, ++rig.tick);
		rig_show(whole);
		rig_turn_ms(33);
		ck_assert_msg(rig_n_live() == 0, "%u", i);
		ck_assert_uint_eq(rig_n_wrong(), 0);
	}
	struct rect area = film;
	area.y = FILM_Y - 38;
	rig_play(area, 35);
	ck_assert_uint_eq(rig_n_live(), FILM_WIDTH * FILM_HEIGHT);
	ck_assert_uint_eq(rig.regions[0].area.y, area.y);
	rig_finish();
}
END_TEST

static void must_be_pictures(void)
{
	rig_play(film, 25);
	ck_assert_uint_eq(rig.n_begins, 0);
	rig_turn_ms(30);
	ck_assert_uint_eq(rig_n_wrong(), 0);
}

START_TEST(pictures_where_video_may_not_be)
{
	rig_start(true, WIRE_CAN_CURSOR);
	must_be_pictures();
	rig_finish();
	rig_start(false, CAN);
	must_be_pictures();
	rig_finish();
}
END_TEST

START_TEST(pictures_for_ever_after_the_viewer_failed)
{
	rig_start(true, CAN);
	rig.fails_video = true;
	rig_play(film, 20);
	ck_assert_uint_ge(rig.n_begins, 1);
	ck_assert_uint_eq(rig.n_begins, rig.n_ends);
	uint32_t n_begins = rig.n_begins;
	rig_play(film, 20);
	ck_assert_uint_eq(rig.n_begins, n_begins);
	rig_turn_ms(30);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_finish();
}
END_TEST

START_TEST(pictures_while_somebody_looks_on)
{
	rig_start(true, CAN);
	rig_play(film, 20);
	ck_assert_uint_gt(rig_n_live(), 0);
	rig_connect_onlooker();
	rig_join(rig.onlooker, WIRE_CAN_CURSOR);
	rig_turn_ms(20);
	ck_assert_uint_eq(rig_n_live(), 0);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_play(film, 25);
	rig_turn_ms(30);
	ck_assert_uint_eq(rig_n_live(), 0);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	CHANNEL_SEND(rig.onlooker, viewer_leave);
	rig_play(film, 25);
	ck_assert_uint_gt(rig_n_live(), 0);
	rig_pause_film();
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_finish();
}
END_TEST

START_TEST(a_viewer_that_comes_back_during_a_film)
{
	rig_start(true, CAN);
	rig_play(film, 20);
	ck_assert_uint_gt(rig_n_live(), 0);
	rig_join(rig.gate, CAN);
	rig_turn_ms(20);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_play(film, 25);
	ck_assert_uint_gt(rig_n_live(), 0);
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_pause_film();
	ck_assert_uint_eq(rig_n_wrong(), 0);
	ck_assert_uint_eq(rig_n_live(), 0);
	rig_finish();
}
END_TEST

START_TEST(a_snapshot_shows_the_film)
{
	struct encoder_picture picture;

	rig_start(true, CAN);
	rig_play(film, 25);
	ck_assert_uint_gt(rig_n_live(), 0);
	for (int round = 0; round < 3; round++) {
		encoder_picture(rig.encoder, &picture);
		for (uint32_t y = 0; y < HEIGHT; y++)
			for (uint32_t x = 0; x < WIDTH; x++)
				ck_assert_uint_eq(
				        picture.pixels[y * WIDTH + x] & 0xffffff, rig_drawn(x, y));
		rig_play(film, 2);
	}
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_finish();
}
END_TEST

/* Nothing is queued for a viewer that draws nothing. */
START_TEST(no_frame_without_credit)
{
	rig_start(true, CAN);
	rig.acks_video = false;
	rig_play(film, 50);
	ck_assert_uint_ge(rig.n_frames, 1);
	ck_assert_uint_le(rig.n_frames, 13);
	rig_pause_film();
	ck_assert_uint_eq(rig_n_wrong(), 0);
	rig_finish();
}
END_TEST

/* Films that come, go, move and overlap, over a page that is scrolled: what no video shows is exact, always. */
START_TEST(anything_at_all)
{
	uint64_t random = 5;

	rig_start(true, CAN);
	for (int i = 0; i < 12; i++) {
		struct rect area = {(uint16_t)support_below(&random, 300),
		        (uint16_t)support_below(&random, 150),
		        (uint16_t)(120 + support_below(&random, 220)),
		        (uint16_t)(100 + support_below(&random, 170))};
		struct rect second = {(uint16_t)(i * 30), 300, 200, 120};
		uint32_t n = 8 + support_below(&random, 20);
		for (uint32_t k = 0; k < n; k++) {
			rig_draw_film(area);
			if (i % 3 == 1)
				rig_draw_film(second);
			if (i % 4 == 2)
				rig_scroll(9);
			rig_turn_ms(12 + support_below(&random, 25));
		}
		if (i % 5 == 4)
			rig_join(rig.gate, CAN);
		rig_turn_ms(30);
		ck_assert_msg(
		        rig_n_wrong() == 0, "round %d: %u pixels are wrong", i, rig_n_wrong());
	}
	rig_pause_film();
	ck_assert_uint_ge(rig.n_begins, 3);
	rig_finish();
}
END_TEST

int main(void)
{
	if (!video_h264_is_built())
		return 0;
	return SUITE_RUN("encode video", a_film_becomes_video_and_is_exact_when_it_pauses,
	        a_film_that_rests_goes_on_at_once, no_frame_without_a_share,
	        a_menu_over_a_film_is_exact, what_a_page_did_when_the_film_began_is_given_back,
	        a_talking_head_does_not_begin_again_and_again,
	        writing_that_moves_and_small_things_are_no_film, a_page_that_is_scrolled_is_no_film,
	        pictures_where_video_may_not_be, pictures_for_ever_after_the_viewer_failed,
	        pictures_while_somebody_looks_on, a_viewer_that_comes_back_during_a_film,
	        a_snapshot_shows_the_film, no_frame_without_credit, anything_at_all);
}
