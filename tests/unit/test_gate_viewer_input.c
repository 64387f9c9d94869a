/* What a viewer says: whole, cut at every length, one byte too long, and with every bit flipped. */
#include "unit/suite.h"

#include "base/bytes.h"
#include "base/session.h"
#include "gate/viewer_input.h"
#include "stream/wire.h"

#include <string.h>

#define MAX WIRE_FROM_VIEWER_MAX
#define PICTURE_ANSWER_FIELDS 4 /* bytes */

static struct viewer_message out;

static void begin(struct bytes_writer *writer, uint8_t *data, uint8_t channel, uint8_t type)
{
	bytes_writer_init(writer, data, MAX + 64);
	bytes_put_u8(writer, WIRE_KIND(channel, type));
}

static const char good_token[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static uint16_t cache_slots = WIRE_CACHE_SLOTS_MAX;

static size_t hello(uint8_t *data, uint16_t min, uint16_t max, uint8_t log, const char *token)
{
	struct bytes_writer writer;

	begin(&writer, data, WIRE_CONTROL, WIRE_CONTROL_HELLO);
	bytes_put_u16(&writer, min);
	bytes_put_u16(&writer, max);
	bytes_put_u32(&writer, 0xffffffff);
	bytes_put_u8(&writer, log);
	bytes_put_u64(&writer, 42);
	bytes_put_u32(&writer, 7);
	bytes_put_u16(&writer, cache_slots);
	bytes_put_string(&writer, token, 100);
	return writer.length;
}

static size_t key(uint8_t *data, uint16_t number, uint8_t is_down, uint16_t modifiers)
{
	struct bytes_writer writer;

	begin(&writer, data, WIRE_INPUT, WIRE_INPUT_KEY);
	bytes_put_u32(&writer, 9);
	bytes_put_u16(&writer, number);
	bytes_put_u8(&writer, is_down);
	bytes_put_u16(&writer, modifiers);
	return writer.length;
}

static size_t pointer(uint8_t *data, uint8_t buttons, uint16_t modifiers)
{
	struct bytes_writer writer;

	begin(&writer, data, WIRE_INPUT, WIRE_INPUT_POINTER);
	bytes_put_u32(&writer, 9);
	bytes_put_u16(&writer, 1279);
	bytes_put_u16(&writer, 65535);
	bytes_put_u8(&writer, buttons);
	bytes_put_u16(&writer, modifiers);
	return writer.length;
}

static size_t screen(uint8_t *data, uint16_t width, uint16_t height, uint16_t scale)
{
	struct bytes_writer writer;

	begin(&writer, data, WIRE_INPUT, WIRE_INPUT_SCREEN);
	bytes_put_u32(&writer, 9);
	bytes_put_u16(&writer, width);
	bytes_put_u16(&writer, height);
	bytes_put_u16(&writer, scale);
	return writer.length;
}

static size_t wheel(uint8_t *data, uint8_t left, uint8_t right, uint8_t up, uint8_t down)
{
	struct bytes_writer writer;

	begin(&writer, data, WIRE_INPUT, WIRE_INPUT_WHEEL);
	bytes_put_u32(&writer, 9);
	bytes_put_u32(&writer, 0);
	bytes_put_u8(&writer, left);
	bytes_put_u8(&writer, right);
	bytes_put_u8(&writer, up);
	bytes_put_u8(&writer, down);
	bytes_put_u16(&writer, 0);
	return writer.length;
}

static size_t text(uint8_t *data, uint8_t is_commit, const char *words)
{
	struct bytes_writer writer;

	begin(&writer, data, WIRE_INPUT, WIRE_INPUT_TEXT);
	bytes_put_u32(&writer, 9);
	bytes_put_u32(&writer, 3);
	bytes_put_u8(&writer, is_commit);
	bytes_put_u16(&writer, is_commit == 0 && words[0] ? 1 : 0);
	bytes_put_u8(&writer, is_commit == 0);
	if (is_commit == 0)
		bytes_put_raw(&writer, (const uint8_t[WIRE_CLAUSE_BYTES]){0, 0, 1, 0, 1}, 5);
	bytes_put_string(&writer, words, VIEWER_TEXT_MAX + 10);
	return writer.length;
}

static size_t numbers(uint8_t *data, uint8_t channel, uint8_t type, unsigned n)
{
	struct bytes_writer writer;

	begin(&writer, data, channel, type);
	for (unsigned i = 0; i < n; i++)
		bytes_put_u32(&writer, 100 + i);
	return writer.length;
}

static size_t answer(uint8_t *data, uint16_t input, uint16_t took)
{
	struct bytes_writer writer;

	begin(&writer, data, WIRE_PICTURE, WIRE_PICTURE_ACK);
	bytes_put_u16(&writer, 100);
	bytes_put_u16(&writer, input);
	bytes_put_u16(&writer, took);
	return writer.length;
}

static uint8_t data[MAX + 64];

#define ACCEPTED(length) ck_assert_int_eq(viewer_message_parse(data, length, &out), 0)
#define REFUSED(length) ck_assert_int_ne(viewer_message_parse(data, length, &out), 0)

/* Right as it is; wrong at every other length. */
static void exactly(size_t length)
{
	for (size_t cut = 0; cut < length; cut++) {
		uint8_t *copy = malloc(cut ? cut : 1); /* so that reading on is seen */
		memcpy(copy, data, cut);
		ck_assert_int_ne(viewer_message_parse(copy, cut, &out), 0);
		free(copy);
	}
	data[length] = 0;
	REFUSED(length + 1);
	ACCEPTED(length);
}

START_TEST(test_whole_and_cut)
{
	exactly(hello(data, 1, 3, 21, good_token));
	ck_assert_int_eq(out.kind, VIEWER_MESSAGE_HELLO);
	ck_assert_uint_eq(out.hello.capabilities, WIRE_CAPABILITIES_ALL);
	ck_assert_uint_eq(out.hello.epoch, 42);
	ck_assert_uint_eq(out.hello.last_frame, 7);
	ck_assert_uint_eq(out.hello.cache_slots, WIRE_CACHE_SLOTS_MAX);
	ck_assert_str_eq(out.hello.token, good_token);
	exactly(key(data, 0x9c, 1, MODIFIER_ALTGR | MODIFIER_SHIFT));
	ck_assert_int_eq(out.kind, VIEWER_MESSAGE_KEY);
	ck_assert_uint_eq(out.sequence, 9);
	ck_assert_uint_eq(out.key.key, 0x9c);
	ck_assert(out.key.is_down);
	exactly(pointer(data, BUTTON_LEFT | BUTTON_FORWARD, 0));
	ck_assert_uint_eq(out.pointer.x, 1279);
	ck_assert_uint_eq(out.pointer.y, 65535);
	ck_assert_uint_eq(out.pointer.buttons, 0x11);
	exactly(wheel(data, 1, 2, 3, 32));
	ck_assert_uint_eq(out.wheel.down, 32);
	exactly(text(data, 1, "a漢字𠮷👨‍👩‍👧\n"));
	ck_assert_str_eq(out.text.text, "a漢字𠮷👨‍👩‍👧\n");
	exactly(text(data, 0, ""));
	exactly(numbers(data, WIRE_INPUT, WIRE_INPUT_RELEASE_ALL, 1));
	ck_assert_int_eq(out.kind, VIEWER_MESSAGE_RELEASE_ALL);
	exactly(screen(data, 1375, 825, 80));
	ck_assert_int_eq(out.kind, VIEWER_MESSAGE_SCREEN);
	ck_assert_uint_eq(out.screen.width, 1375);
	ck_assert_uint_eq(out.screen.height, 825);
	ck_assert_uint_eq(out.screen.scale, 80);
	exactly(numbers(data, WIRE_CONTROL, WIRE_CONTROL_PING, 1));
	ck_assert_uint_eq(out.ping_nonce, 100);
}
END_TEST

/* An acknowledgement with and without an answer, and nothing between the two. */
START_TEST(test_answers)
{
	size_t length = answer(data, 0xfedc, WIRE_ANSWER_MAX);

	for (size_t cut = 0; cut <= length + 1; cut++)
		ck_assert_int_eq(viewer_message_parse(data, cut, &out) == 0,
		        cut == length || cut == length - PICTURE_ANSWER_FIELDS);
	ACCEPTED(length - PICTURE_ANSWER_FIELDS);
	ck_assert_uint_eq(out.ack.frame, 100);
	ck_assert(!out.ack.has_answer);
	ACCEPTED(length);
	ck_assert(out.ack.has_answer);
	ck_assert_uint_eq(out.ack.frame, 100);
	ck_assert_uint_eq(out.ack.input, 0xfedc);
	ck_assert_uint_eq(out.ack.took, WIRE_ANSWER_MAX);
	ACCEPTED(answer(data, 0, 1));
	REFUSED(answer(data, 0, 0));
	REFUSED(answer(data, 0, WIRE_ANSWER_MAX + 1));
}
END_TEST

START_TEST(test_ranges)
{
	static char long_text[VIEWER_TEXT_MAX + 2];

	REFUSED(hello(data, 2, 1, 21, good_token));
	REFUSED(hello(data, 1, 1, WIRE_WINDOW_LOG_MIN - 1, good_token));
	REFUSED(hello(data, 1, 1, WIRE_WINDOW_LOG_MAX + 1, good_token));
	cache_slots++;
	REFUSED(hello(data, 1, 1, 21, good_token));
	cache_slots--;
	REFUSED(hello(data, 1, 1, 21, ""));
	REFUSED(hello(data, 1, 1, 21,
	        "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"));
	ACCEPTED(key(data, INPUT_KEY_MAX, 0, INPUT_MODIFIERS_ALL));
	REFUSED(key(data, 0, 1, 0));
	REFUSED(key(data, INPUT_KEY_MAX + 1, 1, 0));
	REFUSED(key(data, 30, 2, 0));
	REFUSED(key(data, 30, 1, INPUT_MODIFIERS_ALL + 1));
	REFUSED(pointer(data, INPUT_BUTTONS_ALL + 1, 0));
	REFUSED(pointer(data, 0, 0x8000));
	for (unsigned i = 0; i < 4; i++)
		REFUSED(wheel(
		        data, i == 0 ? 33 : 0, i == 1 ? 33 : 0, i == 2 ? 33 : 0, i == 3 ? 33 : 0));
	ACCEPTED(screen(data, 1, 1, WIRE_SCALE_MIN));
	ACCEPTED(screen(data, SCREEN_WIDTH_MAX, SCREEN_HEIGHT_MAX, WIRE_SCALE_MAX));
	REFUSED(screen(data, 0, 1, WIRE_SCALE_ONE));
	REFUSED(screen(data, 1, 0, WIRE_SCALE_ONE));
	REFUSED(screen(data, SCREEN_WIDTH_MAX + 1, 1, WIRE_SCALE_ONE));
	REFUSED(screen(data, 1, SCREEN_HEIGHT_MAX + 1, WIRE_SCALE_ONE));
	REFUSED(screen(data, 1, 1, WIRE_SCALE_MIN - 1));
	REFUSED(screen(data, 1, 1, WIRE_SCALE_MAX + 1));
	memset(long_text, 'a', WIRE_TEXT_CHARACTERS_MAX);
	ACCEPTED(text(data, 1, long_text));
	long_text[WIRE_TEXT_CHARACTERS_MAX] = 'a';
	REFUSED(text(data, 1, long_text));
	memset(long_text, 'a', VIEWER_TEXT_MAX + 1);
	REFUSED(text(data, 1, long_text));
	REFUSED(text(data, 2, "a"));
}
END_TEST

START_TEST(test_text)
{
	static const char *const bad[] = {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf",
	        "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
	        "\xe3\x81", "a\xe3", "\xff", "\x1b[31m", "\r", "\x7f", "\xc2\x85", "\b"};
	static const char *const good[] = {"", "a\tb\n", "\xc2\xa0", "\xef\xbf\xbd",
	        "\xf4\x8f\xbf\xbf", "\xee\x80\x80", "髙﨑①葛󠄀"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!is_plain_utf8(bad[i], strlen(bad[i])), "%zu", i);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(is_plain_utf8(good[i], strlen(good[i])), "%zu", i);
	ck_assert(!is_plain_utf8("a\0b", 3));
}
END_TEST

START_TEST(test_channels_and_types)
{
	for (unsigned channel = 0; channel < 16; channel++)
		for (unsigned type = 0; type < 16; type++) {
			size_t length = numbers(data, (uint8_t)channel, (uint8_t)type, 0);
			/* With nothing in it, only what is skipped is right. */
			bool is_video = channel >= WIRE_VIDEO_MIN && channel <= WIRE_VIDEO_MAX;
			bool is_right = is_video ? type == WIRE_VIDEO_FAILED
			                         : channel >= WIRE_CHANNEL_OPTIONAL_MIN;
			ck_assert_int_eq(viewer_message_parse(data, length, &out) == 0, is_right);
			if (is_right && !is_video)
				ck_assert_int_eq(out.kind, VIEWER_MESSAGE_SKIP);
		}
	REFUSED(MAX + 1);
}
END_TEST

static void in_range(void)
{
	switch (out.kind) {
	case VIEWER_MESSAGE_HELLO:
		ck_assert(is_token(out.hello.token, strlen(out.hello.token)));
		ck_assert_uint_le(out.hello.window_log_max, WIRE_WINDOW_LOG_MAX);
		break;
	case VIEWER_MESSAGE_KEY:
		ck_assert(out.key.key >= 1 && out.key.key <= 0xff &&
		          out.key.modifiers <= INPUT_MODIFIERS_ALL);
		break;
	case VIEWER_MESSAGE_POINTER:
		ck_assert(out.pointer.buttons <= INPUT_BUTTONS_ALL &&
		          out.pointer.modifiers <= INPUT_MODIFIERS_ALL);
		break;
	case VIEWER_MESSAGE_WHEEL:
		ck_assert(out.wheel.left <= 32 && out.wheel.right <= 32 && out.wheel.up <= 32 &&
		          out.wheel.down <= 32);
		break;
	case VIEWER_MESSAGE_TEXT:
		ck_assert(is_plain_utf8(out.text.text, out.text.length));
		break;
	case VIEWER_MESSAGE_SCREEN:
		ck_assert(out.screen.width >= 1 && out.screen.width <= SCREEN_WIDTH_MAX);
		ck_assert(out.screen.height >= 1 && out.screen.height <= SCREEN_HEIGHT_MAX);
		ck_assert(out.screen.scale >= WIRE_SCALE_MIN && out.screen.scale <= WIRE_SCALE_MAX);
		break;
	case VIEWER_MESSAGE_SKIP:
		ck_assert_uint_ge(WIRE_CHANNEL_OF(data[0]), WIRE_CHANNEL_OPTIONAL_MIN);
		break;
	case VIEWER_MESSAGE_PING:
	case VIEWER_MESSAGE_TOLD:
	case VIEWER_MESSAGE_ACK:
	case VIEWER_MESSAGE_VIDEO:
	case VIEWER_MESSAGE_RELEASE_ALL:
		break;
	}
}

START_TEST(test_flipped_bits)
{
	size_t lengths[] = {0, 0, 0, 0, 0};
	unsigned n_refused = 0;

	for (unsigned kind = 0; kind < 5; kind++) {
		for (size_t bit = 0;; bit++) {
			lengths[0] = kind == 0   ? hello(data, 1, 1, 21, good_token)
			             : kind == 1 ? key(data, 30, 1, 5)
			             : kind == 2 ? pointer(data, 1, 0)
			             : kind == 3 ? wheel(data, 1, 2, 3, 4)
			                         : text(data, 1, "漢字 kanji");
			if (bit == lengths[0] * 8)
				break;
			data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (viewer_message_parse(data, lengths[0], &out) == 0)
				in_range();
			else
				n_refused++;
		}
	}
	ck_assert_uint_gt(n_refused, 500);
}
END_TEST

int main(void)
{
	return SUITE_RUN("gate-viewer-input", test_whole_and_cut, test_answers, test_ranges,
	        test_text, test_channels_and_types, test_flipped_bits);
}
