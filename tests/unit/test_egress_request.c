/* The proxy's parser: whole, one byte at a time, cut off, with bits flipped; what is smuggled is refused; what
 * is sent on says what was asked and nothing more. */
#include "unit/suite.h"

#include "base/error.h"
#include "egress/proxy_body.h"
#include "egress/proxy_request.h"

#include <stdio.h>
#include <string.h>

/* From memory of exactly that size, so that the sanitizer sees a byte read too far. */
static int parse_bytes(const void *bytes, size_t length, struct proxy_request *out)
{
	static uint8_t *copy; /* out borrows from it until the next call */

	free(copy);
	copy = malloc(length ? length : 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, length);
	return proxy_request_parse(copy, length, out);
}

static int parse(const char *text, struct proxy_request *out)
{
	return parse_bytes(text, strlen(text), out);
}

static const char whole[] = "POST http://Www.Example.JP:8080/p/a?q=%41 HTTP/1.1\r\n"
                            "Host: www.example.jp:8080\r\n"
                            "Proxy-Connection: keep-alive\r\n"
                            "Connection: X-One, x-two\r\n"
                            "X-One: 1\r\n"
                            "x-two: 2\r\n"
                            "X-Three: \t3 3 \t\r\n"
                            "Proxy-Authorization: Basic c2VjcmV0\r\n"
                            "Via: 1.1 me\r\n"
                            "TE: trailers\r\n"
                            "Upgrade: h2c\r\n"
                            "Keep-Alive: 5\r\n"
                            "Empty:\r\n"
                            "Content-Length: 5\r\n"
                            "\r\n";

static void write_to_text(const struct proxy_request *request, const struct proxy_host *via,
        uint16_t port, char out[4096])
{
	size_t length;

	ck_assert_int_eq(proxy_request_write(request, via, port, (uint8_t *)out, 4095, &length), 0);
	out[length] = '\0';
}

START_TEST(test_absolute_form)
{
	struct proxy_request request;
	char out[4096];

	ck_assert_int_eq(parse(whole, &request), (int)strlen(whole));
	ck_assert(!request.is_connect);
	ck_assert_str_eq(request.method, "POST");
	ck_assert_str_eq(request.host.name, "www.example.jp");
	ck_assert_uint_eq(request.port, 8080);
	ck_assert_int_eq(request.body, PROXY_BODY_LENGTH);
	ck_assert_uint_eq(request.content_length, 5);
	write_to_text(&request, NULL, 0, out);
	ck_assert_str_eq(out, "POST /p/a?q=%41 HTTP/1.1\r\nHost: www.example.jp:8080\r\n"
	                      "X-Three: 3 3\r\nEmpty: \r\nContent-Length: 5\r\n"
	                      "Connection: close\r\n\r\n");
	write_to_text(&request, &request.host, request.port, out);
	ck_assert_str_eq(out, "POST http://www.example.jp:8080/p/a?q=%41 HTTP/1.1\r\n"
	                      "Host: www.example.jp:8080\r\n"
	                      "X-Three: 3 3\r\nEmpty: \r\nContent-Length: 5\r\n"
	                      "Connection: close\r\n\r\n");
}
END_TEST

START_TEST(test_what_is_written_is_read_alike)
{
	struct proxy_request first, second;
	char out[4096];

	ck_assert_int_gt(parse(whole, &first), 0);
	write_to_text(&first, &first.host, first.port, out);
	ck_assert_int_eq(parse(out, &second), (int)strlen(out));
	ck_assert(proxy_host_equal(&first.host, &second.host));
	ck_assert_uint_eq(second.port, 8080);
	ck_assert_uint_eq(second.content_length, 5);
}
END_TEST

static void check_path(const char *target, const char *written)
{
	struct proxy_request request;
	char text[512], out[4096], expected[512];

	snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a.jp\r\n\r\n", target);
	snprintf(expected, sizeof(expected), "GET %s HTTP/1.1\r\nHost: a.jp\r\n", written);
	ck_assert_msg(parse(text, &request) > 0, "%s", target);
	write_to_text(&request, NULL, 0, out);
	ck_assert_int_eq(strncmp(out, expected, strlen(expected)), 0);
}

