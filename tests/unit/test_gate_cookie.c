/* The session's cookie among others in a header. */
#include "unit/suite.h"

#include "gate/request_header.h"

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(test_found)
{
	static const char *const headers[] = {SESSION_COOKIE "=" TOKEN,
	        "a=b; " SESSION_COOKIE "=" TOKEN, SESSION_COOKIE "=" TOKEN "; a=b",
	        "a=b;" SESSION_COOKIE "=" TOKEN ";c=d", "; ;" SESSION_COOKIE "=" TOKEN ";",
	        "x" SESSION_COOKIE "=" OTHER "; " SESSION_COOKIE "=" TOKEN,
	        SESSION_COOKIE "x=" OTHER "; " SESSION_COOKIE "=" TOKEN};
	char out[TOKEN_HEX_DIGITS + 1];

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		ck_assert_msg(cookie_find(headers[i], out), "%s", headers[i]);
		ck_assert_str_eq(out, TOKEN);
	}
}
END_TEST

START_TEST(test_not_found)
{
	static const char *const headers[] = {"", "a=b", SESSION_COOKIE, SESSION_COOKIE "=",
	        SESSION_COOKIE "=" TOKEN "0", SESSION_COOKIE "=\"" TOKEN "\"",
	        SESSION_COOKIE " =" TOKEN, "shoji=" TOKEN, "__host-shoji=" TOKEN,
	        SESSION_COOKIE "=" TOKEN "; " SESSION_COOKIE "=" OTHER,
	        SESSION_COOKIE "=x; " SESSION_COOKIE "=" TOKEN,
	        SESSION_COOKIE "=0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
	        "a=" SESSION_COOKIE "=" TOKEN};
	char out[TOKEN_HEX_DIGITS + 1];

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		ck_assert_msg(!cookie_find(headers[i], out), "%s", headers[i]);
}
END_TEST

int main(void)
{
	return SUITE_RUN("gate-cookie", test_found, test_not_found);
}
