/* The book of glyphs and who reads from it: what is kept is whole, the oldest gives way, and whatever bytes refer to it, only the area is painted and
 * the work is bounded. */
#include "unit/suite.h"

#include "unit/stream_support.h"

#include "stream/commands.h"
#include "stream/decoder.h"
#include "stream/drawn_model.h"
#include "stream/picture.h"

#define WIDTH 300
#define HEIGHT 200

static _Alignas(16) uint8_t pixels[WIDTH * HEIGHT * 4];
static struct screen screen;
static struct drawn_model model;

static void start(void)
{
	screen_init(&screen, pixels, WIDTH, HEIGHT);
	drawn_model_init(&model);
	drawn_model_wake(&model);
}

/* The box that was the n-th to be learned. */
static void describe(uint32_t n, uint32_t *width, uint32_t *height)
{
	uint64_t state = n * 77 + 1;

	support_random(&state);
	*width = 1 + support_below(&state, n % 9 == 0 ? GLYPH_SIDE_MAX : 14);
	*height = 1 + support_below(&state, n % 9 == 0 ? GLYPH_SIDE_MAX : 14);
}

static void learn(struct glyph_book *book, uint32_t n)
{
	static uint32_t box[GLYPH_SIDE_MAX * GLYPH_SIDE_MAX];
	uint32_t width, height;

	describe(n, &width, &height);
	for (uint32_t i = 0; i < width * height; i++)
		box[i] = n * 5000 + i;
	ck_assert_uint_eq(glyph_book_learn(book, box, width, width, height), n % GLYPH_BOOK_MAX);
}

static void check_kept(const struct glyph_book *book)
{
	uint32_t n_wrong = 0, n_px = 0;

	for (uint32_t n = book->n_learned - book->n_kept; n < book->n_learned; n++) {
		const struct glyph *glyph = &book->glyphs[n % GLYPH_BOOK_MAX];
		uint32_t width, height;
		describe(n, &width, &height);
		ck_assert_uint_eq(glyph->width, width);
		ck_assert_uint_eq(glyph->height, height);
		ck_assert_uint_le(glyph->at + width * height, GLYPH_POOL_PX);
		n_px += width * height;
		for (uint32_t i = 0; i < width * height; i++)
			n_wrong += book->pool[glyph->at + i] != n * 5000 + i;
	}
	ck_assert_uint_eq(n_wrong, 0);
	ck_assert_uint_le(n_px, GLYPH_POOL_PX);
}

START_TEST(what_is_kept_is_whole)
{
	uint32_t n = 0;

	start();
	for (uint32_t round = 0; round < 40; round++) {
		for (uint32_t i = 0; i < 997; i++)
			learn(&model.glyphs, n++);
		check_kept(&model.glyphs);
	}
	ck_assert_uint_gt(model.glyphs.n_kept, GLYPH_BOOK_MAX / 4);
	/* Large ones only: the pool is what ends. */
	for (uint32_t i = 0; i < 3000; i++) {
		static uint32_t box[GLYPH_SIDE_MAX * GLYPH_SIDE_MAX];
		glyph_book_learn(
		        &model.glyphs, box, GLYPH_SIDE_MAX, GLYPH_SIDE_MAX, GLYPH_SIDE_MAX);
	}
	ck_assert_uint_le(model.glyphs.n_kept, GLYPH_POOL_PX / (GLYPH_SIDE_MAX * GLYPH_SIDE_MAX));
	ck_assert_uint_ge(
	        model.glyphs.n_kept, GLYPH_POOL_PX / (GLYPH_SIDE_MAX * GLYPH_SIDE_MAX) - 1);
	drawn_model_init(&model);
	drawn_model_wake(&model);
	ck_assert_uint_eq(model.glyphs.n_kept, 0);
}
END_TEST

static size_t command(uint8_t *out, uint32_t is_filled, struct screen_rect area, size_t n_bytes)
{
	const uint16_t fields[4] = {area.x, area.y, area.width, area.height};

	*out++ = PICTURE_GLYPHS;
	for (int i = 0; i < 4; i++) {
		*out++ = (uint8_t)fields[i];
		*out++ = (uint8_t)(fields[i] >> 8);
	}
	*out++ = (uint8_t)is_filled;
	memset(out, 0x77, 3);
	out[3] = (uint8_t)n_bytes;
	out[4] = (uint8_t)(n_bytes >> 8);
	return GLYPHS_HEAD_BYTES + n_bytes;
}