START_TEST(test_paths)
{
	check_path("http://a.jp", "/");
	check_path("http://a.jp/", "/");
	check_path("HTTP://A.JP.:80/x//y", "/x//y");
	check_path("http://a.jp?q=/", "/?q=/");
	check_path("http://a.jp/@b:80", "/@b:80");
}
END_TEST

START_TEST(test_connect)
{
	struct proxy_request request;
	char out[512];
	size_t length;

	ck_assert_int_gt(
	        parse("CONNECT A.jp:443 HTTP/1.1\r\nHost: a.jp:443\r\nUser-Agent: x\r\n\r\n",
	                &request),
	        0);
	ck_assert(request.is_connect);
	ck_assert_uint_eq(request.port, 443);
	ck_assert_int_gt(parse("CONNECT a.jp:443 HTTP/1.1\r\n\r\n", &request), 0);
	ck_assert_int_gt(parse("CONNECT a.jp:8443 HTTP/1.1\r\nHost: a.jp\r\n\r\n", &request), 0);
	ck_assert_int_gt(parse("CONNECT [2400::1]:443 HTTP/1.1\r\n\r\n", &request), 0);
	ck_assert(request.host.is_address);
	ck_assert_int_eq(
	        proxy_connect_write(&request.host, 443, (uint8_t *)out, sizeof(out), &length), 0);
	out[length] = '\0';
	ck_assert_str_eq(out, "CONNECT [2400::1]:443 HTTP/1.1\r\nHost: [2400::1]:443\r\n\r\n");
	ck_assert_int_eq(proxy_connect_write(&request.host, 443, (uint8_t *)out, 30, &length),
	        SHOJI_ERR_LIMIT);
}
END_TEST

#define GET "GET http://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n"
#define POST "POST http://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n"

