/* Photographs from encode's picture to the viewer's: whatever happens, each pixel is exact or known not to be; writing is exact in
 * every frame; and everything is, once it is quiet. Breaking the line, scrolling and typing in between. */
#include "unit/suite.h"

#include "unit/viewer_support.h"

#include "base/loop.h"
#include "encode/compressor.h"
#include "stream/drawn_model.h"
#include "encode/image.h"

#define WIDTH 461
#define HEIGHT 397
#define N_PIXELS (WIDTH * HEIGHT)
#define EPOCH 0x7788u
#define SLOW 60000u /* bytes a second */
#define FAST 100000000u
#define WAITING_MAX 512

static struct {
	struct viewer viewer;
	struct cache cache;
	struct image image;
	struct stream_decoder *decoder;
	struct {
		uint8_t *slice;
		size_t length;
	} waiting[WAITING_MAX];
	size_t n_waiting, n_bytes;
	uint64_t now_ms, random;
	uint32_t rate, n_provisional;
	uint8_t *compressor, *outbox;
	struct drawn_model drawn;
	uint32_t pixels[N_PIXELS], reference[N_PIXELS];
	uint8_t marks[N_PIXELS], screen[N_PIXELS * 4];
} rig;

static uint64_t clock_ms(void)
{
	return rig.now_ms;
}

static void start(uint64_t seed, uint32_t rate)
{
	size_t size = outbox_size(WIDTH, HEIGHT);

	memset(&rig, 0, sizeof(rig));
	rig.random = seed;
	rig.rate = rate;
	rig.now_ms = 100000;
	rig.outbox = malloc(size);
	rig.compressor = aligned_alloc(64, (compressor_size() + 63) & ~(size_t)63);
	rig.decoder = support_decoder_new(WIDTH, HEIGHT);
	viewer_init(&rig.viewer, EPOCH,
	        &(struct viewer_memory){.reference = rig.reference,
	                .cache = &rig.cache,
	                .cache_key = support_cache_key(),
	                .compressor = rig.compressor,
	                .drawn = &rig.drawn,
	                .outbox = rig.outbox,
	                .outbox_size = size,
	                .marks = rig.marks},
	        support_ignore_slices, NULL);
	rig.viewer.clock_ms = clock_ms;
	image_resize(&rig.image, rig.pixels, WIDTH, HEIGHT);
	viewer_resize(&rig.viewer, WIDTH, HEIGHT);
	support_join(&rig.viewer, rig.decoder, SUPPORT_CACHE_SLOTS);
}

static void drop_waiting(void)
{
	for (size_t i = 0; i < rig.n_waiting; i++)
		free(rig.waiting[i].slice);
	rig.n_waiting = 0;
}

static void finish(void)
{
	drop_waiting();
	free(rig.outbox);
	free(rig.compressor);
	free(rig.decoder);
}

/* A photograph beside a column of writing, both scrolled by `from`. */
static bool is_writing(uint32_t x)
{
	return x >= 320;
}

static void show(struct rect area, uint32_t from)
{
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++) {
			uint32_t pixel = is_writing(x) ? support_page_pixel(x + 1000, y + from)
			                               : support_photo_pixel(x, y + from, 0);
			memcpy(rig.screen + ((size_t)y * WIDTH + x) * 4, &pixel, 4);
		}
	image_take(&rig.image, rig.screen, WIDTH * 4u, &area);
	viewer_damage(&rig.viewer, &area);
}

static void show_all(uint32_t from)
{
	show((struct rect){0, 0, WIDTH, HEIGHT}, from);
}

static void work(void)
{
	const uint8_t *slice;
	size_t length;
	uint32_t frame;

	image_look(&rig.image);
	do {
		/* What was measured is not what this test is about. */
		rig.viewer.line.is_known = true;
		rig.viewer.line.rate = (struct flow_rate){rig.rate, rig.rate, clock_now_us()};
		rig.viewer.line.delay_us = 1000;
		rig.viewer.line.delay_seen_us = clock_now_us();
		rig.viewer.line.is_doubtful = false;
		frame = rig.viewer.frame;
		viewer_work(&rig.viewer, &rig.image);
		ck_assert(!rig.viewer.has_failed);
		while ((slice = outbox_peek(&rig.viewer.outbox, &length))) {
			ck_assert_uint_lt(rig.n_waiting, WAITING_MAX);
			rig.waiting[rig.n_waiting].slice = malloc(length);
			rig.waiting[rig.n_waiting].length = length;
			memcpy(rig.waiting[rig.n_waiting++].slice, slice, length);
			outbox_pop(&rig.viewer.outbox);
			rig.n_bytes += length;
		}
	} while (rig.viewer.frame != frame);
}