static int32_t obey(const uint8_t *bytes, size_t length)
{
	return command_obey(&screen, NULL, NULL, NULL, &model, bytes, length);
}

START_TEST(heads_are_checked)
{
	static uint8_t bytes[GLYPHS_HEAD_BYTES + GLYPHS_BYTES_MAX + 1];
	struct screen_rect good = {3, 4, 100, 50}, beyond = {201, 4, 100, 50}, empty = {3, 4, 0, 5};

	start();
	size_t length = command(bytes, 1, good, 9);
	for (size_t i = 1; i < length; i++)
		ck_assert_int_eq(obey(bytes, i), 0);
	ck_assert_int_eq(obey(bytes, length), (int32_t)length); /* zeroes: no item */
	command(bytes, 2, good, 9);
	ck_assert_int_eq(obey(bytes, length), STREAM_ERR_MALFORMED);
	command(bytes, 1, beyond, 9);
	ck_assert_int_eq(obey(bytes, length), STREAM_ERR_MALFORMED);
	command(bytes, 1, empty, 9);
	ck_assert_int_eq(obey(bytes, length), STREAM_ERR_MALFORMED);
	command(bytes, 1, good, 0);
	ck_assert_int_eq(obey(bytes, sizeof(bytes)), STREAM_ERR_MALFORMED);
	command(bytes, 1, good, GLYPHS_BYTES_MAX + 1);
	ck_assert_int_eq(obey(bytes, sizeof(bytes)), STREAM_ERR_MALFORMED);
}
END_TEST

static void check_beside(const struct screen_rect *area)
{
	uint32_t n_painted = 0;

	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++) {
			bool is_in = x >= area->x && x < area->x + (uint32_t)area->width &&
			             y >= area->y && y < area->y + (uint32_t)area->height;
			n_painted += !is_in && (*screen_at(&screen, x, y) & 0xffffff) != 0;
		}
	ck_assert_uint_eq(n_painted, 0);
}

/* With a book that holds something, and without. */
START_TEST(any_bytes_paint_the_area_only)
{
	static uint8_t bytes[GLYPHS_HEAD_BYTES + GLYPHS_BYTES_MAX];
	uint32_t n_good = 0, n_bad = 0;
	uint64_t state = 5;

	for (uint32_t i = 0; i < 400; i++) {
		start();
		for (uint32_t n = 0; i % 2 == 0 && n < GLYPH_BOOK_MAX; n++)
			glyph_book_learn(&model.glyphs, &(uint32_t){0xffffffff}, 1, 1, 1);
		/* Often an item, seldom the end. */
		model.glyphs.more = i % 3 == 0 ? 32768 : 65000;
		model.glyphs.is_known[0] = model.glyphs.is_known[1] = i % 5 == 0 ? 60000 : 20000;
		struct screen_rect area = {(uint16_t)support_below(&state, 100),
		        (uint16_t)support_below(&state, 100),
		        (uint16_t)(1 + support_below(&state, 200)),
		        (uint16_t)(1 + support_below(&state, 100))};
		size_t length = command(bytes, 1, area, 1 + support_below(&state, 400));
		for (size_t at = GLYPHS_HEAD_BYTES; at < length; at++)
			bytes[at] = (uint8_t)support_random(&state);
		screen.painted_px = 0;
		int32_t taken = obey(bytes, length);
		ck_assert(taken == (int32_t)length || taken == STREAM_ERR_MALFORMED);
		n_good += taken > 0;
		n_bad += taken < 0;
		ck_assert_uint_le(screen.painted_px,
		        (uint64_t)WIDTH * HEIGHT * (PICTURE_SLICE_SCREENS_MAX + 2));
		check_beside(&area);
	}
	ck_assert_uint_gt(n_good, 20);
	ck_assert_uint_gt(n_bad, 20);
}
END_TEST

int main(void)
{
	return SUITE_RUN("stream glyphs", what_is_kept_is_whole, heads_are_checked,
	        any_bytes_paint_the_area_only);
}