/* Each is one step away from a request that is taken (test_allowed_forms has those). */
static const char *const refused[] = {
        /* first line */
        "\r\nGET http://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        " GET http://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET  http://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp/  HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp/ HTTP/1.1 \r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp/\tHTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp/ HTTP/1.0\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp/ HTTP/2.0\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp/ http/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp/\r\nHost: a.jp\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET a.jp:80 HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET https://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET ftp://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http:///x HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://u@a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://u:p@a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp:/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp:0/ HTTP/1.1\r\nHost: a.jp:0\r\n\r\n",
        "GET http://a.jp:65536/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp:080/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp/#f HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp/\x01 HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp/\xe3\x81\x82 HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://a.jp\\b/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "GET http://127.1/ HTTP/1.1\r\nHost: 127.1\r\n\r\n",
        "GET http://0x7f.0.0.1/ HTTP/1.1\r\nHost: 0x7f.0.0.1\r\n\r\n",
        "GET http://2130706433/ HTTP/1.1\r\nHost: 2130706433\r\n\r\n",
        "G@T http://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "ABCDEFGHIJKLMNOPQ http://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "TRACE http://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "connect http://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n",
        "CONNECT a.jp HTTP/1.1\r\n\r\n",
        "CONNECT http://a.jp:443 HTTP/1.1\r\n\r\n",
        "CONNECT a.jp:443/ HTTP/1.1\r\n\r\n",
        "CONNECT u@a.jp:443 HTTP/1.1\r\n\r\n",
        "CONNECT :443 HTTP/1.1\r\n\r\n",
        "CONNECT ::1:443 HTTP/1.1\r\n\r\n",
        "CONNECT a.jp:443 HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        "CONNECT a.jp:443 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        /* host */
        "GET http://a.jp/ HTTP/1.1\r\n\r\n",
        GET "Host: a.jp\r\n\r\n",
        "GET http://a.jp/ HTTP/1.1\r\nHost: b.jp\r\n\r\n",
        "GET http://a.jp/ HTTP/1.1\r\nHost: a.jp:81\r\n\r\n",
        "GET http://a.jp/ HTTP/1.1\r\nHost:\r\n\r\n",
        "GET http://a.jp/ HTTP/1.1\r\nHost: a.jp, b.jp\r\n\r\n",
        "CONNECT a.jp:443 HTTP/1.1\r\nHost: b.jp:443\r\n\r\n",
        "CONNECT a.jp:443 HTTP/1.1\r\nHost: a.jp:80\r\n\r\n",
        "CONNECT a.jp:443 HTTP/1.1\r\nHost: a.jp\r\nHost: a.jp\r\n\r\n",
        /* fields */
        GET "X : 1\r\n\r\n",
        GET "X\r\n\r\n",
        GET ": 1\r\n\r\n",
        GET "X: 1\r\n folded\r\n\r\n",
        GET "X: 1\r\n\tfolded\r\n\r\n",
        GET " X: 1\r\n\r\n",
        GET "X: a\x01\r\n\r\n",
        GET "X: a\x7f\r\n\r\n",
        GET "X(: 1\r\n\r\n",
        GET "X\xe3: 1\r\n\r\n",
        /* line ends */
        GET "X: 1\n\r\n",
        GET "X: 1\r\r\n\r\n",
        "GET http://a.jp/ HTTP/1.1\nHost: a.jp\n\n",
        GET "X: 1\rY: 2\r\n\r\n",
        GET "\n\r\n",
        GET "X: 1\r\n\n",
        /* framing */
        POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
        POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        POST "Content-Length: 1, 1\r\n\r\n",
        POST "Content-Length: +1\r\n\r\n",
        POST "Content-Length: -1\r\n\r\n",
        POST "Content-Length: 0x1\r\n\r\n",
        POST "Content-Length: 01\r\n\r\n",
        POST "Content-Length: 1 1\r\n\r\n",
        POST "Content-Length:\r\n\r\n",
        POST "Content-Length: 99999999999999999999\r\n\r\n",
        POST "Content-Length: 1099511627777\r\n\r\n",
        POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        POST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
        POST "Transfer-Encoding: gzip, chunked\r\n\r\n",
        POST "Transfer-Encoding: chunked, \r\n\r\n",
        POST "Transfer-Encoding: identity\r\n\r\n",
        POST "Transfer-Encoding: xchunked\r\n\r\n",
        POST "Transfer-Encoding:\r\n\r\n",
        POST "Transfer-Encoding : chunked\r\n\r\n",
        POST "Transfer-Encoding: \x0b"
             "chunked\r\n\r\n",
        /* a field by which the message is understood, taken out on the way */
        POST "Content-Length: 1\r\nConnection: content-length\r\n\r\n",
        POST "Transfer-Encoding: chunked\r\nConnection: close, Transfer-Encoding\r\n\r\n",
        GET "Connection: Host\r\n\r\n",
        GET "Connection: a b\r\n\r\n",
};

START_TEST(test_refused_forms)
{
	struct proxy_request request;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ck_assert_msg(parse(refused[i], &request) < 0, "%zu: %s", i, refused[i]);
	ck_assert_int_lt(parse_bytes(GET "X: \0\r\n\r\n", sizeof(GET) - 1 + 8, &request), 0);
}
END_TEST

START_TEST(test_allowed_forms)
{
	static const char *const allowed[] = {GET "\r\n", GET "X: 1\r\n\r\n", GET "X:1\r\n\r\n",
	        GET "X:\r\n\r\n", GET "X: \xe3\x81\x82\r\n\r\n", GET "Connection: close,,x\r\n\r\n",
	        POST "Content-Length: 0\r\n\r\n", POST "Content-Length: 1099511627776\r\n\r\n",
	        POST "Transfer-Encoding: chunked\r\n\r\n",
	        POST "transfer-encoding: Chunked \r\n\r\n",
	        "GET http://a.jp/ HTTP/1.1\r\nHost: A.JP:80\r\n\r\n",
	        "GET http://9.9.9.9/ HTTP/1.1\r\nHost: 9.9.9.9\r\n\r\n",
	        "GET http://[2400::1]:80/ HTTP/1.1\r\nHost: [2400:0::1]\r\n\r\n",
	        "ABCDEFGHIJKLMNOP http://a.jp/ HTTP/1.1\r\nHost: a.jp\r\n\r\n"};
	struct proxy_request request;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		ck_assert_msg(parse(allowed[i], &request) == (int)strlen(allowed[i]), "%zu: %s", i,
		        allowed[i]);
}
END_TEST

