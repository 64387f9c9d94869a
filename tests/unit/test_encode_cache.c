/* The tile cache and what becomes of it when a line is cut: whatever was on its way, at every possible cut the viewer goes on with an exact
 * picture, and both sides think the same of every slot. */
#include "unit/suite.h"

#include "unit/viewer_support.h"

#include "encode/compressor.h"
#include "stream/drawn_model.h"
#include "encode/image.h"
#include "encode/tile_name.h"

#define WIDTH 397 /* no multiple of a tile */
#define HEIGHT 293
#define N_PIXELS (WIDTH * HEIGHT)
#define EPOCH 0x5566u
#define SLOTS 40 /* fewer than two screens: slots are overwritten */
#define PAGES 4
#define WAITING_MAX 256
#define RESET_AT (WIRE_HEADER_BYTES + 13) /* of BEGIN */

struct waiting {
	uint8_t *slice;
	size_t length;
};

static struct {
	struct viewer viewer;
	struct cache cache;
	struct image image;
	struct stream_decoder *decoder;
	struct waiting waiting[WAITING_MAX]; /* on their way */
	size_t n_waiting;
	struct cache_rule rules[16]; /* as encode had it after each frame, modulo */
	uint64_t now_ms, random, frame_bytes, settled_bytes;
	uint32_t n_kept, n_emptied, n_cache_only;
	uint16_t width, height, slots;
	uint8_t *compressor, *outbox;
	struct drawn_model drawn;
	size_t outbox_size;
	uint32_t pixels[N_PIXELS], reference[N_PIXELS];
	uint8_t screen[N_PIXELS * 4];
} rig;

static uint64_t clock_ms(void)
{
	return rig.now_ms;
}

static void resize(uint16_t width, uint16_t height)
{
	rig.width = width;
	rig.height = height;
	image_resize(&rig.image, rig.pixels, width, height);
	viewer_resize(&rig.viewer, width, height);
}

static void start(uint64_t seed)
{
	memset(&rig, 0, sizeof(rig));
	rig.random = seed;
	rig.now_ms = 100000;
	rig.slots = SLOTS;
	rig.outbox_size = outbox_size(WIDTH, HEIGHT);
	rig.outbox = malloc(rig.outbox_size);
	rig.compressor = aligned_alloc(64, (compressor_size() + 63) & ~(size_t)63);
	rig.decoder = support_decoder_new(WIDTH, HEIGHT);
	viewer_init(&rig.viewer, EPOCH,
	        &(struct viewer_memory){rig.reference, &rig.cache, support_cache_key(),
	                rig.compressor, &rig.drawn, NULL, rig.outbox, rig.outbox_size, NULL},
	        support_ignore_slices, NULL);
	rig.viewer.clock_ms = clock_ms;
	resize(WIDTH, HEIGHT);
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

static void show(struct rect area, uint32_t from_x, uint32_t from_y)
{
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++) {
			uint32_t pixel = support_page_pixel(x + from_x, y + from_y);
			memcpy(rig.screen + ((size_t)y * rig.width + x) * 4, &pixel, 4);
		}
	image_take(&rig.image, rig.screen, rig.width * 4u, &area);
	viewer_damage(&rig.viewer, &area);
}

static void show_page(uint32_t page)
{
	show((struct rect){0, 0, rig.width, rig.height}, page * 7001, page * 640);
}

/* What encode makes goes on its way. */
static void work(void)
{
	const uint8_t *slice;
	size_t length;

	image_look(&rig.image);
	viewer_work(&rig.viewer, &rig.image);
	ck_assert(!rig.viewer.has_failed);
	rig.frame_bytes = 0;
	while ((slice = outbox_peek(&rig.viewer.outbox, &length))) {
		ck_assert_uint_lt(rig.n_waiting, WAITING_MAX);
		rig.waiting[rig.n_waiting] = (struct waiting){malloc(length), length};
		memcpy(rig.waiting[rig.n_waiting++].slice, slice, length);
		rig.frame_bytes += length;
		outbox_pop(&rig.viewer.outbox);
	}
	rig.rules[rig.viewer.frame % 16] = rig.cache.rule;
}

static void check_rules(void)
{
	const struct cache_rule *theirs = stream_decoder_cache_rule(rig.decoder);
	const struct cache_rule *ours = &rig.rules[stream_decoder_frame(rig.decoder) % 16];
	size_t bytes = rig.slots * sizeof(uint16_t);

	ck_assert_uint_eq(ours->newest, theirs->newest);
	ck_assert_uint_eq(ours->oldest, theirs->oldest);
	ck_assert_mem_eq(ours->newer, theirs->newer, bytes);
	ck_assert_mem_eq(ours->older, theirs->older, bytes);
}

