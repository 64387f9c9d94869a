/* The message table: every message survives its own reader; cut, extended or damaged ones do not
 * pass unnoticed; the table itself is sound. */
#include "unit/suite.h"

#include "base/channel.h"
#include "base/error.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint8_t bytes[MESSAGE_SIZE_MAX];

static struct message as_received(const struct bytes_writer *writer, size_t n_fds)
{
	struct message in = {.number = (uint16_t)(bytes[0] | bytes[1] << 8),
	        .data = bytes + MESSAGE_HEADER_BYTES,
	        .length = writer->length - MESSAGE_HEADER_BYTES,
	        .n_fds = n_fds};

	for (size_t i = 0; i < n_fds; i++)
		in.fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return in;
}

/* An all-zero message of each kind is valid: the smallest one. */
START_TEST(test_every_message_round_trips)
{
	int n_seen = 0;
#define M(id, name, NAME, link, sender, phases, times)                                             \
	{                                                                                          \
		struct bytes_writer writer;                                                        \
		struct message_##name value;                                                       \
		int fds[MESSAGE_FDS_MAX];                                                          \
		size_t n_fds;                                                                      \
		memset(&value, 0, sizeof(value));                                                  \
		bytes_writer_init(&writer, bytes, sizeof(bytes));                                  \
		ck_assert_int_eq(message_put_##name(&writer, &value, fds, &n_fds), 0);             \
		const struct message_rule *rule = message_rule_find(id);                           \
		ck_assert_uint_eq(rule->n_fds, n_fds);                                             \
		ck_assert_uint_le(writer.length, rule->size_max);                                  \
		struct message in = as_received(&writer, n_fds);                                   \
		ck_assert_int_eq(message_check(&in), 0);                                           \
		in = as_received(&writer, n_fds);                                                  \
		in.length++;                                                                       \
		ck_assert_int_eq(message_check(&in), SHOJI_ERR_MALFORMED);                         \
		message_release(&in);                                                              \
		for (size_t cut = 0; cut + MESSAGE_HEADER_BYTES < writer.length; cut++) {          \
			in = as_received(&writer, n_fds);                                          \
			in.length = cut;                                                           \
			ck_assert_int_eq(message_check(&in), SHOJI_ERR_MALFORMED);                 \
			message_release(&in);                                                      \
		}                                                                                  \
		in = as_received(&writer, n_fds + 1 <= MESSAGE_FDS_MAX ? n_fds + 1 : n_fds - 1);   \
		ck_assert_int_eq(message_check(&in), SHOJI_ERR_MALFORMED);                         \
		message_release(&in);                                                              \
		n_seen++;                                                                          \
	}
	SHOJI_MESSAGES(M)
#undef M
	ck_assert_int_gt(n_seen, 50);
}
END_TEST

START_TEST(test_numbers_are_unique)
{
	size_t n;
	const struct message_rule *rules = message_rules(&n);

	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_le(rules[i].number, MESSAGE_NUMBER_MAX);
		for (size_t j = i + 1; j < n; j++)
			ck_assert_uint_ne(rules[i].number, rules[j].number);
	}
	ck_assert_ptr_null(message_rule_find(MESSAGE_NUMBER_MAX));
}
END_TEST

START_TEST(test_values_survive)
{
	struct message_damage damage = {.generation = 3,
	        .sequence = 9,
	        .n_rects = 2,
	        .n_copies = 1,
	        .rects = {{1, 2, 3, 4}, {5, 6, 7, 8}},
	        .copies = {{1, 2, 3, 4, 5, 6}}};
	static struct message_damage got;
	struct bytes_writer writer;
	int fds[MESSAGE_FDS_MAX];
	size_t n_fds;

	bytes_writer_init(&writer, bytes, sizeof(bytes));
	ck_assert_int_eq(message_put_damage(&writer, &damage, fds, &n_fds), 0);
	struct message in = as_received(&writer, 0);
	ck_assert_int_eq(message_get_damage(&in, &got), 0);
	ck_assert_uint_eq(got.rects[1].height, 8);
	ck_assert_uint_eq(got.copies[0].height, 6);
	ck_assert_uint_eq(got.sequence, 9);
}
END_TEST

START_TEST(test_limits_are_kept)
{
	struct message_damage damage = {.n_rects = 257};
	struct message_sign_in sign_in = {.request = 1};
	struct message_ready ready = {0};
	struct bytes_writer writer;
	int fds[MESSAGE_FDS_MAX];
	size_t n_fds;

	bytes_writer_init(&writer, bytes, sizeof(bytes));
	ck_assert_int_eq(message_put_damage(&writer, &damage, fds, &n_fds), SHOJI_ERR_LIMIT);
	bytes_writer_init(&writer, bytes, sizeof(bytes));
	ck_assert_int_eq(message_put_sign_in(&writer, &sign_in, fds, &n_fds), 0);
	bytes[MESSAGE_HEADER_BYTES + 4] = 65; /* the person's length: over its maximum */
	struct message in = as_received(&writer, 0);
	ck_assert_int_eq(message_check(&in), SHOJI_ERR_MALFORMED);
	bytes_writer_init(&writer, bytes, sizeof(bytes));
	ck_assert_int_eq(message_put_ready(&writer, &ready, fds, &n_fds), 0);
	in = as_received(&writer, 0);
	in.number = 255;
	ck_assert_int_eq(message_check(&in), SHOJI_ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_bool_is_0_or_1)
{
	struct message_input_key key = {.sequence = 1, .key = 30, .is_down = true};
	struct bytes_writer writer;
	int fds[MESSAGE_FDS_MAX];
	size_t n_fds;

	bytes_writer_init(&writer, bytes, sizeof(bytes));
	ck_assert_int_eq(message_put_input_key(&writer, &key, fds, &n_fds), 0);
	bytes[MESSAGE_HEADER_BYTES + 6] = 2;
	struct message in = as_received(&writer, 0);
	ck_assert_int_eq(message_check(&in), SHOJI_ERR_MALFORMED);
}
END_TEST

/* So that the fuzzer begins with every field of every message: tests/fuzz/make_message_seeds. */
static void check_seed(const char *name, uint16_t number)
{
	const struct message_rule *rule = message_rule_find(number);
	char path[512];

	snprintf(path, sizeof(path), "%s/fuzz/corpus/message/%s", SHOJI_TEST_DATA, name);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "no fuzz seed: run tests/fuzz/make_message_seeds (%s)", path);
	size_t length = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	ck_assert_uint_ge(length, 2);
	struct message in = {.number = (uint16_t)(bytes[0] | bytes[1] << 8),
	        .data = bytes + 2,
	        .length = length - 2,
	        .n_fds = rule->n_fds};
	for (size_t i = 0; i < in.n_fds; i++)
		in.fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_uint_eq(in.number, number);
	ck_assert_msg(message_check(&in) == 0,
	        "an outdated fuzz seed: run tests/fuzz/make_message_seeds (%s)", path);
	message_release(&in);
}

START_TEST(test_every_message_has_a_fuzz_seed)
{
#define M(id, name, NAME, link, sender, phases, times) check_seed(#name, id);
	SHOJI_MESSAGES(M)
#undef M
}
END_TEST

int main(void)
{
	return SUITE_RUN("base-message", test_every_message_round_trips, test_numbers_are_unique,
	        test_values_survive, test_limits_are_kept, test_bool_is_0_or_1,
	        test_every_message_has_a_fuzz_seed);
}
