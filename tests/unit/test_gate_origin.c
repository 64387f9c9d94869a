/* Host, Origin, Sec-Fetch-Site: what is ours, and the many things that only look like it. */
#include "unit/suite.h"

#include "gate/origin.h"

#include <string.h>
#include <strings.h>

static bool is_certified(const void *data, const char *host)
{
	(void)data;
	return !strcasecmp(host, "shoji.example.lg.jp") || !strcmp(host, "127.0.0.1") ||
	       !strcmp(host, "::1");
}

static const struct origin_rules by_certificate = {.is_our_name = is_certified};
static char *const configured[] = {
        (char *)"https://shoji.example.lg.jp", (char *)"https://10.1.2.3:8443"};
static const struct origin_rules by_configuration = {
        .origins = configured, .n_origins = 2, .is_our_name = is_certified};

START_TEST(test_host_by_certificate)
{
	static const char *const good[] = {"shoji.example.lg.jp", "shoji.example.lg.jp:8443",
	        "SHOJI.example.lg.jp", "127.0.0.1:1", "[::1]", "[::1]:8443"};
	static const char *const bad[] = {"", "evil.example", "shoji.example.lg.jp.evil.example",
	        "shoji.example.lg.jp:", "shoji.example.lg.jp:0", "shoji.example.lg.jp:65536",
	        "shoji.example.lg.jp:8443x", "shoji.example.lg.jp:8443:1", "a@shoji.example.lg.jp",
	        "shoji.example.lg.jp/", "shoji.example.lg.jp,shoji.example.lg.jp",
	        " shoji.example.lg.jp", "::1", "[::1", "[::1]x", "[127.0.0.1", "[", "[]", ":8443",
	        "shoji.example.lg.jp\r\n"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(origin_host_allowed(&by_certificate, good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!origin_host_allowed(&by_certificate, bad[i]), "%s", bad[i]);
	ck_assert(!origin_host_allowed(&by_certificate, NULL));
}
END_TEST

START_TEST(test_origin_by_certificate)
{
	const char *host = "shoji.example.lg.jp:8443";
	static const char *const bad[] = {"", "null", "https://", "http://shoji.example.lg.jp:8443",
	        "https://shoji.example.lg.jp", "https://shoji.example.lg.jp:8444",
	        "https://evil.example:8443", "https://shoji.example.lg.jp:8443/",
	        "https://shoji.example.lg.jp:8443.evil.example", "HTTPS://shoji.example.lg.jp:8443",
	        "https://a@shoji.example.lg.jp:8443",
	        "https://shoji.example.lg.jp:8443,https://shoji.example.lg.jp:8443"};

	ck_assert(origin_allowed(&by_certificate, "https://shoji.example.lg.jp:8443", host));
	ck_assert(origin_allowed(&by_certificate, "https://Shoji.example.lg.jp:8443", host));
	ck_assert(origin_allowed(
	        &by_certificate, "https://shoji.example.lg.jp", "shoji.example.lg.jp:443"));
	ck_assert(origin_allowed(&by_certificate, "https://[::1]:8443", "[::1]:8443"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!origin_allowed(&by_certificate, bad[i], host), "%s", bad[i]);
	ck_assert(!origin_allowed(&by_certificate, NULL, host));
}
END_TEST

START_TEST(test_by_configuration)
{
	ck_assert(origin_host_allowed(&by_configuration, "shoji.example.lg.jp"));
	ck_assert(origin_host_allowed(&by_configuration, "shoji.example.lg.jp:443"));
	ck_assert(origin_host_allowed(&by_configuration, "10.1.2.3:8443"));
	ck_assert(!origin_host_allowed(&by_configuration, "shoji.example.lg.jp:8443"));
	/* In the certificate, but not configured. */
	ck_assert(!origin_host_allowed(&by_configuration, "127.0.0.1"));
	ck_assert(
	        origin_allowed(&by_configuration, "https://shoji.example.lg.jp", "10.1.2.3:8443"));
	ck_assert(!origin_allowed(&by_configuration, "https://127.0.0.1", "127.0.0.1"));
	ck_assert(!origin_allowed(&by_configuration, "https://10.1.2.3", "10.1.2.3:8443"));
}
END_TEST

START_TEST(test_rules_check)
{
	static char *const wrong[] = {(char *)"https://ok.example", (char *)"shoji.example.lg.jp"};
	const struct origin_rules rules = {.origins = wrong, .n_origins = 2};
	const char *bad = NULL;

	ck_assert(origin_rules_check(&by_configuration, &bad));
	ck_assert(!origin_rules_check(&rules, &bad));
	ck_assert_str_eq(bad, "shoji.example.lg.jp");
}
END_TEST

START_TEST(test_fetch_site)
{
	ck_assert(origin_fetch_site_allowed(NULL));
	ck_assert(origin_fetch_site_allowed(""));
	ck_assert(origin_fetch_site_allowed("same-origin"));
	ck_assert(!origin_fetch_site_allowed("same-site"));
	ck_assert(!origin_fetch_site_allowed("cross-site"));
	ck_assert(!origin_fetch_site_allowed("none"));
	ck_assert(!origin_fetch_site_allowed("same-origin,same-origin"));
}
END_TEST

/* A host longer than any name must not be cut to one of ours. */
START_TEST(test_long)
{
	char host[600];

	for (size_t length = 240; length < sizeof(host); length++) {
		memset(host, 'a', length);
		host[length] = '\0';
		ck_assert(!origin_host_allowed(&by_certificate, host));
	}
}
END_TEST

int main(void)
{
	return SUITE_RUN("gate-origin", test_host_by_certificate, test_origin_by_certificate,
	        test_by_configuration, test_rules_check, test_fetch_site, test_long);
}