/* The first n slices arrive. */
static void deliver(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct waiting *waiting = &rig.waiting[i];
		int32_t status = stream_decoder_push(rig.decoder, waiting->slice, waiting->length);
		ck_assert_int_ge(status, 0);
		if (status == STREAM_BEGUN) {
			rig.n_kept += waiting->slice[RESET_AT] == PICTURE_RESET_NOTHING;
			rig.n_emptied += waiting->slice[RESET_AT] == PICTURE_RESET_ALL;
			rig.n_cache_only += waiting->slice[RESET_AT] == PICTURE_RESET_SCREEN;
		}
		if (status == STREAM_FRAME)
			check_rules();
		free(waiting->slice);
	}
	rig.n_waiting -= n;
	memmove(rig.waiting, rig.waiting + n, rig.n_waiting * sizeof(*rig.waiting));
}

static void check_exact(void)
{
	const uint8_t *shown = stream_decoder_screen(rig.decoder)->pixels;
	size_t n_wrong = 0;

	for (size_t i = 0; i < (size_t)rig.width * rig.height; i++) {
		uint32_t pixel = IMAGE_SEEN | (uint32_t)shown[i * 4] << 16 |
		                 (uint32_t)shown[i * 4 + 1] << 8 | shown[i * 4 + 2];
		n_wrong += pixel != rig.image.pixels[i] || pixel != rig.reference[i];
	}
	ck_assert_msg(n_wrong == 0, "%zu wrong pixels in frame %u", n_wrong, rig.viewer.frame);
}

/* Everything arrives, is drawn, and is right. */
static void settle(void)
{
	rig.settled_bytes = 0;
	do {
		work();
		rig.settled_bytes += rig.frame_bytes;
		deliver(rig.n_waiting);
		viewer_ack(&rig.viewer, (uint16_t)rig.viewer.frame);
	} while (rig.viewer.dirty.n_marked > 0);
	check_exact();
}

static size_t page_bytes(uint32_t page)
{
	rig.now_ms += 1000;
	show_page(page);
	settle();
	return rig.settled_bytes;
}

START_TEST(going_back_costs_little)
{
	start(1);
	rig.slots = SUPPORT_CACHE_SLOTS;
	support_join(&rig.viewer, rig.decoder, rig.slots);
	size_t first = page_bytes(0);
	size_t second = page_bytes(1);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_lt(page_bytes(0), first / 10);
		ck_assert_uint_lt(page_bytes(1), second / 10);
	}
	ck_assert_uint_gt(rig.viewer.counts.shown, 100);
	finish();
}
END_TEST

/* Opened, closed, opened again: what was under a menu, and the menu. */
START_TEST(menus_come_and_go)
{
	struct rect menu = {70, 70, 150, 170};

	start(2);
	support_join(&rig.viewer, rig.decoder, rig.slots);
	page_bytes(0);
	for (int i = 0; i < 3; i++) {
		rig.now_ms += 1000;
		show(menu, 5000, 5000);
		settle();
		ck_assert(i == 0 || rig.frame_bytes < 150);
		rig.now_ms += 1000;
		show(menu, 0, 0);
		settle();
		ck_assert_uint_lt(rig.frame_bytes, 150);
	}
	finish();
}
END_TEST

START_TEST(scrolling_stores_nothing)
{
	start(3);
	support_join(&rig.viewer, rig.decoder, rig.slots);
	page_bytes(0);
	uint64_t stored = rig.viewer.counts.stored;
	for (uint32_t i = 1; i < 6; i++) {
		rig.now_ms += 1000;
		show((struct rect){0, 0, WIDTH, HEIGHT}, 0, i * 23);
		settle();
		ck_assert_msg(rig.viewer.counts.stored == stored, "step %u stores", i);
	}
	finish();
}
END_TEST

static void draw_something(void)
{
	uint32_t kind = support_below(&rig.random, 4);

	rig.now_ms += support_below(&rig.random, 2) ? 500 : 10;
	if (kind == 0 || kind == 1) {
		show_page(support_below(&rig.random, PAGES));
	} else if (kind == 2) {
		show((struct rect){0, 0, rig.width, rig.height}, 0, support_below(&rig.random, 90));
	} else {
		uint16_t x = (uint16_t)support_below(&rig.random, rig.width - 100u);
		uint16_t y = (uint16_t)support_below(&rig.random, rig.height - 90u);
		show((struct rect){x, y, (uint16_t)(1 + support_below(&rig.random, 100)),
		             (uint16_t)(1 + support_below(&rig.random, 90))},
		        support_below(&rig.random, 50), 0);
	}
}

/* Up to five frames are made that nobody has drawn yet, of which the first `cut` slices arrive; then the line is cut. */
static void cut_at(size_t cut)
{
	deliver(cut < rig.n_waiting ? cut : rig.n_waiting);
	drop_waiting();
	viewer_leave(&rig.viewer);
	if (support_below(&rig.random, 6) == 0)
		resize((uint16_t)(WIDTH - support_below(&rig.random, 2) * 100), HEIGHT);
	show_page(support_below(&rig.random, PAGES));
	support_join(&rig.viewer, rig.decoder, rig.slots);
	/* The new line is cut as well, before anything arrives. */
	if (support_below(&rig.random, 4) == 0) {
		work();
		drop_waiting();
		support_join(&rig.viewer, rig.decoder, rig.slots);
	}
	settle();
}