/* Only while nothing is on its way. Returns how many pixels are not exact. */
static size_t check(void)
{
	const uint8_t *shown = stream_decoder_screen(rig.decoder)->pixels;
	size_t n_inexact = 0, n_unknown = 0, n_writing = 0;

	for (size_t i = 0; i < N_PIXELS; i++) {
		uint32_t pixel = IMAGE_SEEN | (uint32_t)shown[i * 4] << 16 |
		                 (uint32_t)shown[i * 4 + 1] << 8 | shown[i * 4 + 2];
		bool is_exact = pixel == rig.image.pixels[i];
		n_inexact += !is_exact;
		n_unknown += !is_exact && !rig.marks[i];
		n_writing += !is_exact && is_writing(i % WIDTH);
	}
	ck_assert_msg(n_unknown == 0, "%zu pixels are wrong and not marked", n_unknown);
	ck_assert_msg(n_writing == 0, "%zu pixels of writing are wrong", n_writing);
	if (n_inexact > 0)
		ck_assert(stream_decoder_is_provisional(rig.decoder));
	rig.n_provisional += n_inexact > 0;
	return n_inexact;
}

static void deliver(size_t n)
{
	n = n < rig.n_waiting ? n : rig.n_waiting;
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_ge(stream_decoder_push(
		                         rig.decoder, rig.waiting[i].slice, rig.waiting[i].length),
		        0);
		free(rig.waiting[i].slice);
	}
	rig.n_waiting -= n;
	memmove(rig.waiting, rig.waiting + n, rig.n_waiting * sizeof(rig.waiting[0]));
}

/* One turn: all that is made arrives and is drawn. */
static size_t turn(void)
{
	work();
	deliver(rig.n_waiting);
	viewer_ack(&rig.viewer, (uint16_t)rig.viewer.frame);
	return rig.viewer.dirty.n_marked == 0 ? check() : 1;
}

/* All that has changed arrives, in as many frames as the line makes of it. */
static size_t arrive(void)
{
	size_t n_inexact = turn();

	for (int i = 0; i < 1000 && rig.viewer.dirty.n_marked > 0; i++)
		n_inexact = turn();
	return n_inexact;
}

/* Nothing changes any more: exact, and nothing left to wake up for. */
static void be_quiet(void)
{
	for (int i = 0; i < 3; i++)
		turn();
	rig.now_ms += PHOTO_STILL_MS;
	for (int i = 0; i < 2000 && turn() > 0; i++)
		rig.now_ms++;
	ck_assert_uint_eq(check(), 0);
	ck_assert(!stream_decoder_is_provisional(rig.decoder));
	ck_assert_uint_eq(viewer_wait_ms(&rig.viewer), UINT32_MAX);
	ck_assert_ptr_null(memchr(rig.marks, 1, N_PIXELS));
}

START_TEST(exact_at_once_on_a_fast_line)
{
	start(1, FAST);
	show_all(0);
	ck_assert_uint_eq(arrive(), 0);
	ck_assert_uint_eq(rig.viewer.photo.n_lossy, 0);
	ck_assert_uint_eq(viewer_wait_ms(&rig.viewer), UINT32_MAX);
	finish();
}
END_TEST

START_TEST(lossy_first_on_a_slow_line)
{
	start(1, FAST);
	show_all(0);
	arrive();
	size_t n_exact_bytes = rig.n_bytes;
	finish();

	start(1, SLOW);
	show_all(0);
	size_t n_inexact = arrive();
	ck_assert_uint_gt(n_inexact, 320 * HEIGHT / 3);
	ck_assert_uint_lt(rig.n_bytes, n_exact_bytes / 3);
	ck_assert_uint_eq(viewer_wait_ms(&rig.viewer), PHOTO_STILL_MS);
	rig.now_ms += PHOTO_STILL_MS - 1;
	ck_assert_uint_eq(turn(), n_inexact);
	ck_assert_uint_eq(viewer_wait_ms(&rig.viewer), 1);
	rig.now_ms++;
	ck_assert_uint_lt(arrive(), n_inexact);
	be_quiet();
	finish();
}
END_TEST

