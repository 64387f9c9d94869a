/* The header of a slice, and the rate of slices. */
#include "unit/suite.h"

#include "base/error.h"
#include "gate/slice_check.h"
#include "stream/picture.h"
#include "stream/wire.h"

static uint8_t slice[WIRE_SLICE_MAX + 1];

static int check_of(uint8_t channel, size_t length)
{
	struct slice_check check = {0};

	slice[0] = WIRE_KIND(channel, 1);
	return slice_check(&check, slice, length, 1000);
}

START_TEST(test_lengths)
{
	for (size_t length = 0; length < WIRE_HEADER_BYTES; length++)
		ck_assert_int_eq(check_of(WIRE_PICTURE, length), SHOJI_ERR_MALFORMED);
	ck_assert_int_eq(check_of(WIRE_PICTURE, WIRE_HEADER_BYTES), 0);
	ck_assert_int_eq(check_of(WIRE_PICTURE, WIRE_SLICE_MAX), 0);
	ck_assert_int_eq(check_of(WIRE_PICTURE, WIRE_SLICE_MAX + 1), SHOJI_ERR_MALFORMED);
}
END_TEST

START_TEST(test_channels)
{
	for (unsigned channel = 0; channel < 16; channel++) {
		bool is_encodes = channel == WIRE_PICTURE || channel == WIRE_CURSOR ||
		                  channel == WIRE_TEXT || channel == WIRE_VIDEO_MIN ||
		                  channel == WIRE_VIDEO_MAX;
		ck_assert_int_eq(
		        check_of((uint8_t)channel, 64), is_encodes ? 0 : SHOJI_ERR_MALFORMED);
	}
}
END_TEST

START_TEST(test_rate)
{
	struct slice_check check = {0};

	slice[0] = WIRE_KIND(WIRE_CURSOR, WIRE_CURSOR_CARET);
	for (unsigned i = 0; i < SLICES_PER_SECOND_MAX; i++)
		ck_assert_int_eq(slice_check(&check, slice, 8, 5000 + i % 1000), 0);
	ck_assert_int_eq(slice_check(&check, slice, 8, 5999), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(slice_check(&check, slice, 8, 6000), 0);
	unsigned n = 0;
	while (slice_check(&check, slice, WIRE_SLICE_MAX, 7000) == 0)
		n++;
	ck_assert_uint_eq(n, SLICE_BYTES_PER_SECOND_MAX / WIRE_SLICE_MAX);
}
END_TEST

START_TEST(test_begin)
{
	const uint8_t begin[] = {WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_BEGIN)};
	const uint8_t frame[] = {WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_FRAME)};
	const uint8_t cursor[] = {WIRE_KIND(WIRE_CURSOR, WIRE_PICTURE_BEGIN)};

	ck_assert(slice_is_begin(begin));
	ck_assert(!slice_is_begin(frame));
	ck_assert(!slice_is_begin(cursor));
}
END_TEST

int main(void)
{
	return SUITE_RUN("gate-slice", test_lengths, test_channels, test_rate, test_begin);
}
