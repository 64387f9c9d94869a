/* The handshake: each thing that a server may say otherwise is refused, our replies are the right bytes, and it
 * does not matter how the bytes arrive. */
#include "unit/suite.h"

#include "base/error.h"
#include "hostile/rfb_script.h"

static struct handshake handshake;
static struct script replies;

/* Says all of it in pieces of `piece` bytes; returns 0 or the error. */
static int say(const struct script *script, size_t piece)
{
	handshake_init(&handshake, 1280, 800);
	script_free(&replies);
	for (size_t at = 0; at < script->length;) {
		size_t length = script->length - at < piece ? script->length - at : piece;
		const uint8_t *reply;
		int n = handshake_feed(&handshake, script->bytes + at, length);
		if (n < 0)
			return n;
		size_t reply_length = handshake_reply(&handshake, &reply);
		script_raw(&replies, reply, reply_length);
		if (n == 0)
			break;
		at += (size_t)n;
	}
	return 0;
}

static int say_and_free(struct script *script)
{
	int error = say(script, 4096);

	script_free(script);
	return error;
}

static const uint8_t expected_replies[] = {
        'R', 'F', 'B', ' ', '0', '0', '3', '.', '0', '0', '8', '\n', /* the version */
        1,                                                           /* security None */
        1,                                                           /* shared */
        0, 0, 0, 0,                                                  /* SetPixelFormat */
        32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0,     /* B,G,R,X */
        2, 0, 0, 6,                                                  /* SetEncodings: six */
        0, 0, 0, 0,                                                  /* Raw */
        0, 0, 0, 1,                                                  /* CopyRect */
        0xff, 0xff, 0xff, 0x11,                                      /* Cursor */
        0xff, 0xff, 0xfe, 0xcc,                                      /* ExtendedDesktopSize */
        0xff, 0xff, 0xfe, 0xfe,                                      /* QEMU extended key */
        0xff, 0xff, 0xff, 0x09,                                      /* compression level 9 */
};

START_TEST(replies_are_exact_however_bytes_arrive)
{
	struct script script = {0};

	script_handshake(&script, 1280, 800);
	for (size_t piece = 1; piece <= script.length; piece++) {
		ck_assert_int_eq(say(&script, piece), 0);
		ck_assert(handshake_is_done(&handshake));
		ck_assert_uint_eq(handshake.width, 1280);
		ck_assert_uint_eq(handshake.height, 800);
		ck_assert_uint_eq(replies.length, sizeof(expected_replies));
		ck_assert_mem_eq(replies.bytes, expected_replies, sizeof(expected_replies));
	}
	script_free(&script);
	script_free(&replies);
}
END_TEST

START_TEST(nothing_after_the_end_is_consumed)
{
	struct script script = {0};

	script_handshake(&script, 640, 480);
	ck_assert_int_eq(say(&script, 4096), 0);
	ck_assert_int_eq(handshake_feed(&handshake, script.bytes, script.length), 0);
	script_free(&script);
	script_free(&replies);
}
END_TEST

START_TEST(cut_off_it_is_never_done)
{
	struct script script = {0};

	script_handshake(&script, 640, 480);
	for (size_t length = 0; length < script.length; length++) {
		struct script part = {.bytes = script.bytes, .length = length};
		ck_assert_int_eq(say(&part, 4096), 0);
		ck_assert(!handshake_is_done(&handshake));
	}
	script_free(&script);
	script_free(&replies);
}
END_TEST

/* Whatever bit is flipped: refused, or done within the limits. */
START_TEST(flipped_bits)
{
	struct script script = {0};
	size_t n_refused = 0;

	script_handshake(&script, 640, 480);
	for (size_t bit = 0; bit < script.length * 8; bit++) {
		script.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		int error = say(&script, 4096);
		n_refused += error != 0;
		if (bit < (12 + 1 + 1 + 4) * 8)
			ck_assert_int_eq(error, SHOJI_ERR_FORBIDDEN);
		if (handshake_is_done(&handshake))
			ck_assert(handshake.width >= 320 && handshake.width <= 1280 &&
			          handshake.height >= 240 && handshake.height <= 800);
		script.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_uint_gt(n_refused, 18 * 8);
	script_free(&script);
	script_free(&replies);
}
END_TEST

START_TEST(other_versions_are_refused)
{
	static const char *const versions[] = {"RFB 003.003\n", "RFB 003.007\n", "RFB 003.889\n",
	        "RFB 004.001\n", "RFB 003.008\r", "rfb 003.008\n", "HTTP/1.1 200"};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct script script = {0};
		script_raw(&script, versions[i], 12);
		ck_assert_int_eq(say_and_free(&script), SHOJI_ERR_FORBIDDEN);
		ck_assert_uint_eq(replies.length, 0);
	}
}
END_TEST

START_TEST(other_security_is_refused)
{
	static const uint8_t lists[][4] = {{0}, {1, 2}, {1, 16}, {1, 18}, {1, 19}, {1, 20}, {1, 30},
	        {2, 1, 2}, {2, 2, 1}, {2, 1, 1}, {255, 1, 1, 1}};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct script script = {0};
		script_version(&script);
		script_raw(&script, lists[i], sizeof(lists[i]));
		ck_assert_int_eq(say_and_free(&script), SHOJI_ERR_FORBIDDEN);
		ck_assert_uint_eq(replies.length, 12);
	}
	script_free(&replies);
}
END_TEST

START_TEST(screens_and_names_over_their_limits)
{
	static const struct {
		unsigned width, height;
		uint32_t name_length;
		int error;
	} cases[] = {{1280, 800, 1024, 0}, {1280, 800, 0, 0}, {320, 240, 4, 0},
	        {1281, 800, 4, SHOJI_ERR_LIMIT}, {1280, 801, 4, SHOJI_ERR_LIMIT},
	        {319, 240, 4, SHOJI_ERR_LIMIT}, {320, 239, 4, SHOJI_ERR_LIMIT},
	        {0, 0, 4, SHOJI_ERR_LIMIT}, {65535, 65535, 4, SHOJI_ERR_LIMIT},
	        {1280, 800, 1025, SHOJI_ERR_LIMIT}, {1280, 800, UINT32_MAX, SHOJI_ERR_LIMIT}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script script = {0};
		script_version(&script);
		script_security(&script);
		script_server_init(&script, cases[i].width, cases[i].height, cases[i].name_length);
		if (cases[i].error == 0)
			script_fill(&script, 'n', cases[i].name_length);
		ck_assert_int_eq(say_and_free(&script), cases[i].error);
		ck_assert(handshake_is_done(&handshake) == (cases[i].error == 0));
	}
	script_free(&replies);
}
END_TEST

int main(void)
{
	return SUITE_RUN("capture handshake", replies_are_exact_however_bytes_arrive,
	        nothing_after_the_end_is_consumed, cut_off_it_is_never_done, flipped_bits,
	        other_versions_are_refused, other_security_is_refused,
	        screens_and_names_over_their_limits);
}
