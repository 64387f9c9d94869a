/* Fields and numbers: what is written is read back, and nothing beyond the end is. */
#include "unit/suite.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"

#include <string.h>

static size_t write_all(uint8_t *data, size_t size, int *error)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, data, size);
	bytes_put_u8(&writer, 0x12);
	bytes_put_u16(&writer, 0x3456);
	bytes_put_u32(&writer, 0x789abcdeu);
	bytes_put_u64(&writer, 0x0123456789abcdefull);
	bytes_put_string(&writer, "障子", 6);
	*error = writer.error;
	return writer.length;
}

static int read_all(const uint8_t *data, size_t length)
{
	struct bytes_reader reader;
	char text[7];

	bytes_reader_init(&reader, data, length);
	bool is_same = bytes_get_u8(&reader) == 0x12;
	is_same = bytes_get_u16(&reader) == 0x3456 && is_same;
	is_same = bytes_get_u32(&reader) == 0x789abcdeu && is_same;
	is_same = bytes_get_u64(&reader) == 0x0123456789abcdefull && is_same;
	bytes_get_string(&reader, text, 6);
	is_same = strcmp(text, "障子") == 0 && is_same;
	return bytes_reader_finish(&reader) ? SHOJI_ERR_MALFORMED : is_same ? 0 : 1;
}

START_TEST(test_round_trip)
{
	uint8_t data[64];
	int error;
	size_t length = write_all(data, sizeof(data), &error);

	ck_assert_int_eq(error, 0);
	ck_assert_uint_eq(length, 1 + 2 + 4 + 8 + 2 + 6);
	ck_assert_int_eq(read_all(data, length), 0);
	ck_assert_uint_eq(data[1], 0x56); /* little endian */
}
END_TEST

START_TEST(test_cut_at_every_length)
{
	uint8_t data[64];
	int error;
	size_t length = write_all(data, sizeof(data), &error);

	for (size_t cut = 0; cut < length; cut++) {
		ck_assert_int_eq(read_all(data, cut), SHOJI_ERR_MALFORMED);
		uint8_t small[64];
		write_all(small, cut, &error);
		ck_assert_int_eq(error, SHOJI_ERR_LIMIT);
	}
	ck_assert_int_eq(read_all(data, length + 1), SHOJI_ERR_MALFORMED);
}
END_TEST

START_TEST(test_string_limits)
{
	uint8_t data[16];
	struct bytes_writer writer;
	struct bytes_reader reader;
	char text[4];

	bytes_writer_init(&writer, data, sizeof(data));
	bytes_put_string(&writer, "abcd", 3);
	ck_assert_int_eq(writer.error, SHOJI_ERR_LIMIT);
	bytes_reader_init(&reader, (const uint8_t *)"\4\0abcd", 6);
	bytes_get_string(&reader, text, 3);
	ck_assert_int_eq(reader.error, SHOJI_ERR_MALFORMED);
	bytes_reader_init(&reader, (const uint8_t *)"\3\0a\0c", 5);
	bytes_get_string(&reader, text, 3);
	ck_assert_int_eq(reader.error, SHOJI_ERR_MALFORMED);
}
END_TEST

START_TEST(test_numbers)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {{"0", SHOJI_ERR_LIMIT}, {"1", 0}, {"10", 0}, {"11", SHOJI_ERR_LIMIT},
	        {"", SHOJI_ERR_MALFORMED}, {"01", SHOJI_ERR_MALFORMED}, {"-1", SHOJI_ERR_MALFORMED},
	        {" 1", SHOJI_ERR_MALFORMED}, {"1 ", SHOJI_ERR_MALFORMED},
	        {"0x1", SHOJI_ERR_MALFORMED}, {"18446744073709551617", SHOJI_ERR_LIMIT},
	        {"99999999999999999999999", SHOJI_ERR_LIMIT}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 77;
		ck_assert_msg(number_parse(cases[i].text, strlen(cases[i].text), 1, 10, &value) ==
		                      cases[i].error,
		        "\"%s\"", cases[i].text);
		ck_assert_msg(cases[i].error == 0 || value == 77, "written on failure");
	}
}
END_TEST

START_TEST(test_log_quote)
{
	char out[LOG_QUOTE_MAX];
	char many[1000];

	ck_assert_str_eq(
	        log_quote(out, "a\"b\\\n\x1b[0m\0z", 11), "a\\x22b\\x5c\\x0a\\x1b[0m\\x00z");
	memset(many, '\n', sizeof(many));
	ck_assert_uint_lt(strlen(log_quote(out, many, sizeof(many))), LOG_QUOTE_MAX);
}
END_TEST

int main(void)
{
	return SUITE_RUN("base-bytes", test_round_trip, test_cut_at_every_length,
	        test_string_limits, test_numbers, test_log_quote);
}
