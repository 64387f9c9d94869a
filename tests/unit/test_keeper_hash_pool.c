/* The queue of password hashes when it is full: every address has its share. */
#include "base/error.h"
#include "base/loop.h"
#include "keeper/hash_pool.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static size_t n_unavailable;

static void on_done(void *data, enum hash_outcome outcome, const char *stored)
{
	size_t *n_of_address = data;

	(void)stored;
	ck_assert_int_eq(outcome, HASH_UNAVAILABLE);
	n_unavailable++;
	(*n_of_address)--;
}

/* Counts the jobs of that address in *n. */
static int ask(struct hash_pool *pool, const char *address, size_t *n)
{
	static uint8_t number;
	struct hash_request request = {.password = "x",
	        .stored = "",
	        .address = address,
	        .name = {++number},
	        .on_done = on_done,
	        .data = n};
	int error = hash_pool_ask(pool, &request);

	*n += error == 0;
	return error;
}

START_TEST(a_full_queue_is_shared)
{
	enum { OLD = HASH_QUEUE_MAX / HASH_QUEUE_PER_ADDRESS_MAX, NEW = 40 };
	struct loop *loop = loop_new();
	struct hash_pool *pool = hash_pool_new(loop); /* without workers: everything waits */
	size_t counts[OLD + NEW] = {0}, total = 0;
	char address[OLD + NEW][16];

	for (int i = 0; i < OLD + NEW; i++)
		snprintf(address[i], sizeof(address[i]), "10.0.0.%d", i);
	for (int i = 0; i < OLD; i++)
		for (int k = 0; k < HASH_QUEUE_PER_ADDRESS_MAX; k++)
			ck_assert_int_eq(ask(pool, address[i], &counts[i]), 0);
	ck_assert_uint_eq(hash_pool_waiting(pool), HASH_QUEUE_MAX);
	ck_assert_int_eq(ask(pool, address[0], &counts[0]), SHOJI_ERR_LIMIT);
	ck_assert_uint_eq(n_unavailable, 0);
	/* Whoever comes now has a place, and those that have most make room, one each in turn. */
	for (int i = OLD; i < OLD + NEW; i++)
		ck_assert_int_eq(ask(pool, address[i], &counts[i]), 0);
	ck_assert_uint_eq(n_unavailable, NEW);
	for (int i = 0; i < OLD + NEW; i++) {
		ck_assert_uint_ge(counts[i], i < OLD ? 2 : 1);
		ck_assert_uint_le(counts[i], i < OLD ? 4 : 1);
		total += counts[i];
	}
	ck_assert_uint_eq(total, HASH_QUEUE_MAX);
	/* Nobody gains by asking for more than others have. */
	while (ask(pool, address[0], &counts[0]) == 0)
		;
	ck_assert_uint_le(counts[0], 4);
	hash_pool_free(pool);
	loop_free(loop);
}
END_TEST

int main(void)
{
	return SUITE_RUN("keeper-hash-pool", a_full_queue_is_shared);
}
