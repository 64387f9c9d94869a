/* Counts per address: limits in total and per address, /64 of IPv6, the minute of sign-ins, and a table that holds under
 * churn what a plain list says. */
#include "unit/suite.h"

#include "base/error.h"
#include "gate/address_table.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static struct address_key key_of(const char *text, char out[ADDRESS_TEXT_MAX])
{
	struct sockaddr_storage peer = {0};
	struct address_key key;

	if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&peer)->sin_addr) == 1) {
		peer.ss_family = AF_INET;
	} else {
		ck_assert_int_eq(
		        inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&peer)->sin6_addr), 1);
		peer.ss_family = AF_INET6;
	}
	ck_assert_int_eq(address_key_from(&peer, &key, out), 0);
	return key;
}

static bool is_same(const char *a, const char *b)
{
	char text[ADDRESS_TEXT_MAX];
	struct address_key first = key_of(a, text), second = key_of(b, text);

	return memcmp(&first, &second, sizeof(first)) == 0;
}

START_TEST(test_keys)
{
	char text[ADDRESS_TEXT_MAX];
	struct sockaddr_storage unix_peer = {.ss_family = AF_UNIX};
	struct address_key key;

	ck_assert(is_same("10.0.0.1", "::ffff:10.0.0.1"));
	ck_assert(!is_same("10.0.0.1", "10.0.0.2"));
	ck_assert(is_same("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"));
	ck_assert(!is_same("2001:db8:0:1::1", "2001:db8:0:2::1"));
	key_of("::ffff:10.0.0.1", text);
	ck_assert_str_eq(text, "10.0.0.1");
	key_of("2001:db8::1", text);
	ck_assert_str_eq(text, "2001:db8::1");
	ck_assert_int_eq(address_key_from(&unix_peer, &key, text), SHOJI_ERR_MALFORMED);
}
END_TEST

START_TEST(test_limits)
{
	const struct address_limits limits = {
	        .connections_max = 5, .connections_per_address_max = 3};
	struct address_table *table = address_table_new(&limits);
	char text[ADDRESS_TEXT_MAX];
	struct address_key a = key_of("10.0.0.1", text), b = key_of("10.0.0.2", text),
	                   c = key_of("10.0.0.3", text);

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(address_table_connect(table, &a, 0), 0);
	ck_assert_int_eq(address_table_connect(table, &a, 0), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(address_table_connect(table, &b, 0), 0);
	ck_assert_int_eq(address_table_connect(table, &b, 0), 0);
	ck_assert_int_eq(address_table_connect(table, &c, 0), SHOJI_ERR_LIMIT);
	address_table_disconnect(table, &a);
	ck_assert_int_eq(address_table_connect(table, &c, 0), 0);
	ck_assert_int_eq(address_table_connect(table, &a, 0), SHOJI_ERR_LIMIT);
	address_table_disconnect(table, &c);
	ck_assert_int_eq(address_table_connect(table, &a, 0), 0);
	address_table_free(table);
}
END_TEST

START_TEST(test_sign_ins)
{
	const struct address_limits limits = {.connections_max = 5,
	        .connections_per_address_max = 3,
	        .sign_ins_per_minute_max = 2};
	struct address_table *table = address_table_new(&limits);
	char text[ADDRESS_TEXT_MAX];
	struct address_key a = key_of("10.0.0.1", text), b = key_of("10.0.0.2", text);
	uint32_t wait_s = 0;

	ck_assert_int_eq(address_table_connect(table, &a, 1000), 0);
	ck_assert_int_eq(address_table_connect(table, &b, 1000), 0);
	ck_assert_int_eq(address_table_sign_in(table, &a, 1000, &wait_s), 0);
	ck_assert_int_eq(address_table_sign_in(table, &a, 2000, &wait_s), 0);
	ck_assert_int_eq(address_table_sign_in(table, &a, 31000, &wait_s), SHOJI_ERR_LIMIT);
	ck_assert_uint_eq(wait_s, 30);
	ck_assert_int_eq(address_table_sign_in(table, &b, 31000, &wait_s), 0);
	/* Leaving and coming back does not help. */
	address_table_disconnect(table, &a);
	ck_assert_int_eq(address_table_connect(table, &a, 32000), 0);
	ck_assert_int_eq(address_table_sign_in(table, &a, 60999, &wait_s), SHOJI_ERR_LIMIT);
	ck_assert_uint_eq(wait_s, 1);
	ck_assert_int_eq(address_table_sign_in(table, &a, 61000, &wait_s), 0);
	address_table_free(table);
}
END_TEST

#define ADDRESSES 3000

/* Against a plain array: many addresses that come, sign in, and go. */
START_TEST(test_churn)
{
	const struct address_limits limits = {.connections_max = 2000,
	        .connections_per_address_max = 4,
	        .sign_ins_per_minute_max = 1000000};
	struct address_table *table = address_table_new(&limits);
	static uint32_t counts[ADDRESSES];
	static struct address_key keys[ADDRESSES];
	uint32_t total = 0, wait_s;
	uint64_t now_ms = 0;
	char text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < ADDRESSES; i++) {
		char address[32];
		snprintf(address, sizeof(address), "10.%u.%u.7", i >> 8, i & 0xff);
		keys[i] = key_of(address, text);
	}
	srand(7);
	for (int turn = 0; turn < 200000; turn++) {
		unsigned i = (unsigned)rand() % ADDRESSES;
		now_ms += 5;
		if (rand() % 2) {
			int error = address_table_connect(table, &keys[i], now_ms);
			bool is_permitted = counts[i] < 4 && total < 2000;
			ck_assert_int_eq(error, is_permitted ? 0 : SHOJI_ERR_LIMIT);
			counts[i] += is_permitted;
			total += is_permitted;
		} else if (counts[i]) {
			if (rand() % 3 == 0)
				ck_assert_int_eq(
				        address_table_sign_in(table, &keys[i], now_ms, &wait_s), 0);
			address_table_disconnect(table, &keys[i]);
			counts[i]--;
			total--;
		}
	}
	address_table_free(table);
}
END_TEST