START_TEST(test_cut_at_every_length)
{
	struct proxy_request request;

	for (size_t length = 0; length < strlen(whole); length++)
		ck_assert_int_eq(parse_bytes(whole, length, &request), 0);
	/* What follows is not looked at. */
	char more[sizeof(whole) + 4];
	snprintf(more, sizeof(more), "%sabc", whole);
	ck_assert_int_eq(parse(more, &request), (int)strlen(whole));
}
END_TEST

START_TEST(test_scan_byte_by_byte)
{
	struct http_head_scan scan = {0};
	size_t length = strlen(whole);

	for (size_t i = 1; i < length; i++)
		ck_assert_int_eq(http_head_scan(&scan, (const uint8_t *)whole, i), 0);
	ck_assert_int_eq(http_head_scan(&scan, (const uint8_t *)whole, length), (int)length);
}
END_TEST

START_TEST(test_bits_flipped)
{
	char copy[sizeof(whole)];
	struct proxy_request request;
	char out[4096];
	size_t n_taken = 0;

	for (size_t bit = 0; bit < (sizeof(whole) - 1) * 8; bit++) {
		memcpy(copy, whole, sizeof(whole));
		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << (bit % 8)));
		int result = parse_bytes(copy, sizeof(whole) - 1, &request);
		if (result <= 0)
			continue;
		n_taken++;
		/* Whatever was taken is sent on as one request with one framing. */
		write_to_text(&request, NULL, 0, out);
		ck_assert_ptr_null(strstr(out, "Proxy-Auth"));
		ck_assert_ptr_eq(strstr(out, "\r\n\r\n") + 4, out + strlen(out));
	}
	ck_assert_uint_gt(n_taken, 0);
}
END_TEST

START_TEST(test_limits)
{
	static char text[HTTP_HEAD_MAX + 64];
	struct proxy_request request;
	size_t at = (size_t)sprintf(text, GET);

	for (unsigned i = 2; i < HTTP_LINES_MAX; i++)
		at += (size_t)sprintf(text + at, "X: %u\r\n", i);
	strcpy(text + at, "\r\n");
	ck_assert_int_gt(parse(text, &request), 0);
	strcpy(text + at, "X: y\r\n\r\n");
	ck_assert_int_eq(parse(text, &request), SHOJI_ERR_LIMIT);

	at = (size_t)sprintf(text, GET "X: ");
	memset(text + at, 'x', sizeof(text) - at);
	ck_assert_int_eq(parse_bytes(text, at - 3 + HTTP_LINE_MAX, &request), 0);
	ck_assert_int_eq(parse_bytes(text, at - 3 + HTTP_LINE_MAX + 2, &request), SHOJI_ERR_LIMIT);

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 8000 == 7998 ? '\r' : i % 8000 == 7999 ? '\n' : 'x';
	ck_assert_int_eq(parse_bytes(text, HTTP_HEAD_MAX, &request), 0);
	ck_assert_int_eq(parse_bytes(text, HTTP_HEAD_MAX + 1, &request), SHOJI_ERR_LIMIT);
}
END_TEST

