/* The table of lies. Each is told to the real capture by itself in test_capture_hostile.c, many more of its kind with
 * it; here are those that a whole broker is shown (lying-host). */
#include "hostile/rfb_lies.h"

#include "capture/reader.h"

static void say_old_version(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_raw(script, "RFB 003.003\n", 12);
	script_u32(script, 19);
}

static void say_foreign_security(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_version(script);
	script_raw(script, "\2\1\23", 3); /* None or VeNCrypt */
}

static void say_giant_name(struct script *script, unsigned width, unsigned height)
{
	script_version(script);
	script_security(script);
	script_server_init(script, width, height, UINT32_MAX);
	script_fill(script, 'x', 65536);
}

static void say_giant_screen(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_handshake(script, 65535, 65535);
}

static void say_nothing(struct script *script, unsigned width, unsigned height)
{
	(void)script, (void)width, (void)height;
}

static void say_handshake_only(struct script *script, unsigned width, unsigned height)
{
	script_handshake(script, width, height);
}

/* 16384 x 65536 x 4 bytes are none in 32 bits. */
static void say_giant_rectangle(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_update(script, 1);
	script_rect(script, 0, 0, 16384, 65535, RFB_RAW);
	script_fill(script, 1, 65536);
}

static void say_rectangle_outside(struct script *script, unsigned width, unsigned height)
{
	script_update(script, 1);
	script_raw_rect(script, width - 1, height - 1, 2, 2, 1);
}

static void say_copy_from_outside(struct script *script, unsigned width, unsigned height)
{
	script_update(script, 1);
	script_rect(script, 0, 0, width, height, RFB_COPY_RECT);
	script_u16(script, 1);
	script_u16(script, 1);
}

static void say_giant_cursor(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_update(script, 1);
	script_rect(script, 0, 0, 2048, 2048, RFB_CURSOR);
	script_fill(script, 0xff, 65536);
}

static void say_hot_spot_outside(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_update(script, 1);
	script_rect(script, 65535, 65535, 16, 16, RFB_CURSOR);
	script_fill(script, 0xff, 16 * 16 * 4 + 2 * 16);
}

static void say_tight(struct script *script, unsigned width, unsigned height)
{
	enum { TIGHT = 7 };

	script_update(script, 1);
	script_rect(script, 0, 0, width, height, TIGHT);
	script_fill(script, 0xff, 4096);
}

static void say_colour_map(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_u8(script, 1);
	script_fill(script, 0xff, 5 + 65535);
}

static void say_endless_update(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_update(script, 65535);
	for (int i = 0; i < 4096; i++)
		script_raw_rect(script, 0, 0, 1, 1, 1);
}

static void say_bell(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_u8(script, 2);
}

static void say_cut_text(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_cut_text(script, 60000);
	script_fill(script, 'x', 60000);
}

static void say_giant_cut_text(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_cut_text(script, READER_CUT_TEXT_MAX + 1);
}

static void say_sizes(struct script *script, unsigned width, unsigned height)
{
	script_update(script, 2);
	script_desktop_size(script, 320, 240);
	script_desktop_size(script, width, height);
}

static void say_empty_update(struct script *script, unsigned width, unsigned height)
{
	(void)width, (void)height;
	script_update(script, 0);
}

/* A taken host may change its whole screen as often as capture asks: that is no offence, only work. */
static void say_whole_screen(struct script *script, unsigned width, unsigned height)
{
	static uint32_t random = 1; /* another picture each time */

	script_update(script, 1);
	script_rect(script, 0, 0, width, height, RFB_RAW);
	for (size_t i = 0; i < (size_t)width * height; i++) {
		random = random * 1664525 + 1013904223;
		script_raw(script, &random, sizeof(random));
	}
}

const struct lie rfb_lies[] = {
        {"an old version", false, LIE_ONCE, say_old_version},
        {"a foreign security type", false, LIE_ONCE, say_foreign_security},
        {"a giant name", false, LIE_ONCE, say_giant_name},
        {"a giant screen", false, LIE_ONCE, say_giant_screen},
        {"silence", false, LIE_ONCE, say_nothing},
        {"a trickled handshake", false, LIE_TRICKLE, say_handshake_only},
        {"no picture", false, LIE_ONCE, say_handshake_only},
        {"a giant rectangle", true, LIE_ONCE, say_giant_rectangle},
        {"a rectangle outside", true, LIE_ONCE, say_rectangle_outside},
        {"a copy from outside", true, LIE_ONCE, say_copy_from_outside},
        {"a giant cursor", true, LIE_ONCE, say_giant_cursor},
        {"a hot spot outside", true, LIE_ONCE, say_hot_spot_outside},
        {"an encoding that was not offered", true, LIE_ONCE, say_tight},
        {"a colour map", true, LIE_ONCE, say_colour_map},
        {"an endless update", true, LIE_TRICKLE, say_endless_update},
        {"a flood of bells", true, LIE_FLOOD, say_bell},
        {"a flood of cut texts", true, LIE_FLOOD, say_cut_text},
        {"a giant cut text", true, LIE_ONCE, say_giant_cut_text},
        {"a storm of sizes", true, LIE_AT_REQUEST, say_sizes},
        {"empty updates", true, LIE_AT_REQUEST, say_empty_update},
        {"updates that were not asked for", true, LIE_FLOOD, say_empty_update},
        {"a closed door", true, LIE_CLOSE, say_nothing},
        {"a whole screen as often as asked", true, LIE_AT_REQUEST, say_whole_screen},
};
const unsigned n_rfb_lies = sizeof(rfb_lies) / sizeof(rfb_lies[0]);
