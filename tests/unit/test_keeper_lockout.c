/* Failed sign-ins: back-off, lock, forgetting, and no difference between known and unknown names. */
#include "base/error.h"
#include "keeper/lockout.h"
#include "suite.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NOW 1000000ull

static struct lockout lockout;

static void begin(void)
{
	static const uint8_t key[LOCKOUT_KEY_BYTES] = {1, 2, 3};

	lockout_init(&lockout, key, 5, 600000);
}

START_TEST(known_and_unknown_alike)
{
	uint8_t known[LOCKOUT_NAME_BYTES], unknown[LOCKOUT_NAME_BYTES];

	begin();
	lockout_name(&lockout, "hanako", known);
	lockout_name(&lockout, "nobody", unknown);
	for (int i = 1; i <= 5; i++) {
		uint64_t now = NOW + (uint64_t)i * 10000;
		ck_assert_uint_eq(lockout_locked_for_ms(&lockout, known, now), 0);
		ck_assert_uint_eq(lockout_locked_for_ms(&lockout, unknown, now), 0);
		bool locks = lockout_fail(&lockout, known, true, now);
		ck_assert(locks == (i == 5));
		ck_assert(lockout_fail(&lockout, unknown, false, now) == locks);
		ck_assert_uint_eq(lockout_not_before_ms(&lockout, known),
		        lockout_not_before_ms(&lockout, unknown));
		if (i < 5)
			ck_assert_uint_eq(
			        lockout_not_before_ms(&lockout, known), now + (250ull << (i - 1)));
	}
	ck_assert_uint_eq(lockout_locked_for_ms(&lockout, known, NOW + 50000), 600000);
	ck_assert_uint_eq(lockout_locked_for_ms(&lockout, unknown, NOW + 50000), 600000);
	ck_assert_uint_eq(lockout_locked_for_ms(&lockout, unknown, NOW + 649999), 1);
	ck_assert_uint_eq(lockout_locked_for_ms(&lockout, unknown, NOW + 650000), 0);
	/* A lock that is over starts the count anew. */
	ck_assert(!lockout_fail(&lockout, unknown, false, NOW + 650001));
	lockout_finish(&lockout);
}
END_TEST

START_TEST(success_clears)
{
	uint8_t name[LOCKOUT_NAME_BYTES];

	begin();
	lockout_name(&lockout, "hanako", name);
	for (int i = 0; i < 4; i++)
		lockout_fail(&lockout, name, true, NOW);
	lockout_clear(&lockout, name);
	ck_assert_uint_eq(lockout_not_before_ms(&lockout, name), 0);
	for (int i = 0; i < 4; i++)
		ck_assert(!lockout_fail(&lockout, name, true, NOW));
	ck_assert(lockout_fail(&lockout, name, true, NOW));
	lockout_finish(&lockout);
}
END_TEST

START_TEST(names_are_keyed_and_fold_letters)
{
	static const uint8_t other_key[LOCKOUT_KEY_BYTES] = {9};
	uint8_t a[LOCKOUT_NAME_BYTES], b[LOCKOUT_NAME_BYTES];
	struct lockout other;

	begin();
	lockout_name(&lockout, "Hanako", a);
	lockout_name(&lockout, "hanako", b);
	ck_assert_mem_eq(a, b, sizeof(a));
	lockout_init(&other, other_key, 5, 1);
	lockout_name(&other, "hanako", b);
	ck_assert_mem_ne(a, b, sizeof(a));
	lockout_finish(&lockout);
	lockout_finish(&other);
}
END_TEST

START_TEST(a_flood_of_names_is_bounded_and_forgets_nobody_known)
{
	uint8_t hanako[LOCKOUT_NAME_BYTES], name[LOCKOUT_NAME_BYTES];
	char text[32];

	begin();
	lockout_name(&lockout, "hanako", hanako);
	for (int i = 0; i < 5; i++)
		lockout_fail(&lockout, hanako, true, NOW);
	for (int i = 0; i < LOCKOUT_UNKNOWN_MAX + 500; i++) {
		snprintf(text, sizeof(text), "name%d", i);
		lockout_name(&lockout, text, name);
		lockout_fail(&lockout, name, false, NOW + (uint64_t)i);
	}
	ck_assert_uint_eq(lockout.n_entries, LOCKOUT_UNKNOWN_MAX + 1);
	ck_assert_uint_gt(lockout_locked_for_ms(&lockout, hanako, NOW + 1), 0);
	lockout_finish(&lockout);
}
END_TEST

int main(void)
{
	if (sodium_init() < 0)
		return EXIT_FAILURE;
	return SUITE_RUN("keeper-lockout", known_and_unknown_alike, success_clears,
	        names_are_keyed_and_fold_letters,
	        a_flood_of_names_is_bounded_and_forgets_nobody_known);
}
