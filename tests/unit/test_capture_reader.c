/* The reader: what it accepts lands where it must, what it does not accept ends it with the right error, and
 * it does not matter how the bytes arrive. */
#include "unit/suite.h"

#include "base/error.h"
#include "capture/reader.h"
#include "hostile/rfb_script.h"

#define WIDTH 400
#define HEIGHT 300
#define WIDTH_MAX 640
#define HEIGHT_MAX 480

static struct pixels pixels;
static struct reader reader;

static void begin(void)
{
	pixels_finish(&pixels);
	ck_assert_int_eq(pixels_allocate(&pixels, WIDTH_MAX, HEIGHT_MAX), 0);
	reader_init(&reader, &pixels, WIDTH, HEIGHT);
	reader.has_extended_key = true;
	reader_requested(&reader);
}

/* Feeds up to the end, the first complete update or an error. Returns the number of bytes consumed or the error. */
static int feed(const struct script *script, size_t piece)
{
	size_t at = 0;

	while (at < script->length && !reader.is_update_complete) {
		size_t length = script->length - at < piece ? script->length - at : piece;
		int n = reader_feed(&reader, script->bytes + at, length);
		if (n < 0)
			return n;
		ck_assert_int_gt(n, 0);
		at += (size_t)n;
	}
	return (int)at;
}

/* From a fresh reader. */
static int feed_and_free(struct script *script)
{
	begin();
	int result = feed(script, SIZE_MAX);
	script_free(script);
	return result;
}

static uint32_t pixel(unsigned x, unsigned y)
{
	uint32_t value;

	memcpy(&value, pixels_at(&pixels, x, y, 1), 4);
	return value;
}

/* One of everything: 3x2 raw, a copy of it, a cursor, a size, the key's mark, a bell and a cut text before. */
static void script_everything(struct script *script)
{
	script_u8(script, 2);
	script_cut_text(script, 5);
	script_raw(script, "hello", 5);
	script_update(script, 5);
	script_extended_key(script);
	script_desktop_size(script, WIDTH, HEIGHT);
	script_rect(script, 10, 20, 3, 2, RFB_RAW);
	for (uint8_t i = 1; i <= 24; i++)
		script_u8(script, i);
	script_rect(script, 100, 200, 3, 2, RFB_COPY_RECT);
	script_u16(script, 10);
	script_u16(script, 20);
	script_rect(script, 1, 1, 9, 2, RFB_CURSOR);
	for (uint8_t i = 1; i <= 9 * 2 * 4; i++)
		script_u8(script, i);
	script_raw(script, "\x80\xff\x00\x7f", 4);
}

static void check_everything(void)
{
	ck_assert(reader.is_update_complete);
	ck_assert_uint_eq(pixel(10, 20), 0x04030201);
	ck_assert_uint_eq(pixel(12, 21), 0x18171615);
	ck_assert_uint_eq(pixel(100, 200), 0x04030201);
	ck_assert_uint_eq(pixel(102, 201), 0x18171615);
	ck_assert_uint_eq(pixel(13, 20), 0);
	ck_assert_uint_eq(pixel(9, 20), 0);
	ck_assert_uint_eq(reader.damage.n_rects, 2);
	ck_assert_uint_eq(reader.damage.rects[0].x, 10);
	ck_assert_uint_eq(reader.damage.rects[1].height, 2);
	ck_assert_uint_eq(reader.damage.n_copies, 1);
	ck_assert_uint_eq(reader.damage.copies[0].source_y, 20);
	ck_assert_uint_eq(reader.damage.copies[0].y, 200);
	ck_assert(reader.has_cursor);
	ck_assert_uint_eq(reader.cursor.width, 9);
	ck_assert_uint_eq(reader.cursor.hot_y, 1);
	ck_assert_uint_eq(reader.cursor.image_length, 9 * 2 * 3 + 2 * 2);
	/* Shown: the first and the ninth of the first row. The second row's mask has only bits beyond its width, and
	 * the first of those that do not count. */
	ck_assert_mem_eq(reader.cursor.image, "\x01\x02\x03\x00\x00\x00", 6);
	ck_assert_mem_eq(reader.cursor.image + 8 * 3, "\x21\x22\x23\x00\x00\x00\x00", 7);
	ck_assert_mem_eq(reader.cursor.image + 54, "\x80\x80\x00\x00", 4);
	ck_assert(!reader.has_new_size);
	ck_assert_uint_eq(reader.generation, 1);
}

