/* Egress' own pages: well-formed responses, Japanese, nothing foreign unescaped, the marker that tests look for. */
#include "unit/suite.h"

#include "base/error.h"
#include "egress/answer.h"

#include <stdio.h>
#include <string.h>

static char page[ANSWER_PAGE_MAX + 1];

/* Checks the head, and returns the body. */
static const char *check_response(size_t length, unsigned status, bool with_body)
{
	char expected[64];
	size_t content_length;

	page[length] = '\0';
	snprintf(expected, sizeof(expected), "HTTP/1.1 %u ", status);
	ck_assert_int_eq(strncmp(page, expected, strlen(expected)), 0);
	const char *body = strstr(page, "\r\n\r\n");
	ck_assert_ptr_nonnull(body);
	body += 4;
	ck_assert_ptr_nonnull(strstr(page, "\r\nConnection: close\r\n"));
	ck_assert_int_eq(
	        sscanf(strstr(page, "Content-Length: "), "Content-Length: %zu", &content_length),
	        1);
	ck_assert_uint_gt(content_length, 0);
	ck_assert_uint_eq(strlen(body), with_body ? content_length : 0);
	ck_assert_ptr_null(strstr(body, "{{"));
	return body;
}

static const char *answer(enum answer_reason reason, const char *host_text, const char *contact)
{
	struct proxy_host host;
	size_t length;

	if (host_text)
		ck_assert_int_eq(proxy_host_parse(host_text, strlen(host_text), &host), 0);
	ck_assert_int_eq(answer_write(reason, host_text ? &host : NULL, contact, true,
	                         (uint8_t *)page, ANSWER_PAGE_MAX, &length),
	        0);
	return check_response(length, answer_status(reason), true);
}

START_TEST(test_every_reason)
{
	static const unsigned statuses[] = {
	        403, 403, 403, 502, 502, 502, 403, 400, 431, 408, 503, 429, 503};

	for (unsigned reason = 0; reason <= ANSWER_NOT_RECORDED; reason++) {
		const char *body = answer(reason, "www.example.jp", "情報担当（内線○○）");
		ck_assert_uint_eq(answer_status(reason), statuses[reason]);
		ck_assert_ptr_nonnull(strstr(body, "www.example.jp"));
		ck_assert_ptr_nonnull(strstr(body, "お問い合わせ先：情報担当（内線○○）"));
	}
	ck_assert_ptr_nonnull(strstr(answer(ANSWER_DENIED_BY_LIST, "a.jp", ""),
	        "このサイトは、閲覧が制限されています。（理由："));
	ck_assert_ptr_null(strstr(answer(ANSWER_MALFORMED, NULL, ""), "お問い合わせ先"));
}
END_TEST

START_TEST(test_escaping)
{
	const char *body = answer(ANSWER_UNREACHABLE, NULL, "<b>\"&'</b>");

	ck_assert_ptr_nonnull(strstr(body, "&lt;b&gt;&quot;&amp;&#39;&lt;/b&gt;"));
	ck_assert_ptr_null(strstr(body, "<b>"));
}
END_TEST

START_TEST(test_head_and_small_room)
{
	size_t length = 77;

	ck_assert_int_eq(answer_write(ANSWER_UNREACHABLE, NULL, "", false, (uint8_t *)page,
	                         ANSWER_PAGE_MAX, &length),
	        0);
	check_response(length, 502, false);
	length = 77;
	ck_assert_int_eq(
	        answer_write(ANSWER_UNREACHABLE, NULL, "", true, (uint8_t *)page, 100, &length),
	        SHOJI_ERR_LIMIT);
	ck_assert_uint_eq(length, 77);
}
END_TEST

static const char *start_page(const char *method, const char *path, unsigned status, bool with_body)
{
	size_t length;

	ck_assert_int_eq(start_page_write(method, path, strlen(path), "情報担当（内線12）",
	                         (uint8_t *)page, ANSWER_PAGE_MAX, &length),
	        0);
	return check_response(length, status, with_body);
}

START_TEST(test_start_page)
{
	static const char *const wanted[] = {"<html lang=\"ja\">",
	        "インターネット閲覧画面（隔離環境）",
	        "利用状況は、情報セキュリティポリシーに基づき記録しています。",
	        "お問い合わせ先：情報担当（内線12）", "/style.css", "class=\"marker\""};
	static const char *const colours[] = {
	        "#c2185b", "#00796b", "#f9a825", "#283593", "gradient"};
	const char *body = start_page("GET", "/", 200, true);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_msg(strstr(body, wanted[i]) != NULL, "%s", wanted[i]);
	/* Nothing of it needs another host. */
	ck_assert_ptr_null(strstr(body, "=\"http"));
	ck_assert_ptr_null(strstr(body, "<script"));
	body = start_page("GET", "/style.css?v=1", 200, true);
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		ck_assert_msg(strstr(body, colours[i]) != NULL, "%s", colours[i]);
	ck_assert_ptr_nonnull(strstr(page, "text/css"));
	start_page("GET", "", 200, true);
	start_page("GET", "?q", 200, true);
	start_page("HEAD", "/", 200, false);
	start_page("GET", "/favicon.ico", 404, true);
	start_page("GET", "/style.css/", 404, true);
	start_page("POST", "/", 405, true);
}
END_TEST

int main(void)
{
	return SUITE_RUN("egress answers", test_every_reason, test_escaping,
	        test_head_and_small_room, test_start_page);
}
