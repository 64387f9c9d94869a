/* Cursor, caret and texts: kept as the latest, told once, readable by the viewer's decoder whatever the cursor's pixels are. */
#include "unit/suite.h"

#include "unit/stream_support.h"

#include "encode/compressor.h"
#include "encode/values.h"

static struct values values;
static struct values_told told;
static uint8_t *once;
static uint8_t slice[WIRE_SLICE_MAX];

static void start(void)
{
	size_t size = compressor_once_size();

	once = aligned_alloc(64, (size + 63) & ~(size_t)63);
	values_init(&values, once, size);
	values_told_nothing(&told);
	/* Whether the focus takes text is told to whoever comes. */
	values_next(&values, &told, 0, slice);
}

static struct message_cursor cursor_of(uint8_t side, uint32_t noise, uint8_t *image)
{
	uint64_t state = noise + 1;
	uint32_t length = side * side * 3u + side * ((side + 7u) / 8);

	for (uint32_t i = 0; i < length; i++)
		image[i] = noise ? (uint8_t)support_random(&state)
		                 : (uint8_t)(i < side * side * 3u ? 9 : 255);
	return (struct message_cursor){
	        .width = side, .height = side, .image = image, .image_length = length};
}

START_TEST(any_cursor_fits)
{
	static uint8_t image[51200];
	struct stream_decoder *decoder = support_decoder_new(320, 240);

	start();
	for (uint32_t noise = 0; noise < 6; noise++)
		for (unsigned side = 1; side <= 128; side += side < 8 ? 1 : 15) {
			struct message_cursor cursor = cursor_of((uint8_t)side, noise, image);
			/* All of it shown: the hardest to compress. */
			memset(image + side * side * 3, 255, side * ((side + 7) / 8));
			values_set_cursor(&values, &cursor);
			size_t length = values_next(&values, &told, WIRE_CAN_CURSOR, slice);
			ck_assert_uint_gt(length, 0);
			ck_assert_int_eq(
			        stream_decoder_push(decoder, slice, length), STREAM_CURSOR);
			ck_assert_uint_eq(stream_decoder_side(decoder)->cursor_width, side);
			const uint8_t *rgba = stream_decoder_side(decoder)->cursor;
			unsigned n_wrong = 0;
			for (unsigned i = 0; i < side * side; i++)
				n_wrong += (rgba[i * 4] & 0xe0) != (image[i * 3 + 2] & 0xe0) ||
				           rgba[i * 4 + 3] != 255;
			ck_assert_uint_eq(n_wrong, 0);
		}
	free(decoder);
	free(once);
}
END_TEST

START_TEST(what_is_not_shown_is_not_sent)
{
	static uint8_t image[51200];
	struct stream_decoder *decoder = support_decoder_new(320, 240);
	struct message_cursor cursor = cursor_of(16, 1, image);

	start();
	memset(image + 16 * 16 * 3, 0, 16 * 2);
	values_set_cursor(&values, &cursor);
	size_t length = values_next(&values, &told, WIRE_CAN_CURSOR, slice);
	ck_assert_int_eq(stream_decoder_push(decoder, slice, length), STREAM_CURSOR);
	for (unsigned i = 0; i < 16 * 16 * 4; i++)
		ck_assert_uint_eq(stream_decoder_side(decoder)->cursor[i], 0);
	free(decoder);
	free(once);
}
END_TEST

START_TEST(latest_state_once)
{
	static uint8_t image[51200];
	struct message_cursor cursor = cursor_of(8, 0, image);

	start();
	values_set_cursor(&values, &cursor);
	for (uint16_t i = 0; i < 1000; i++)
		values_set_caret(&values, &(struct message_caret){.x = i});
	values_set_takes_text(&values, 1);
	ck_assert_uint_eq(values_next(&values, &told, 0, slice), 2);
	ck_assert_uint_eq(values_next(&values, &told, 0, slice), 9);
	ck_assert_uint_eq(slice[1] | slice[2] << 8, 999);
	/* A viewer that shows no cursor is sent none. */
	ck_assert_uint_eq(values_next(&values, &told, 0, slice), 0);
	ck_assert_uint_gt(values_next(&values, &told, WIRE_CAN_CURSOR, slice), 12);
	ck_assert_uint_eq(values_next(&values, &told, WIRE_CAN_CURSOR, slice), 0);
	values_told_nothing(&told);
	size_t n = 0;
	while (values_next(&values, &told, WIRE_CAN_CURSOR, slice))
		n++;
	ck_assert_uint_eq(n, 3);
	free(once);
}
END_TEST

/* A viewer that does not read loses the oldest, and nothing else. */
START_TEST(outcomes_in_order_and_the_oldest_goes)
{
	enum { SURPLUS = 300 };

	start();
	for (uint32_t i = 0; i < VALUES_OUTCOMES_MAX + SURPLUS; i++)
		values_add_outcome(&told, &(struct message_text_outcome){.text_number = i});
	for (uint32_t i = SURPLUS; i < VALUES_OUTCOMES_MAX + SURPLUS; i++) {
		ck_assert_uint_eq(values_next(&values, &told, 0, slice), 6);
		ck_assert_uint_eq(slice[1] | (uint32_t)slice[2] << 8, i);
	}
	ck_assert_uint_eq(values_next(&values, &told, 0, slice), 0);
	free(once);
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode values", any_cursor_fits, what_is_not_shown_is_not_sent,
	        latest_state_once, outcomes_in_order_and_the_oldest_goes);
}
