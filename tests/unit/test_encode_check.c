/* What encode believes of capture, and the small stores it works with. */
#include "unit/suite.h"

#include "base/error.h"
#include "encode/capture_check.h"
#include "encode/outbox.h"
#include "encode/tiles.h"
#include "stream/wire.h"

#include <string.h>

static struct capture_check check;

static int geometry(uint32_t generation, uint16_t width, uint16_t height)
{
	return capture_check_geometry(
	        &check, &(struct message_geometry){
	                        .generation = generation, .width = width, .height = height});
}

static int damage(uint32_t generation, uint32_t sequence, struct rect rect)
{
	static struct message_damage message;
	bool is_old;

	message = (struct message_damage){
	        .generation = generation, .sequence = sequence, .n_rects = 1, .rects = {rect}};
	return capture_check_damage(&check, &message, &is_old);
}

START_TEST(geometry_is_within_the_buffer_and_rises)
{
	capture_check_init(&check, 1280, 800);
	ck_assert_int_eq(damage(1, 1, (struct rect){0, 0, 1, 1}), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(geometry(5, 1281, 800), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(geometry(5, 1280, 801), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(geometry(5, 0, 800), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(geometry(5, 1280, 0), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(geometry(5, 1280, 800), 0);
	ck_assert_int_eq(geometry(5, 1280, 800), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(geometry(4, 1280, 800), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(geometry(6, 640, 400), 0);
}
END_TEST

START_TEST(damage_is_on_the_screen_and_in_order)
{
	bool is_old;

	capture_check_init(&check, 1280, 800);
	ck_assert_int_eq(geometry(2, 640, 400), 0);
	ck_assert_int_eq(damage(2, 9, (struct rect){0, 0, 640, 400}), 0);
	ck_assert_int_eq(damage(2, 9, (struct rect){0, 0, 640, 400}), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(damage(2, 11, (struct rect){0, 0, 640, 400}), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(damage(2, 10, (struct rect){1, 0, 640, 400}), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(damage(2, 10, (struct rect){0, 1, 640, 400}), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(damage(2, 10, (struct rect){65535, 0, 65535, 1}), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(damage(3, 10, (struct rect){0, 0, 1, 1}), SHOJI_ERR_FORBIDDEN);
	static struct message_damage copied = {.generation = 2,
	        .sequence = 10,
	        .n_copies = 1,
	        .copies = {{.source_x = 0, .source_y = 390, .width = 10, .height = 11}}};
	ck_assert_int_eq(capture_check_damage(&check, &copied, &is_old), SHOJI_ERR_FORBIDDEN);
	copied.copies[0].source_y = 389;
	copied.copies[0].y = 390;
	ck_assert_int_eq(capture_check_damage(&check, &copied, &is_old), SHOJI_ERR_FORBIDDEN);
	copied.copies[0].y = 0;
	ck_assert_int_eq(capture_check_damage(&check, &copied, &is_old), 0);
	ck_assert(!is_old);
	/* Of a size that is over: not taken, but answered. */
	ck_assert_int_eq(geometry(3, 100, 100), 0);
	copied.sequence = 11;
	ck_assert_int_eq(capture_check_damage(&check, &copied, &is_old), 0);
	ck_assert(is_old);
}
END_TEST

static int cursor(uint8_t width, uint8_t height, uint8_t hot_x, uint8_t hot_y, uint32_t length)
{
	return capture_check_cursor(&(struct message_cursor){.width = width,
	        .height = height,
	        .hot_x = hot_x,
	        .hot_y = hot_y,
	        .image_length = length});
}

START_TEST(cursor_and_values)
{
	ck_assert_int_eq(cursor(9, 2, 8, 1, 9 * 2 * 3 + 2 * 2), 0);
	ck_assert_int_eq(cursor(9, 2, 9, 1, 9 * 2 * 3 + 2 * 2), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(cursor(9, 2, 8, 2, 9 * 2 * 3 + 2 * 2), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(cursor(9, 2, 8, 1, 9 * 2 * 3 + 2 * 2 - 1), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(cursor(9, 2, 8, 1, 9 * 2 * 3 + 2 * 2 + 1), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(cursor(129, 1, 0, 0, 129 * 3 + 17), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(cursor(1, 129, 0, 0, 129 * 3 + 129), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(cursor(0, 0, 0, 0, 0), 0);
	ck_assert_int_eq(cursor(0, 1, 0, 0, 0), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(cursor(0, 0, 0, 0, 1), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(
	        capture_check_takes_text(&(struct message_takes_text){.takes_text = 2}), 0);
	ck_assert_int_eq(capture_check_takes_text(&(struct message_takes_text){.takes_text = 3}),
	        SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(
	        capture_check_text_outcome(&(struct message_text_outcome){.outcome = 2}), 0);
	ck_assert_int_eq(capture_check_text_outcome(&(struct message_text_outcome){.outcome = 3}),
	        SHOJI_ERR_FORBIDDEN);
	capture_check_init(&check, 1280, 800);
	struct message_caret caret = {.x = 99, .y = 99, .width = 1, .height = 1};
	ck_assert_int_eq(capture_check_caret(&check, &caret), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(geometry(1, 100, 100), 0);
	ck_assert_int_eq(capture_check_caret(&check, &caret), 0);
	caret.width = 2;
	ck_assert_int_eq(capture_check_caret(&check, &caret), SHOJI_ERR_FORBIDDEN);
}
END_TEST

START_TEST(outbox_keeps_order_and_its_limit)
{
	static uint8_t memory[3 * (WIRE_SLICE_MAX + 4)], slice[WIRE_SLICE_MAX];
	struct outbox outbox;
	size_t length;

	outbox_init(&outbox, memory, sizeof(memory));
	ck_assert_ptr_null(outbox_peek(&outbox, &length));
	for (uint8_t i = 0; i < 3; i++) {
		slice[0] = i;
		ck_assert(outbox_put(&outbox, slice, sizeof(slice)));
	}
	ck_assert(!outbox_put(&outbox, slice, 1));
	for (uint8_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(outbox_peek(&outbox, &length)[0], i);
		ck_assert_uint_eq(length, sizeof(slice));
		outbox_pop(&outbox);
	}
	ck_assert_ptr_null(outbox_peek(&outbox, &length));
	ck_assert(outbox_put(&outbox, slice, sizeof(slice)));
}
END_TEST

START_TEST(tiles_count_what_they_mark)
{
	static struct tiles tiles;

	tiles_resize(&tiles, 130, 65);
	ck_assert_uint_eq(tiles.columns, 3);
	ck_assert_uint_eq(tiles.rows, 2);
	tiles_mark(&tiles, &(struct rect){63, 0, 2, 1});
	ck_assert_uint_eq(tiles.n_marked, 2);
	tiles_mark(&tiles, &(struct rect){5, 5, 0, 9});
	ck_assert_uint_eq(tiles.n_marked, 2);
	tiles_mark_all(&tiles);
	ck_assert_uint_eq(tiles.n_marked, 6);
	tiles_unmark(&tiles, 2, 1);
	tiles_unmark(&tiles, 2, 1);
	ck_assert_uint_eq(tiles.n_marked, 5);
	struct rect corner = tiles_area(&tiles, 2, 1);
	ck_assert_uint_eq(corner.width, 2);
	ck_assert_uint_eq(corner.height, 1);
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode check", geometry_is_within_the_buffer_and_rises,
	        damage_is_on_the_screen_and_in_order, cursor_and_values,
	        outbox_keeps_order_and_its_limit, tiles_count_what_they_mark);
}
