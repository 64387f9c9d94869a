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

	ck_assert_int_eq(lockout_init(&lockout, key, 5, 600000), 0);
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
		bool locks = lockout_fail(&lockout, known, now);
		ck_assert(locks == (i == 5));
		ck_assert(lockout_fail(&lockout, unknown, now) == locks);
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
	ck_assert(!lockout_fail(&lockout, unknown, NOW + 650001));
	lockout_finish(&lockout);
}
END_TEST

START_TEST(success_clears)
{
	uint8_t name[LOCKOUT_NAME_BYTES];

	begin();
	lockout_name(&lockout, "hanako", name);
	for (int i = 0; i < 4; i++)
		lockout_fail(&lockout, name, NOW);
	lockout_clear(&lockout, name);
	ck_assert_uint_eq(lockout_not_before_ms(&lockout, name), 0);
	for (int i = 0; i < 4; i++)
		ck_assert(!lockout_fail(&lockout, name, NOW));
	ck_assert(lockout_fail(&lockout, name, NOW));
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
	ck_assert_int_eq(lockout_init(&other, other_key, 5, 1), 0);
	lockout_name(&other, "hanako", b);
	ck_assert_mem_ne(a, b, sizeof(a));
	lockout_finish(&lockout);
	lockout_finish(&other);
}
END_TEST

START_TEST(failures_grow_old)
{
	uint8_t name[LOCKOUT_NAME_BYTES];

	begin();
	lockout_name(&lockout, "hanako", name);
	for (int i = 0; i < 4; i++)
		ck_assert(!lockout_fail(&lockout, name, NOW));
	ck_assert(lockout_fail(&lockout, name, NOW + 599999));
	lockout_clear(&lockout, name);
	for (int i = 0; i < 4; i++)
		ck_assert(!lockout_fail(&lockout, name, NOW));
	ck_assert(!lockout_fail(&lockout, name, NOW + 600000));
	lockout_finish(&lockout);
}
END_TEST

/* However many names are tried: a lock stays for its time, and all that were not tried so often are free. */
START_TEST(a_flood_of_names_changes_nothing)
{
	uint8_t victims[20][LOCKOUT_NAME_BYTES], name[LOCKOUT_NAME_BYTES];
	char text[32];
	size_t n_locked = 0;

	begin();
	for (size_t v = 0; v < 20; v++) {
		snprintf(text, sizeof(text), "victim%zu", v);
		lockout_name(&lockout, text, victims[v]);
		for (int i = 0; i < 5; i++)
			lockout_fail(&lockout, victims[v], NOW);
	}
	/* As many hashes as two workers compute in the time of a lock, and some. */
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "name%d", i);
		lockout_name(&lockout, text, name);
		if (lockout_locked_for_ms(&lockout, name, NOW + (uint64_t)i) == 0)
			n_locked += lockout_fail(&lockout, name, NOW + (uint64_t)i);
	}
	for (size_t v = 0; v < 20; v++) {
		ck_assert_uint_eq(lockout_locked_for_ms(&lockout, victims[v], NOW + 599999), 1);
		ck_assert_uint_eq(lockout_locked_for_ms(&lockout, victims[v], NOW + 600000), 0);
	}
	ck_assert_uint_lt(n_locked, 40); /* those that share a victim's bucket, or met by chance */
	lockout_finish(&lockout);
}
END_TEST

START_TEST(what_differs_is_written_once)
{
	static const struct lockout_entry entry = {.failures = 3, .last_ms = NOW};
	uint8_t name[LOCKOUT_NAME_BYTES];

	begin();
	lockout_name(&lockout, "hanako", name);
	ck_assert_uint_lt(lockout_bucket(name), LOCKOUT_BUCKETS);
	lockout_clear(&lockout, name); /* there was nothing */
	ck_assert_uint_eq(lockout.n_dirty, 0);
	lockout_fail(&lockout, name, NOW);
	lockout_fail(&lockout, name, NOW);
	ck_assert_uint_eq(lockout.n_dirty, 1);
	ck_assert_uint_eq(lockout.dirty[0], lockout_bucket(name));
	lockout_saved(&lockout);
	ck_assert_uint_eq(lockout.n_dirty, 0);
	lockout_clear(&lockout, name); /* its row goes */
	ck_assert_uint_eq(lockout.n_dirty, 1);
	ck_assert_int_eq(lockout_restore(&lockout, LOCKOUT_BUCKETS, &entry), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(lockout_restore(&lockout, lockout_bucket(name), &entry), 0);
	ck_assert(!lockout_fail(&lockout, name, NOW));
	ck_assert(lockout_fail(&lockout, name, NOW));
	lockout_finish(&lockout);
}
END_TEST

int main(void)
{
	if (sodium_init() < 0)
		return EXIT_FAILURE;
	return SUITE_RUN("keeper-lockout", known_and_unknown_alike, success_clears,
	        names_are_keyed_and_fold_letters, failures_grow_old,
	        a_flood_of_names_changes_nothing, what_differs_is_written_once);
}
