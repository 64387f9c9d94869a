/* Names and passwords that keeper takes and refuses; tokens. */
#include "keeper/text.h"
#include "keeper/token.h"
#include "suite.h"

#include <sodium.h>
#include <string.h>

START_TEST(ids)
{
	char id[PERSON_ID_MAX + 1];
	char longest[PERSON_ID_MAX + 2];

	ck_assert(text_person_id("Tanaka.Hanako-01@soumu_ka", id));
	ck_assert_str_eq(id, "tanaka.hanako-01@soumu_ka");
	memset(longest, 'a', sizeof(longest));
	longest[PERSON_ID_MAX] = '\0';
	ck_assert(text_person_id(longest, id));
	longest[PERSON_ID_MAX] = 'a';
	longest[PERSON_ID_MAX + 1 - 1] = 'a';
	char too_long[PERSON_ID_MAX + 2];
	memset(too_long, 'a', PERSON_ID_MAX + 1);
	too_long[PERSON_ID_MAX + 1] = '\0';
	ck_assert(!text_person_id(too_long, id));
	const char *const bad[] = {
	        "", " a", "a b", "-a", ".a", "@a", "a\n", "田中", "a/b", "a\"b", "a%b", "a;b"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!text_person_id(bad[i], id), "%s", bad[i]);
		ck_assert_str_eq(id, "");
	}
}
END_TEST

START_TEST(plain_text)
{
	const char *const bad[] = {"a\tb", "a\x7f", "\xc2\x85",
	        "\xe2\x80\xae"
	        "abc",
	        "\xe2\x80\xa8",
	        "\xef\xbb\xbf"
	        "a",
	        "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe3\x81", "\xe0\x80\xaf", "\x80",
	        "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80"};

	ck_assert(text_is_display_name("田中 花子（総務課）髙﨑𠮷"));
	ck_assert(!text_is_display_name(""));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!text_is_plain(bad[i], strlen(bad[i])), "number %zu", i);
}
END_TEST

START_TEST(passwords)
{
	char longest[PASSWORD_BYTES_MAX + 2];

	ck_assert_int_eq(text_password("correct horse", "hanako", 10), PASSWORD_GOOD);
	ck_assert_int_eq(text_password("さくらさくらやよいの", "hanako", 10), PASSWORD_GOOD);
	/* 9 characters of 27 bytes: characters count. */
	ck_assert_int_eq(text_password("さくらさくらやよい", "hanako", 10), PASSWORD_TOO_SHORT);
	ck_assert_int_eq(text_password("", "hanako", 1), PASSWORD_TOO_SHORT);
	ck_assert_int_eq(text_password("Hanako.tanaka", "hanako.tanaka", 10), PASSWORD_IS_ID);
	ck_assert_int_eq(text_password("aaaaaaaaaaaa", "hanako", 10), PASSWORD_MONOTONE);
	ck_assert_int_eq(text_password("abcabcabcabc", "hanako", 10), PASSWORD_MONOTONE);
	ck_assert_int_eq(text_password("good\npassword", "hanako", 10), PASSWORD_NOT_PLAIN);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "abcd", 4);
	longest[PASSWORD_BYTES_MAX] = '\0';
	ck_assert_int_eq(text_password(longest, "hanako", 10), PASSWORD_GOOD);
	longest[PASSWORD_BYTES_MAX] = 'x';
	longest[PASSWORD_BYTES_MAX + 1] = '\0';
	ck_assert_int_eq(text_password(longest, "hanako", 10), PASSWORD_TOO_LONG);
}
END_TEST

START_TEST(foreign_text_is_escaped)
{
	char out[64];

	ck_assert_str_eq(text_foreign(out, sizeof(out), "例.jp"), "例.jp");
	ck_assert_str_eq(text_foreign(out, sizeof(out), "a\x1b[2J"), "a\\x1b[2J");
	ck_assert_str_eq(text_foreign(out, sizeof(out), "\xff"), "\\xff");
}
END_TEST

START_TEST(tokens)
{
	char a[TOKEN_TEXT_BYTES + 1], b[TOKEN_TEXT_BYTES + 1];
	uint8_t hash_a[TOKEN_HASH_BYTES], hash_b[TOKEN_HASH_BYTES], again[TOKEN_HASH_BYTES];

	ck_assert(sodium_init() >= 0);
	token_make(a, hash_a);
	token_make(b, hash_b);
	ck_assert_str_ne(a, b);
	ck_assert(!token_is_equal(hash_a, hash_b));
	ck_assert(token_hash(a, again));
	ck_assert(token_is_equal(hash_a, again));
	a[10] = a[10] == '0' ? '1' : '0';
	ck_assert(token_hash(a, again));
	ck_assert(!token_is_equal(hash_a, again));
	a[10] = 'G';
	ck_assert(!token_hash(a, again));
	b[TOKEN_TEXT_BYTES - 1] = '\0';
	ck_assert(!token_hash(b, again));
	ck_assert(!token_hash("", again));
}
END_TEST

int main(void)
{
	return SUITE_RUN(
	        "keeper-text", ids, plain_text, passwords, foreign_text_is_escaped, tokens);
}