static void cut_often(uint64_t seed)
{
	start(seed);
	support_join(&rig.viewer, rig.decoder, rig.slots);
	show_page(0);
	settle();
	for (size_t cut = 0; cut < 90; cut++) {
		uint32_t n_frames = 1 + support_below(&rig.random, 5);
		for (uint32_t i = 0; i < n_frames; i++) {
			draw_something();
			work();
		}
		cut_at(support_below(&rig.random, 3) ? support_below(&rig.random, 12) : 99);
	}
	ck_assert_uint_gt(rig.n_kept, 20);
	ck_assert_uint_gt(rig.n_cache_only, 2);
	ck_assert_uint_gt(rig.viewer.counts.shown, 200);
	finish();
}

START_TEST(resumed_at_every_cut)
{
	for (uint64_t seed = 1; seed <= 4; seed++)
		cut_often(seed * 2654435761u);
}
END_TEST

/* A viewer that claims what it cannot have begins anew. */
START_TEST(false_claims)
{
	static const struct {
		uint64_t epoch;
		uint32_t frame;
		uint16_t slots;
	} claims[] = {{EPOCH, 99, SLOTS}, {EPOCH, UINT32_MAX, SLOTS}, {EPOCH + 1, 3, SLOTS},
	        {EPOCH, 3, SLOTS - 1}, {EPOCH, 0, SLOTS}};

	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		start(4);
		support_join(&rig.viewer, rig.decoder, rig.slots);
		for (uint32_t page = 0; page < 3; page++)
			page_bytes(page);
		ck_assert_uint_ge(rig.viewer.frame, 3);
		viewer_join(&rig.viewer, &(struct message_viewer_join){.version = WIRE_VERSION,
		                                 .window_log_max = 20,
		                                 .epoch = claims[i].epoch,
		                                 .last_frame = claims[i].frame,
		                                 .cache_slots = claims[i].slots});
		work();
		ck_assert_uint_eq(rig.waiting[0].slice[RESET_AT], PICTURE_RESET_ALL);
		finish();
	}
}
END_TEST

/* More changes than the journal holds: then the oldest frame cannot be resumed, and is not. */
START_TEST(a_journal_that_is_full)
{
	struct tile_name name = {.width = PICTURE_TILE, .height = PICTURE_TILE};
	struct tiles tiles;

	start(5);
	tiles_resize(&tiles, WIDTH, HEIGHT);
	cache_init(&rig.cache, support_cache_key());
	cache_begin(&rig.cache, SLOTS, 7);
	ck_assert_uint_eq(rig.cache.floor, 8);
	for (uint32_t frame = 8; frame < 12; frame++) {
		cache_begin_frame(&rig.cache, frame, &tiles);
		for (uint32_t i = 0; i < 1000; i++) {
			name.sums[0] = frame * 1000 + i;
			cache_store(&rig.cache, &name);
		}
	}
	ck_assert_uint_eq(rig.cache.floor, 9);
	cache_resume(&rig.cache, 10, 11, &tiles);
	name.sums[0] = 10999;
	ck_assert_uint_ne(cache_find(&rig.cache, &name), CACHE_RULE_NONE);
	name.sums[0] = 11000;
	ck_assert_uint_eq(cache_find(&rig.cache, &name), CACHE_RULE_NONE);
	finish();
}
END_TEST

/* Names differ when one bit of one pixel does, wherever; and when the size does. */
START_TEST(names_of_tiles)
{
	static uint32_t pixels[2 * PICTURE_TILE * PICTURE_TILE];
	const uint32_t stride = 2 * PICTURE_TILE;
	struct rect tile = {PICTURE_TILE, 0, PICTURE_TILE, PICTURE_TILE};
	struct tile_name before, after;

	start(6);
	for (size_t i = 0; i < 2 * PICTURE_TILE * PICTURE_TILE; i++)
		pixels[i] = IMAGE_SEEN | support_random(&rig.random);
	ck_assert(tile_name_make(&before, support_cache_key(), pixels, stride, &tile));
	for (int i = 0; i < 2000; i++) {
		uint32_t x = PICTURE_TILE + support_below(&rig.random, PICTURE_TILE);
		uint32_t *pixel = &pixels[support_below(&rig.random, PICTURE_TILE) * stride + x];
		uint32_t flipped = 1u << support_below(&rig.random, 24);
		*pixel ^= flipped;
		ck_assert(tile_name_make(&after, support_cache_key(), pixels, stride, &tile));
		ck_assert(!tile_name_equals(&before, &after));
		*pixel ^= flipped;
	}
	ck_assert(tile_name_make(&after, support_cache_key(), pixels, stride, &tile));
	ck_assert(tile_name_equals(&before, &after));
	tile.width--;
	ck_assert(tile_name_make(&after, support_cache_key(), pixels, stride, &tile));
	ck_assert(!tile_name_equals(&before, &after));
	pixels[PICTURE_TILE] = 0; /* not known */
	ck_assert(!tile_name_make(&after, support_cache_key(), pixels, stride, &tile));
	finish();
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode cache", going_back_costs_little, menus_come_and_go,
	        scrolling_stores_nothing, resumed_at_every_cut, false_claims,
	        a_journal_that_is_full, names_of_tiles);
}
