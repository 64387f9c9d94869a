/* The man pages: groff takes them without a warning, and they tell of every command, option and setting. */
#include "base/config.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char page[262144], options[131072];

static void read_page(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/../docs/man/%s", SHOJI_TEST_DATA, name);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	size_t n = fread(page, 1, sizeof(page) - 1, file);
	page[n] = '\0';
	fclose(file);
}

static void check_groff(const char *name)
{
	char command[1024], output[4096];

	snprintf(command, sizeof(command),
	        "groff -man -Tutf8 -K utf8 -ww -z %s/../docs/man/%s 2>&1", SHOJI_TEST_DATA, name);
	FILE *pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	size_t n = fread(output, 1, sizeof(output) - 1, pipe);
	output[n] = '\0';
	ck_assert_int_eq(pclose(pipe), 0);
	ck_assert_msg(n == 0, "%s", output);
}

START_TEST(groff_takes_them)
{
	check_groff("shojictl.1");
	check_groff("shoji-broker.8");
}
END_TEST

START_TEST(shojictl_is_told_whole)
{
	const char *const wanted[] = {"status", "sessions", "end ", "screenshot ", "people add ",
	        "people passwd ", "people lock ", "people unlock ", "people list", "audit verify",
	        "audit tail ", "\\-\\-socket", "\\-\\-json", "\\-\\-lang", "\\-\\-name",
	        "\\-\\-password\\-stdin", "\\-\\-generate", "\\-\\-help", "\\-\\-version"};

	read_page("shojictl.1");
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_msg(strstr(page, wanted[i]) != NULL, "%s", wanted[i]);
}
END_TEST

START_TEST(settings_are_those_of_the_table)
{
	FILE *memory = fmemopen(options, sizeof(options) - 1, "w");

	config_write_roff(memory);
	fclose(memory);
	ck_assert_uint_gt(strlen(options), 1000);
	read_page("shoji-broker.8");
	const char *begin = strstr(page, ".\\\" BEGIN OPTIONS\n");
	const char *end = strstr(page, ".\\\" END OPTIONS\n");
	ck_assert(begin && end);
	begin = strchr(begin, '\n') + 1;
	ck_assert_msg((size_t)(end - begin) == strlen(options) &&
	                      memcmp(begin, options, strlen(options)) == 0,
	        "docs/man/shoji-broker.8 is not what the option table says: run "
	        "scripts/man-options");
}
END_TEST

int main(void)
{
	return SUITE_RUN("keeper-docs", groff_takes_them, shojictl_is_told_whole,
	        settings_are_those_of_the_table);
}
