/* The bundle of viewer files: what monitor writes gate reads back, and nothing else is accepted. */
#include "base/assets.h"

#include "base/error.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_bundle(void)
{
	struct assets_writer writer;
	int fd = -1;

	ck_assert_int_eq(assets_writer_init(&writer), 0);
	assets_writer_add(&writer, "index.html", "text/html; charset=utf-8", "<p>\0x", 5);
	assets_writer_add(&writer, "lib/a.js", "text/javascript", "", 0);
	ck_assert_int_eq(assets_writer_finish(&writer, &fd), 0);
	return fd;
}

static size_t read_all(int fd, uint8_t *out, size_t size)
{
	ssize_t n = pread(fd, out, size, 0);

	ck_assert_int_gt(n, 0);
	ck_assert_uint_lt((size_t)n, size);
	return (size_t)n;
}

START_TEST(test_round_trip)
{
	int fd = write_bundle();
	struct assets *assets;

	ck_assert_int_eq(assets_open(fd, &assets), 0);
	close(fd);
	ck_assert_uint_eq(assets_count(assets), 2);
	const struct asset *index = assets_find(assets, "index.html");
	ck_assert_ptr_nonnull(index);
	ck_assert_str_eq(index->content_type, "text/html; charset=utf-8");
	ck_assert_uint_eq(index->length, 5);
	ck_assert_mem_eq(index->data, "<p>\0x", 5);
	ck_assert_uint_eq(assets_find(assets, "lib/a.js")->length, 0);
	ck_assert_ptr_null(assets_find(assets, "lib"));
	ck_assert_str_eq(assets_at(assets, 1)->name, "lib/a.js");
	assets_free(assets);
}
END_TEST

START_TEST(test_sealed)
{
	int fd = write_bundle();

	ck_assert_int_lt(ftruncate(fd, 0), 0);
	ck_assert_int_lt(pwrite(fd, "x", 1, 0), 0);
	close(fd);
}
END_TEST

START_TEST(test_unsealed_is_refused)
{
	uint8_t bytes[4096];
	int sealed = write_bundle();
	size_t length = read_all(sealed, bytes, sizeof(bytes));
	int fd = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct assets *assets = NULL;

	ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
	ck_assert_int_eq(assets_open(fd, &assets), SHOJI_ERR_FORBIDDEN);
	/* Sealed it is the same bundle. */
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK), 0);
	ck_assert_int_eq(assets_open(fd, &assets), 0);
	assets_free(assets);
	close(fd);
	close(sealed);
}
END_TEST

START_TEST(test_cut_off_at_every_length)
{
	uint8_t bytes[4096];
	int fd = write_bundle();
	size_t length = read_all(fd, bytes, sizeof(bytes));

	for (size_t cut = 0; cut < length; cut++) {
		/* A copy of its own size: reading past it is seen by the sanitizer. */
		uint8_t *copy = malloc(cut ? cut : 1);
		struct assets *assets = NULL;
		memcpy(copy, bytes, cut);
		ck_assert_int_eq(assets_parse(copy, cut, &assets), SHOJI_ERR_MALFORMED);
		free(copy);
	}
	/* And nothing may follow. */
	bytes[length] = 0;
	struct assets *assets = NULL;
	ck_assert_int_eq(assets_parse(bytes, length + 1, &assets), SHOJI_ERR_MALFORMED);
	close(fd);
}
END_TEST

START_TEST(test_bits_flipped)
{
	uint8_t bytes[4096];
	int fd = write_bundle();
	size_t length = read_all(fd, bytes, sizeof(bytes));

	for (size_t bit = 0; bit < length * 8; bit++) {
		struct assets *assets = NULL;
		bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		if (assets_parse(bytes, length, &assets) == 0)
			for (size_t i = 0; i < assets_count(assets); i++)
				ck_assert(
				        assets_at(assets, i)->data + assets_at(assets, i)->length <=
				        bytes + length);
		assets_free(assets);
		bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	close(fd);
}
END_TEST

START_TEST(test_same_name_twice)
{
	struct assets_writer writer;
	struct assets *assets = NULL;
	int fd = -1;

	ck_assert_int_eq(assets_writer_init(&writer), 0);
	assets_writer_add(&writer, "a", "text/plain", "1", 1);
	assets_writer_add(&writer, "a", "text/plain", "2", 1);
	ck_assert_int_eq(assets_writer_finish(&writer, &fd), 0);
	ck_assert_int_eq(assets_open(fd, &assets), SHOJI_ERR_MALFORMED);
	close(fd);
}
END_TEST

START_TEST(test_writer_limits)
{
	struct assets_writer writer;
	char name[ASSET_NAME_MAX + 2];
	int fd = -1;

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(assets_writer_init(&writer), 0);
	assets_writer_add(&writer, name, "text/plain", "1", 1);
	ck_assert_int_eq(assets_writer_finish(&writer, &fd), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(assets_writer_init(&writer), 0);
	assets_writer_add(&writer, "", "text/plain", "1", 1);
	ck_assert_int_eq(assets_writer_finish(&writer, &fd), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(test_memfd_sealed)
{
	char text[8] = "";
	int fd = -1;

	ck_assert_int_eq(memfd_sealed("key", "PEM", 3, &fd), 0);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 3);
	ck_assert_str_eq(text, "PEM");
	ck_assert_int_lt(pwrite(fd, "x", 1, 0), 0);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("assets");
	TCase *cases = tcase_create("assets");

	tcase_add_test(cases, test_round_trip);
	tcase_add_test(cases, test_sealed);
	tcase_add_test(cases, test_unsealed_is_refused);
	tcase_add_test(cases, test_cut_off_at_every_length);
	tcase_add_test(cases, test_bits_flipped);
	tcase_add_test(cases, test_same_name_twice);
	tcase_add_test(cases, test_writer_limits);
	tcase_add_test(cases, test_memfd_sealed);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