START_TEST(test_replies)
{
	static const struct {
		const char *text;
		int result; /* 0: its length */
		unsigned status;
	} replies[] = {{"HTTP/1.1 200 Connection established\r\n\r\n", 0, 200},
	        {"HTTP/1.0 200\r\n\r\n", 0, 200}, {"HTTP/1.1 403 No\r\nX: y\r\n\r\n", 0, 403},
	        {"HTTP/2.0 200 OK\r\n\r\n", SHOJI_ERR_MALFORMED, 0},
	        {"HTTP/1.1 2000\r\n\r\n", SHOJI_ERR_MALFORMED, 0},
	        {"HTTP/1.1 099 x\r\n\r\n", SHOJI_ERR_MALFORMED, 0},
	        {"HTTP/1.1 20\r\n\r\n", SHOJI_ERR_MALFORMED, 0},
	        {"x\r\n\r\n", SHOJI_ERR_MALFORMED, 0}, {"\r\n\r\n", SHOJI_ERR_MALFORMED, 0}};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		unsigned status = 0;
		size_t length = strlen(replies[i].text);
		int expected = replies[i].result ? replies[i].result : (int)length;
		ck_assert_int_eq(
		        http_reply_parse((const uint8_t *)replies[i].text, length, &status),
		        expected);
		ck_assert_uint_eq(status, replies[i].status);
		if (replies[i].result == 0)
			ck_assert_int_eq(http_reply_parse((const uint8_t *)replies[i].text,
			                         length - 1, &status),
			        0);
	}
}
END_TEST

/* ---- bodies ---- */

/* What belongs to the body of all that is given, in pieces of `step`; -1: refused. */
static int body_length(enum proxy_body_kind kind, uint64_t content_length, const char *bytes,
        size_t step, bool *is_done)
{
	struct proxy_body body;
	size_t length = strlen(bytes), at = 0;

	proxy_body_init(&body, kind, content_length);
	while (at < length && !proxy_body_is_done(&body)) {
		size_t part = length - at < step ? length - at : step, consumed;
		if (proxy_body_consume(&body, (const uint8_t *)bytes + at, part, &consumed))
			return -1;
		at += consumed;
		if (consumed < part)
			break;
	}
	*is_done = proxy_body_is_done(&body);
	return (int)at;
}

static void check_body(enum proxy_body_kind kind, uint64_t content_length, const char *bytes,
        int expected, bool is_expected_done)
{
	for (size_t step = 1; step <= strlen(bytes) + 1; step++) {
		bool is_done = false;
		ck_assert_msg(body_length(kind, content_length, bytes, step, &is_done) == expected,
		        "%s in steps of %zu", bytes, step);
		if (expected >= 0)
			ck_assert(is_done == is_expected_done);
	}
}

START_TEST(test_bodies)
{
	check_body(PROXY_BODY_NONE, 0, "GET http://b.jp/", 0, true);
	check_body(PROXY_BODY_LENGTH, 0, "x", 0, true);
	check_body(PROXY_BODY_LENGTH, 5, "12345GET", 5, true);
	check_body(PROXY_BODY_LENGTH, 5, "1234", 4, false);
	check_body(PROXY_BODY_CHUNKED, 0, "0\r\n\r\nGET", 5, true);
	check_body(PROXY_BODY_CHUNKED, 0, "3\r\nabc\r\n0a\r\n0123456789\r\n000\r\n\r\nGET",
	        (int)strlen("3\r\nabc\r\n0a\r\n0123456789\r\n000\r\n\r\n"), true);
	check_body(PROXY_BODY_CHUNKED, 0, "3\r\nabc\r\n0\r\n", 11, false);
}
END_TEST

START_TEST(test_refused_bodies)
{
	static const char *const bad[] = {"x", "\r\n", ";\r\n", " 3\r\nabc", "3 \r\nabc",
	        "3;e=1\r\nabc", "3\nabc\r\n", "3\r\nabcd", "3\r\nabc\n0\r\n\r\n", "0x3\r\nabc",
	        "-1\r\n", "000000003\r\nabc", "fffffffff\r\n", "0\r\nTrailer: x\r\n\r\n", "0\r\n\n",
	        "3\rabc"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_body(PROXY_BODY_CHUNKED, 0, bad[i], -1, false);
}
END_TEST

int main(void)
{
	return SUITE_RUN("egress requests", test_absolute_form, test_what_is_written_is_read_alike,
	        test_paths, test_connect, test_refused_forms, test_allowed_forms,
	        test_cut_at_every_length, test_scan_byte_by_byte, test_bits_flipped, test_limits,
	        test_replies, test_bodies, test_refused_bodies);
}
