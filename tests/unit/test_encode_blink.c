/* A caret that blinks: kept by the viewer the second time, named from the third on, and never shown where it would be wrong. */
#include "unit/encode_frame_rig.h"

static size_t blink(struct rect caret, uint32_t picture)
{
	for (uint32_t y = caret.y; y < caret.y + (uint32_t)caret.height; y++)
		for (uint32_t x = caret.x; x < caret.x + (uint32_t)caret.width; x++)
			put_pixel(x, y, picture ? picture * 0x102030 : support_page_pixel(x, y));
	damage(caret);
	ck_assert(frame(NULL, 0));
	return core.frame_bytes;
}

/* Over writing, and across the edge of two tiles: from the third change on kind, flags, number, length and two bytes a tile. */
START_TEST(a_caret_blinks)
{
	const struct rect caret = {20, 50, 2, 30}, other = {200, 140, 2, 20};

	start();
	draw_page((struct rect){0, 0, WIDTH, HEIGHT}, 0, 0);
	frame(NULL, 0);
	ck_assert_uint_gt(blink(caret, 1), 8);
	ck_assert_uint_gt(blink(caret, 0), 8);
	for (uint32_t i = 1; i < 8; i++)
		ck_assert_uint_eq(blink(caret, i % 2), 8);
	ck_assert_uint_gt(blink(other, 1), 6);
	ck_assert_uint_gt(blink(other, 0), 6);
	ck_assert_uint_eq(blink(other, 1), 6);
	/* What shows something new is said, and not kept again. */
	ck_assert_uint_gt(blink(other, 2), 6);
	ck_assert_uint_gt(blink(other, 1), 6);
	ck_assert_uint_gt(blink(other, 2), 6);
	ck_assert_uint_eq(blink(caret, 0), 8);
	/* Under it the page is another: what was kept is not shown. */
	draw_page((struct rect){0, 0, WIDTH, HEIGHT}, 7, 7);
	frame(NULL, 0);
	ck_assert_uint_gt(blink(caret, 3), 8);
	finish();
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode blink", a_caret_blinks);
}