START_TEST(test_refused_attaches)
{
	const struct address_limits limits = {.connections_max = 10,
	        .connections_per_address_max = 4,
	        .sign_ins_per_minute_max = 3};
	struct address_table *table = address_table_new(&limits);
	char text[ADDRESS_TEXT_MAX];
	struct address_key key = key_of("10.0.0.1", text), other = key_of("10.0.0.2", text);
	uint32_t wait_s;

	ck_assert_int_eq(address_table_connect(table, &key, 1000), 0);
	ck_assert_int_eq(address_table_connect(table, &other, 1000), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert(address_table_may_attach(table, &key, 1000));
		address_table_attach_refused(table, &key, 1000);
	}
	ck_assert(!address_table_may_attach(table, &key, 1000));
	/* Leaving and coming back does not help; others are not meant, and signing in is counted apart. */
	address_table_disconnect(table, &key);
	ck_assert_int_eq(address_table_connect(table, &key, 2000), 0);
	ck_assert(!address_table_may_attach(table, &key, 60999));
	ck_assert(address_table_may_attach(table, &other, 2000));
	ck_assert_int_eq(address_table_sign_in(table, &key, 2000, &wait_s), 0);
	ck_assert(address_table_may_attach(table, &key, 61000));
	address_table_attach_refused(table, &key, 61000);
	ck_assert(address_table_may_attach(table, &key, 61001));
	address_table_free(table);
}
END_TEST

/* Addresses that signed in and left fill the table; they are forgotten after their minute, not before. */
START_TEST(test_full_of_remembered)
{
	const struct address_limits limits = {.connections_max = 10,
	        .connections_per_address_max = 4,
	        .sign_ins_per_minute_max = 1};
	struct address_table *table = address_table_new(&limits);
	char text[ADDRESS_TEXT_MAX];
	struct address_key last = {{0}};
	uint32_t wait_s;
	unsigned n = 0;

	for (;; n++) {
		char address[32];
		snprintf(address, sizeof(address), "10.%u.%u.1", n >> 8, n & 0xff);
		struct address_key key = key_of(address, text);
		if (address_table_connect(table, &key, 1000))
			break;
		ck_assert_int_eq(address_table_sign_in(table, &key, 1000, &wait_s), 0);
		address_table_disconnect(table, &key);
		last = key;
		ck_assert_uint_lt(n, 60000);
	}
	ck_assert_uint_ge(n, 4096);
	ck_assert_int_eq(address_table_connect(table, &last, 2000), 0);
	ck_assert_int_eq(address_table_sign_in(table, &last, 2000, &wait_s), SHOJI_ERR_LIMIT);
	struct address_key other = key_of("192.0.2.1", text);
	ck_assert_int_eq(address_table_connect(table, &other, 60999), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(address_table_connect(table, &other, 61000), 0);
	address_table_free(table);
}
END_TEST

int main(void)
{
	return SUITE_RUN("gate-address", test_keys, test_limits, test_sign_ins,
	        test_refused_attaches, test_churn, test_full_of_remembered);
}
