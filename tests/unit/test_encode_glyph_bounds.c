/* What encode never says of glyphs, and a viewer must not obey: written here as encode writes it, obeyed by the decoder's commands. */
#include "unit/suite.h"

#include "encode/codec.h"
#include "encode/drawn_writer.h"
#include "stream/commands.h"
#include "stream/decoder.h"
#include "stream/drawn_model.h"
#include "stream/glyph_code.h"
#include "stream/picture.h"
#include "stream/screen.h"

#define WIDTH 640
#define HEIGHT 400

static _Alignas(16) uint8_t pixels[WIDTH * HEIGHT * 4];
static struct screen screen;
static struct drawn_model readers, writers; /* models, which know one glyph of one pixel */
static const struct rect all = {0, 0, WIDTH, HEIGHT};

static void start_model(struct drawn_model *model)
{
	drawn_model_init(model);
	drawn_model_wake(model);
	glyph_book_learn(&model->glyphs, &(uint32_t){0xffffffff}, 1, 1, 1);
}

static void start(void)
{
	screen_init(&screen, pixels, WIDTH, HEIGHT);
	screen.painted_px = 0;
	start_model(&readers);
	start_model(&writers);
}

/* So many items alike, the pixels of none, and the end: what one command of them is answered with. Nothing but what is said of an item
 * is wrong: behind the end of its bytes a reader finds zeroes, which are pixels as well. */
static int32_t obey_items(const struct glyph_item *like, uint32_t n_items)
{
	static uint8_t command[PICTURE_COMMAND_MAX];
	struct glyph_cursor cursor = {0, 0, 0, GLYPH_NONE};
	struct drawn_coder coder;
	struct glyph_item item;

	memset(command, 0, GLYPHS_HEAD_BYTES);
	code_writer_begin(&coder.writer, command + GLYPHS_HEAD_BYTES, GLYPHS_BYTES_MAX);
	for (uint32_t i = 0; i < n_items; i++) {
		item = *like;
		glyph_say(&coder, &writers.glyphs, &cursor, &item);
		glyph_move_on(&writers.glyphs, &cursor, &item);
	}
	item = (struct glyph_item){.kind = GLYPH_END};
	if (like->kind == GLYPH_KNOWN)
		glyph_say(&coder, &writers.glyphs, &cursor, &item);
	size_t length = code_writer_end(&coder.writer);
	ck_assert_uint_gt(length, 0);
	codec_put_area(command, PICTURE_GLYPHS, &all);
	command[GLYPHS_HEAD_BYTES - 2] = (uint8_t)length;
	command[GLYPHS_HEAD_BYTES - 1] = (uint8_t)(length >> 8);
	int32_t taken = command_obey(
	        &screen, NULL, NULL, NULL, &readers, command, GLYPHS_HEAD_BYTES + length);
	if (taken > 0)
		ck_assert_int_eq(taken, (int32_t)(GLYPHS_HEAD_BYTES + length));
	return taken;
}

START_TEST(items_of_one_command)
{
	const struct glyph_item known = {
	        .kind = GLYPH_KNOWN, .x = 10, .y = 10, .width = 1, .height = 1};

	start();
	ck_assert_int_gt(obey_items(&known, GLYPHS_ITEMS_MAX), 0);
	ck_assert_uint_eq(*screen_at(&screen, 10, 10) & 0xffffff, 0xffffff);
	start();
	ck_assert_int_eq(obey_items(&known, GLYPHS_ITEMS_MAX + 1), STREAM_ERR_MALFORMED);
}
END_TEST

START_TEST(work_is_counted_between_items)
{
	const struct glyph_item known = {
	        .kind = GLYPH_KNOWN, .x = 10, .y = 10, .width = 1, .height = 1};
	const uint64_t most = (uint64_t)WIDTH * HEIGHT * PICTURE_SLICE_SCREENS_MAX;

	start();
	screen.painted_px = most;
	ck_assert_int_gt(obey_items(&known, 1), 0);
	start();
	screen.painted_px = most + 1;
	ck_assert_int_eq(obey_items(&known, 1), STREAM_ERR_MALFORMED);
}
END_TEST

START_TEST(boxes)
{
	struct {
		struct glyph_item item;
		bool is_good;
	} cases[] = {
	        {{.kind = GLYPH_PLAIN, .x = 9, .y = 9, .width = 40, .height = 40}, true},
	        {{.kind = GLYPH_PLAIN, .x = 9, .y = 9, .width = 41, .height = 40}, false},
	        {{.kind = GLYPH_FRESH, .x = 9, .y = 9, .width = 9, .height = 48}, true},
	        {{.kind = GLYPH_FRESH, .x = 9, .y = 9, .width = 9, .height = 49}, false},
	        {{.kind = GLYPH_FRESH, .x = 9, .y = 9, .width = 49, .height = 9}, false},
	        {{.kind = GLYPH_FRESH, .x = 9, .y = HEIGHT - 9, .width = 9, .height = 9}, true},
	        {{.kind = GLYPH_FRESH, .x = 9, .y = HEIGHT - 8, .width = 9, .height = 9}, false},
	        {{.kind = GLYPH_PLAIN, .x = 9, .y = HEIGHT - 8, .width = 9, .height = 9}, true},
	        {{.kind = GLYPH_FRESH, .x = 9, .y = -1, .width = 9, .height = 9}, false},
	        {{.kind = GLYPH_FRESH, .x = WIDTH - 9, .y = 9, .width = 9, .height = 9}, true},
	        {{.kind = GLYPH_FRESH, .x = WIDTH - 8, .y = 9, .width = 9, .height = 9}, false},
	        {{.kind = GLYPH_FRESH, .x = -1, .y = 9, .width = 9, .height = 9}, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start();
		int32_t taken = obey_items(&cases[i].item, 1);
		ck_assert_msg(cases[i].is_good ? taken > 0 : taken == STREAM_ERR_MALFORMED,
		        "case %zu: %d", i, taken);
	}
}
END_TEST

int main(void)
{
	return SUITE_RUN(
	        "encode glyph bounds", items_of_one_command, work_is_counted_between_items, boxes);
}