START_TEST(everything_however_it_arrives)
{
	struct script script = {0};

	script_everything(&script);
	for (size_t piece = 1; piece <= script.length; piece++) {
		begin();
		reader.has_extended_key = false;
		ck_assert_int_eq(feed(&script, piece), (int)script.length);
		check_everything();
	}
	script_free(&script);
}
END_TEST

START_TEST(cut_off_it_is_never_complete)
{
	struct script script = {0};

	script_everything(&script);
	for (size_t length = 0; length < script.length; length++) {
		struct script part = {.bytes = script.bytes, .length = length};
		begin();
		ck_assert_int_eq(feed(&part, SIZE_MAX), (int)length);
		ck_assert(!reader.is_update_complete);
		/* After the bell, and after the cut text, nothing is owed. */
		ck_assert(
		        reader_is_inside(&reader) == (length != 0 && length != 1 && length != 14));
	}
	script_free(&script);
}
END_TEST

START_TEST(flipped_bits)
{
	struct script script = {0};
	size_t n_refused = 0;

	script_everything(&script);
	for (size_t bit = 0; bit < script.length * 8; bit++) {
		script.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		begin();
		int result = feed(&script, 7);
		n_refused += result < 0;
		ck_assert(reader.width >= 320 && reader.width <= WIDTH_MAX);
		ck_assert(reader.height >= 240 && reader.height <= HEIGHT_MAX);
		script.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* Every message type and encoding but few of the coordinates: measured, so that a lenient reader shows. */
	ck_assert_uint_gt(n_refused, 250);
	script_free(&script);
}
END_TEST

START_TEST(update_ends_where_it_ends)
{
	struct script script = {0};

	script_update(&script, 1);
	script_raw_rect(&script, 0, 0, 2, 2, 7);
	size_t end = script.length;
	script_u8(&script, 2);
	begin();
	ck_assert_int_eq(reader_feed(&reader, script.bytes, script.length), (int)end);
	ck_assert(reader.is_update_complete);
	ck_assert_int_eq(reader_feed(&reader, script.bytes + end, 1), 0);
	reader_update_taken(&reader);
	ck_assert_uint_eq(reader.damage.n_rects, 0);
	ck_assert_int_eq(reader_feed(&reader, script.bytes + end, 1), 1);
	script_free(&script);
}
END_TEST

static const int32_t never_offered[] = {2, 4, 5, 6, 7, 8, 9, 10, 15, 16, 17, 21, 22, 50, -1, -23,
        -32, -223, -225, -232, -238, -240, -247, -257, -259, -260, -261, -305, -306, -307, -309,
        -312, -313, -314, -316, 0x574d5664, 0x574d5668, (int32_t)0xC0A1E5CE, INT32_MAX, INT32_MIN};

START_TEST(encodings_never_offered)
{
	for (size_t i = 0; i < sizeof(never_offered) / sizeof(never_offered[0]); i++) {
		struct script script = {0};
		script_update(&script, 1);
		script_rect(&script, 0, 0, 16, 16, never_offered[i]);
		script_fill(&script, 0, 64);
		ck_assert_int_eq(feed_and_free(&script), SHOJI_ERR_FORBIDDEN);
	}
}
END_TEST

START_TEST(messages_never_offered)
{
	for (unsigned type = 0; type < 256; type++) {
		struct script script = {0};
		script_u8(&script, (uint8_t)type);
		int result = feed_and_free(&script);
		if (type == 0 || type == 2 || type == 3)
			ck_assert_int_eq(result, 1);
		else
			ck_assert_int_eq(result, SHOJI_ERR_FORBIDDEN);
	}
}
END_TEST

static const struct {
	unsigned x, y, width, height;
} outside[] = {{WIDTH, 0, 1, 1}, {0, HEIGHT, 1, 1}, {WIDTH - 1, 0, 2, 1}, {0, HEIGHT - 1, 1, 2},
        {0, 0, WIDTH + 1, 1}, {0, 0, 1, HEIGHT + 1}, {65535, 65535, 65535, 65535}, {65535, 0, 1, 1},
        {1, 0, 65535, 1}, {0, 1, 1, 65535}, {65535, 0, 0, 0}};
#define N_OUTSIDE (sizeof(outside) / sizeof(outside[0]))

START_TEST(rectangles_outside)
{
	for (size_t i = 0; i < N_OUTSIDE; i++) {
		struct script raw = {0}, target = {0}, source = {0};
		script_update(&raw, 1);
		script_rect(&raw, outside[i].x, outside[i].y, outside[i].width, outside[i].height,
		        RFB_RAW);
		ck_assert_int_eq(feed_and_free(&raw), SHOJI_ERR_LIMIT);
		script_update(&target, 1);
		script_rect(&target, outside[i].x, outside[i].y, outside[i].width,
		        outside[i].height, RFB_COPY_RECT);
		script_u32(&target, 0);
		ck_assert_int_eq(feed_and_free(&target), SHOJI_ERR_LIMIT);
		script_update(&source, 1);
		script_rect(&source, 0, 0, outside[i].width % WIDTH, outside[i].height % HEIGHT,
		        RFB_COPY_RECT);
		script_u16(&source, outside[i].x ? outside[i].x : WIDTH);
		script_u16(&source, outside[i].y ? outside[i].y : HEIGHT);
		ck_assert_int_eq(feed_and_free(&source), SHOJI_ERR_LIMIT);
	}
}
END_TEST

/* The last pixel of the screen can be reached, and nothing beyond: the row's rest stays as it was. */
START_TEST(edges_are_inside)
{
	struct script script = {0};

	script_update(&script, 2);
	script_raw_rect(&script, WIDTH - 1, HEIGHT - 1, 1, 1, 9);
	script_raw_rect(&script, 0, HEIGHT - 1, WIDTH - 1, 1, 8);
	ck_assert_int_gt(feed_and_free(&script), 0);
	ck_assert_uint_eq(pixel(WIDTH - 1, HEIGHT - 1), 0x09090909);
	ck_assert_uint_eq(pixel(0, HEIGHT - 1), 0x08080808);
	ck_assert_uint_eq(pixel(WIDTH, HEIGHT - 1), 0);
	ck_assert_uint_eq(pixel(0, HEIGHT), 0);
}
END_TEST

START_TEST(empty_rectangles_are_nothing)
{
	struct script script = {0};

	script_update(&script, 3);
	script_rect(&script, 0, 0, 0, 10, RFB_RAW);
	script_rect(&script, WIDTH, HEIGHT, 0, 0, RFB_RAW);
	script_raw_rect(&script, 5, 5, 1, 1, 3);
	ck_assert_int_gt(feed_and_free(&script), 0);
	ck_assert(reader.is_update_complete);
	ck_assert_uint_eq(reader.damage.n_rects, 1);
}
END_TEST

START_TEST(more_pixels_than_an_update_may_carry)
{
	struct script script = {0};

	script_update(&script, READER_UPDATE_AREA_FACTOR + 1);
	for (int i = 0; i < READER_UPDATE_AREA_FACTOR; i++)
		script_raw_rect(&script, 0, 0, WIDTH, HEIGHT, 1);
	begin();
	ck_assert_int_eq(feed(&script, SIZE_MAX), (int)script.length);
	script_free(&script);
	script_rect(&script, 0, 0, 1, 1, RFB_RAW);
	ck_assert_int_eq(feed(&script, SIZE_MAX), SHOJI_ERR_LIMIT);
	script_free(&script);
}
END_TEST

START_TEST(overlapping_copies)
{
	/* Four rows of one colour each move down by one; one row of four colours moves right by one. */
	struct script script = {0};

	script_update(&script, 10);
	for (uint8_t row = 0; row < 4; row++)
		script_raw_rect(&script, 0, row, 4, 1, (uint8_t)(row + 1));
	script_rect(&script, 0, 1, 4, 4, RFB_COPY_RECT);
	script_u32(&script, 0);
	for (uint8_t column = 0; column < 4; column++)
		script_raw_rect(&script, column, 10, 1, 1, (uint8_t)(column + 1));
	script_rect(&script, 1, 10, 3, 1, RFB_COPY_RECT);
	script_u16(&script, 0);
	script_u16(&script, 10);
	ck_assert_int_gt(feed_and_free(&script), 0);
	ck_assert(reader.is_update_complete);
	ck_assert_uint_eq(pixel(0, 0), 0x01010101);
	for (unsigned row = 1; row < 5; row++)
		ck_assert_uint_eq(pixel(3, row), row * 0x01010101);
	ck_assert_uint_eq(pixel(0, 10), 0x01010101);
	for (unsigned column = 1; column < 4; column++)
		ck_assert_uint_eq(pixel(column, 10), column * 0x01010101);
}
END_TEST

static int cursor_error(unsigned hot_x, unsigned hot_y, unsigned width, unsigned height)
{
	struct script script = {0};

	script_update(&script, 1);
	script_rect(&script, hot_x, hot_y, width, height, RFB_CURSOR);
	int result = feed_and_free(&script);
	return result < 0 ? result : 0;
}

START_TEST(cursors_over_their_limits)
{
	ck_assert_int_eq(cursor_error(127, 127, 128, 128), 0);
	ck_assert_int_eq(cursor_error(0, 0, 129, 1), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(cursor_error(0, 0, 1, 129), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(cursor_error(0, 0, 65535, 65535), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(cursor_error(0, 0, 16384, 65535), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(cursor_error(16, 0, 16, 16), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(cursor_error(0, 16, 16, 16), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(cursor_error(9, 9, 0, 0), 0);
	ck_assert(reader.has_cursor && reader.cursor.width == 0 && reader.cursor.hot_x == 0);
	ck_assert_int_eq(cursor_error(0, 0, 0, 65535), SHOJI_ERR_LIMIT);
}
END_TEST

START_TEST(largest_cursor_fits)
{
	struct script script = {0};

	script_update(&script, 1);
	script_rect(&script, 0, 0, 128, 128, RFB_CURSOR);
	script_fill(&script, 0xff, READER_CURSOR_BYTES_MAX);
	ck_assert_int_gt(feed_and_free(&script), 0);
	ck_assert(reader.is_update_complete);
	ck_assert_uint_eq(reader.cursor.image_length, READER_CURSOR_IMAGE_MAX);
	ck_assert_uint_eq(reader.cursor.image[READER_CURSOR_IMAGE_MAX - 1], 0xff);
}
END_TEST

static int size_error(
        unsigned reason, unsigned status, unsigned width, unsigned height, unsigned n_screens)
{
	struct script script = {0};

	script_update(&script, 1);
	script_rect(&script, reason, status, width, height, RFB_EXTENDED_DESKTOP_SIZE);
	script_screens(&script, n_screens);
	int result = feed_and_free(&script);
	return result < 0 ? result : 0;
}

START_TEST(sizes)
{
	ck_assert_int_eq(size_error(0, 0, WIDTH_MAX, HEIGHT_MAX, 1), 0);
	ck_assert(reader.has_new_size && reader.generation == 2);
	ck_assert_uint_eq(reader.width, WIDTH_MAX);
	ck_assert_int_eq(size_error(2, 0, 320, 240, 16), 0);
	ck_assert(reader.is_update_complete);
	ck_assert_int_eq(size_error(0, 0, WIDTH, HEIGHT, 0), 0);
	ck_assert(reader.is_update_complete && !reader.has_new_size && reader.generation == 1);
	ck_assert_int_eq(size_error(1, 0, WIDTH, HEIGHT, 1), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(size_error(3, 0, WIDTH, HEIGHT, 1), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(size_error(0, 1, WIDTH, HEIGHT, 1), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(size_error(0, 0, WIDTH_MAX + 1, HEIGHT, 1), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(size_error(0, 0, WIDTH, HEIGHT_MAX + 1, 1), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(size_error(0, 0, 319, 240, 1), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(size_error(0, 0, 0, 0, 1), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(size_error(0, 0, WIDTH, HEIGHT, 17), SHOJI_ERR_LIMIT);
}
END_TEST

/* An answer to SetDesktopSize: one for each that was asked for. */
START_TEST(answers_to_sizes)
{
	struct script script = {0};

	script_update(&script, 1);
	script_rect(&script, 1, 0, 320, 240, RFB_EXTENDED_DESKTOP_SIZE);
	script_screens(&script, 1);
	begin();
	reader_size_asked(&reader);
	ck_assert_int_gt(feed(&script, SIZE_MAX), 0);
	ck_assert(reader.has_new_size && reader.has_screen && !reader.is_size_refused);
	ck_assert_uint_eq(reader.width, 320);
	ck_assert_uint_eq(reader.n_sizes_asked, 0);
	script_free(&script);
	/* A refusal changes nothing, whatever size it names. */
	script_update(&script, 1);
	script_rect(&script, 1, 3, 65535, 65535, RFB_EXTENDED_DESKTOP_SIZE);
	script_screens(&script, 1);
	begin();
	reader_size_asked(&reader);
	ck_assert_int_gt(feed(&script, SIZE_MAX), 0);
	ck_assert(!reader.has_new_size && reader.is_size_refused);
	ck_assert_uint_eq(reader.width, WIDTH);
	script_free(&script);
	script_update(&script, 2);
	for (int i = 0; i < 2; i++) {
		script_rect(&script, 1, 0, 320, 240, RFB_EXTENDED_DESKTOP_SIZE);
		script_screens(&script, 1);
	}
	begin();
	reader_size_asked(&reader);
	ck_assert_int_eq(feed(&script, SIZE_MAX), SHOJI_ERR_FORBIDDEN);
	script_free(&script);
	script_update(&script, 1);
	script_rect(&script, 1, 0, WIDTH_MAX + 1, 240, RFB_EXTENDED_DESKTOP_SIZE);
	script_screens(&script, 1);
	begin();
	reader_size_asked(&reader);
	ck_assert_int_eq(feed(&script, SIZE_MAX), SHOJI_ERR_LIMIT);
	script_free(&script);
}
END_TEST

/* What follows a new size in the same update is held against it, and damage of the old screen is gone. */
START_TEST(new_size_within_an_update)
{
	struct script script = {0};

	script_update(&script, 3);
	script_raw_rect(&script, 390, 290, 10, 10, 1);
	script_desktop_size(&script, 320, 240);
	script_raw_rect(&script, 310, 230, 10, 10, 2);
	ck_assert_int_gt(feed_and_free(&script), 0);
	ck_assert_uint_eq(reader.damage.n_rects, 1);
	ck_assert_uint_eq(reader.damage.rects[0].x, 310);
	script_update(&script, 2);
	script_desktop_size(&script, 320, 240);
	script_rect(&script, 390, 290, 10, 10, RFB_RAW);
	ck_assert_int_eq(feed_and_free(&script), SHOJI_ERR_LIMIT);
}
END_TEST

static int cut_text_error(uint32_t length)
{
	struct script script = {0};

	script_cut_text(&script, length);
	int result = feed_and_free(&script);
	return result < 0 ? result : 0;
}

START_TEST(cut_texts)
{
	ck_assert_int_eq(cut_text_error(0), 0);
	ck_assert(!reader_is_inside(&reader));
	ck_assert_int_eq(cut_text_error(READER_CUT_TEXT_MAX), 0);
	ck_assert(reader_is_inside(&reader));
	ck_assert_int_eq(cut_text_error(READER_CUT_TEXT_MAX + 1), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(cut_text_error(UINT32_MAX), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(cut_text_error(0x80000000u), SHOJI_ERR_LIMIT);
}
END_TEST

START_TEST(updates_nobody_asked_for)
{
	struct script script = {0};

	script_update(&script, 1);
	script_raw_rect(&script, 0, 0, 1, 1, 1);
	begin();
	ck_assert_int_gt(feed(&script, SIZE_MAX), 0);
	reader_update_taken(&reader);
	ck_assert_int_eq(feed(&script, SIZE_MAX), SHOJI_ERR_FORBIDDEN);
	script_free(&script);
}
END_TEST

START_TEST(picture_before_raw_keys)
{
	struct script script = {0};

	script_update(&script, 1);
	script_raw_rect(&script, 0, 0, 1, 1, 1);
	begin();
	reader.has_extended_key = false;
	ck_assert_int_eq(feed(&script, SIZE_MAX), SHOJI_ERR_FORBIDDEN);
	script_free(&script);
}
END_TEST

/* Says the same until it is refused: exactly `permitted` times in each window. */
static void flood(struct script *script, unsigned permitted)
{
	int result = 0;

	begin();
	for (unsigned n = 0; n <= 2 * permitted; n++) {
		if (n == permitted)
			reader_new_window(&reader);
		result = feed(script, SIZE_MAX);
		ck_assert_int_eq(result < 0, n == 2 * permitted);
		reader_update_taken(&reader);
		reader_requested(&reader);
	}
	ck_assert_int_eq(result, SHOJI_ERR_LIMIT);
	script_free(script);
}

START_TEST(floods)
{
	struct script script = {0};

	script_u8(&script, 2);
	flood(&script, READER_WINDOW_DROPPED_MAX);
	script_cut_text(&script, 60000);
	script_fill(&script, 'x', 60000);
	flood(&script, READER_WINDOW_DROPPED_BYTES_MAX / 60000);
	script_update(&script, 0);
	flood(&script, READER_WINDOW_EMPTY_UPDATES_MAX);
	script_update(&script, 1);
	script_rect(&script, 0, 0, 0, 0, RFB_CURSOR);
	flood(&script, READER_WINDOW_CURSORS_MAX);
	script_update(&script, 2);
	script_desktop_size(&script, 320, 240);
	script_desktop_size(&script, 640, 480);
	flood(&script, READER_WINDOW_SIZES_MAX / 2);
}
END_TEST

int main(void)
{
	return SUITE_RUN("capture reader", everything_however_it_arrives,
	        cut_off_it_is_never_complete, flipped_bits, update_ends_where_it_ends,
	        encodings_never_offered, messages_never_offered, rectangles_outside,
	        edges_are_inside, empty_rectangles_are_nothing,
	        more_pixels_than_an_update_may_carry, overlapping_copies, cursors_over_their_limits,
	        largest_cursor_fits, sizes, answers_to_sizes, new_size_within_an_update, cut_texts,
	        updates_nobody_asked_for, picture_before_raw_keys, floods);
}