/* An exact pass takes no more of the line than flow control lets it. */
START_TEST(an_exact_pass_is_cut)
{
	start(1, SLOW);
	show_all(0);
	arrive();
	rig.now_ms += PHOTO_STILL_MS;
	rig.n_bytes = 0;
	work(); /* nothing of it is acknowledged */
	ck_assert_uint_gt(rig.n_bytes, 0);
	ck_assert_uint_lt(rig.n_bytes, 20000);
	be_quiet();
	finish();
}
END_TEST

START_TEST(what_scrolls_is_copied_though_it_is_not_exact)
{
	start(1, SLOW);
	show_all(0);
	arrive();
	for (uint32_t from = 12; from <= 120; from += 12) {
		rig.now_ms += 16;
		rig.n_bytes = 0;
		show_all(from);
		ck_assert_uint_gt(arrive(), 1000);
		ck_assert_uint_lt(rig.n_bytes, 6000);
	}
	ck_assert_uint_gt(rig.viewer.counts.copies, 9);
	be_quiet();
	/* And what was made exact is not made so again. */
	uint64_t n_made = rig.viewer.photo.n_made_exact;
	rig.now_ms += 1000;
	turn();
	ck_assert_uint_eq(rig.viewer.photo.n_made_exact, n_made);
	finish();
}
END_TEST

/* Left before it was exact and shown again: the viewer must not have kept what it showed under the name of what it stood for. */
START_TEST(the_cache_keeps_nothing_that_is_not_exact)
{
	start(1, SLOW);
	for (uint32_t i = 0; i < 6; i++) {
		show_all(i % 2 * 5000);
		arrive();
		rig.now_ms += 1000; /* encode had no time for an exact pass */
	}
	be_quiet();
	finish();
}
END_TEST

/* A tile that goes on changing beside others does not keep those from becoming exact. */
START_TEST(exact_beside_something_that_moves)
{
	size_t n_inexact = 1;

	start(1, SLOW * 4);
	show_all(0);
	for (uint32_t i = 0; i < 400 && n_inexact > 0; i++) {
		rig.now_ms += 16;
		show((struct rect){380, 60, 30, 14}, i);
		n_inexact = turn();
	}
	ck_assert_uint_eq(n_inexact, 0);
	finish();
}
END_TEST

static void draw_something(uint32_t *from)
{
	uint32_t kind = support_below(&rig.random, 4);

	rig.now_ms += support_below(&rig.random, 60);
	if (kind < 2) {
		*from += support_below(&rig.random, 40);
		show_all(*from);
	} else if (kind == 2) {
		show_all(*from = support_below(&rig.random, 2000));
	} else {
		uint16_t x = (uint16_t)support_below(&rig.random, WIDTH - 120u);
		uint16_t y = (uint16_t)support_below(&rig.random, HEIGHT - 120u);
		show((struct rect){x, y, (uint16_t)(1 + support_below(&rig.random, 120)),
		             (uint16_t)(1 + support_below(&rig.random, 120))},
		        support_below(&rig.random, 500));
	}
}

/* Frames that nobody has drawn yet, of which some arrive before the line is cut. */
static void cut_line(uint32_t *from)
{
	for (uint32_t i = support_below(&rig.random, 5); i > 0; i--) {
		draw_something(from);
		work();
	}
	deliver(support_below(&rig.random, 10));
	drop_waiting();
	viewer_leave(&rig.viewer);
	if (support_below(&rig.random, 2))
		draw_something(from);
	support_join(&rig.viewer, rig.decoder, SUPPORT_CACHE_SLOTS);
}

START_TEST(anything_in_any_order)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		uint32_t from = 0;
		start(seed * 2654435761u, SLOW * (1 + (uint32_t)seed % 4 * 3));
		show_all(0);
		for (int i = 0; i < 60; i++) {
			if (support_below(&rig.random, 8) == 0)
				cut_line(&from);
			else
				draw_something(&from);
			turn();
			if (support_below(&rig.random, 10) == 0)
				be_quiet();
		}
		be_quiet();
		ck_assert_uint_gt(rig.n_provisional, 20);
		finish();
	}
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode photo policy", exact_at_once_on_a_fast_line,
	        lossy_first_on_a_slow_line, an_exact_pass_is_cut,
	        what_scrolls_is_copied_though_it_is_not_exact, exact_beside_something_that_moves,
	        the_cache_keeps_nothing_that_is_not_exact, anything_in_any_order);
}
