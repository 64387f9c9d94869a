/* Password hashes: they match their password and nothing else, and nobody costs what somebody costs. */
#include "base/error.h"
#include "hash/argon2.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MEMORY_KIB 8192

START_TEST(matches_only_its_password)
{
	struct argon2 argon2;
	char stored[ARGON2_TEXT_MAX + 1], again[ARGON2_TEXT_MAX + 1];

	ck_assert_int_eq(argon2_init(&argon2, MEMORY_KIB, 1), 0);
	ck_assert_int_eq(argon2_make(&argon2, "桜の木の下で12", stored), 0);
	ck_assert_int_eq(strncmp(stored, "$argon2id$v=19$m=8192,t=1,p=1$", 30), 0);
	ck_assert(argon2_matches(&argon2, "桜の木の下で12", stored));
	ck_assert(!argon2_matches(&argon2, "桜の木の下で13", stored));
	ck_assert(!argon2_matches(&argon2, "", stored));
	ck_assert_int_eq(argon2_make(&argon2, "桜の木の下で12", again), 0);
	ck_assert_str_ne(stored, again); /* a salt of its own */
}
END_TEST

START_TEST(outdated_by_other_parameters)
{
	struct argon2 argon2, more_memory, more_passes;
	char stored[ARGON2_TEXT_MAX + 1];

	ck_assert_int_eq(argon2_init(&argon2, 8192, 1), 0);
	ck_assert_int_eq(argon2_init(&more_memory, 16384, 1), 0);
	ck_assert_int_eq(argon2_init(&more_passes, 8192, 2), 0);
	ck_assert_int_eq(argon2_make(&argon2, "some password", stored), 0);
	ck_assert(!argon2_is_outdated(&argon2, stored));
	ck_assert(argon2_is_outdated(&more_memory, stored));
	ck_assert(argon2_is_outdated(&more_passes, stored));
	/* It is good all the same. */
	ck_assert(argon2_matches(&more_memory, "some password", stored));
	ck_assert(!argon2_is_outdated(&argon2, "not a hash"));
}
END_TEST

START_TEST(nobody_never_matches)
{
	struct argon2 argon2;

	ck_assert_int_eq(argon2_init(&argon2, MEMORY_KIB, 1), 0);
	ck_assert(!argon2_matches(&argon2, "", ""));
	ck_assert(!argon2_matches(&argon2, "anything", NULL));
	ck_assert(!argon2_matches(&argon2, argon2.decoy, ""));
	ck_assert(!argon2_matches(&argon2, "anything", "not a hash"));
	ck_assert(!argon2_matches(&argon2, "anything", "$argon2id$v=19$m=8192,t=1,p=1$"));
}
END_TEST

START_TEST(refuses_parameters_out_of_range)
{
	struct argon2 argon2;

	ck_assert_int_eq(argon2_init(&argon2, 1, 1), SHOJI_ERR_CONFIG);
	ck_assert_int_eq(argon2_init(&argon2, MEMORY_KIB, 0), SHOJI_ERR_CONFIG);
}
END_TEST

/* Processor time: a busy machine does not stretch it as it does the wall clock's. */
static uint64_t cpu_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t time_verify(const struct argon2 *argon2, const char *stored)
{
	uint64_t best_us = UINT64_MAX;

	for (int i = 0; i < 7; i++) {
		uint64_t from_us = cpu_now_us();
		argon2_matches(argon2, "some password", stored);
		uint64_t took_us = cpu_now_us() - from_us;
		if (took_us < best_us)
			best_us = took_us;
	}
	return best_us;
}

/* Wide bounds: the best of seven on a busy machine. Skipping the work for nobody would be 1:1000. */
START_TEST(nobody_costs_the_same)
{
	struct argon2 argon2;
	char stored[ARGON2_TEXT_MAX + 1];

	ck_assert_int_eq(argon2_init(&argon2, 16384, 2), 0);
	ck_assert_int_eq(argon2_make(&argon2, "another password", stored), 0);
	double ratio = (double)time_verify(&argon2, "") / (double)time_verify(&argon2, stored);
	printf("time of nobody / time of somebody: %.3f\n", ratio);
	ck_assert(ratio > 0.5 && ratio < 2.0);
}
END_TEST

int main(void)
{
	return SUITE_RUN("hash-argon2", matches_only_its_password, outdated_by_other_parameters,
	        nobody_never_matches, refuses_parameters_out_of_range, nobody_costs_the_same);
}
