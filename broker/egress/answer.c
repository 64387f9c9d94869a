/* Pages of egress' own, shown in the isolated browser. Words follow docs and the town's list of words; what the
 * request said (its host) is escaped although it was parsed into letters, digits and dots before. */
#include "egress/answer.h"

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/error.h"
#include "egress/embedded.h"

#include <stdio.h>
#include <string.h>

struct words {
	unsigned status;
	const char *phrase;
	const char *title;
	const char *next; /* what to do */
};

#define REFUSED(reason) "このサイトは、閲覧が制限されています。（理由：" reason "）"

static struct words words_of(enum answer_reason reason)
{
	switch (reason) {
	case ANSWER_DENIED_BY_LIST:
		return (struct words){403, "Forbidden",
		        REFUSED("閲覧を制限するサイトの一覧に含まれているため"),
		        "業務で必要な場合は、閲覧を申請してください。"};
	case ANSWER_DENIED_ADDRESS:
		return (struct words){403, "Forbidden",
		        REFUSED("インターネット上のアドレスではないため"),
		        "庁内のサイトは、庁内の端末のブラウザーでご覧ください。"};
	case ANSWER_DENIED_PORT:
		return (struct words){403, "Forbidden", REFUSED("許可されていないポート番号のため"),
		        "アドレスをご確認ください。業務で必要な場合は、閲覧を申請してください。"};
	case ANSWER_NOT_RESOLVED:
		return (struct words){502, "Bad Gateway", "サイトが見つかりません。",
		        "アドレスに誤りがないかご確認ください。"};
	case ANSWER_UNREACHABLE:
		return (struct words){502, "Bad Gateway", "サイトに接続できません。",
		        "しばらくしてから、再度お試しください。"};
	case ANSWER_UPSTREAM_DOWN:
		return (struct words){502, "Bad Gateway",
		        "インターネットへの接続口（セキュリティクラウド）に接続できません。",
		        "しばらくしてから、再度お試しください。続く場合は、お問い合わせください。"};
	case ANSWER_UPSTREAM_REFUSED:
		return (struct words){403, "Forbidden",
		        REFUSED("セキュリティクラウドで制限されているため"),
		        "業務で必要な場合は、閲覧を申請してください。"};
	case ANSWER_MALFORMED:
		return (struct words){400, "Bad Request", REFUSED("正しい形式の要求ではないため"),
		        "アドレスをご確認ください。"};
	case ANSWER_TOO_LARGE:
		return (struct words){431, "Request Header Fields Too Large",
		        REFUSED("要求が長すぎるため"),
		        "アドレスを短くするか、一度ログアウトし、再度ログインしてからお試しください"
		        "。"};
	case ANSWER_TOO_SLOW:
		return (struct words){408, "Request Timeout", "時間内に要求が届きませんでした。",
		        "再度お試しください。"};
	case ANSWER_OVER_LIMIT:
		return (struct words){503, "Service Unavailable",
		        "同時に開ける接続の数が、上限に達しています。",
		        "ほかのタブを閉じてから、再度お試しください。"};
	case ANSWER_TOO_MANY:
		return (struct words){429, "Too Many Requests",
		        "短い時間に開いたサイトの数が、上限に達しています。",
		        "1分ほどしてから、再度お試しください。続く場合は、お問い合わせください。"};
	case ANSWER_NOT_RECORDED:
		return (struct words){503, "Service Unavailable",
		        "利用状況を記録できないため、閲覧を一時的に停止しています。",
		        "しばらくしてから、再度お試しください。続く場合は、お問い合わせください。"};
	}
	ensure(!"an answer for each reason");
	return (struct words){0};
}

unsigned answer_status(enum answer_reason reason)
{
	return words_of(reason).status;
}

/* ---- writing ---- */

static void put_text(struct bytes_writer *writer, const char *text)
{
	bytes_put_raw(writer, text, strlen(text));
}

static void put_escaped(struct bytes_writer *writer, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			put_text(writer, "&amp;");
			break;
		case '<':
			put_text(writer, "&lt;");
			break;
		case '>':
			put_text(writer, "&gt;");
			break;
		case '"':
			put_text(writer, "&quot;");
			break;
		case '\'':
			put_text(writer, "&#39;");
			break;
		default:
			bytes_put_raw(writer, text, 1);
		}
	}
}

/* What {{name}} stands for. A NULL name ends the list. */
struct blank {
	const char *name;
	const char *text;
};

static const char *fill(const struct blank *blanks, const char *name, size_t length)
{
	for (; blanks->name; blanks++)
		if (strlen(blanks->name) == length && memcmp(blanks->name, name, length) == 0)
			return blanks->text;
	ensure(!"every blank of an embedded page has its text");
	return "";
}

/* The template is ours: an unclosed {{ is our own bug. */
static void put_template(struct bytes_writer *writer, const unsigned char *template, size_t length,
        const struct blank *blanks)
{
	const char *at = (const char *)template;
	const char *end = at + length;

	for (;;) {
		const char *open = memmem(at, (size_t)(end - at), "{{", 2);
		if (!open)
			break;
		bytes_put_raw(writer, at, (size_t)(open - at));
		const char *close = memmem(open, (size_t)(end - open), "}}", 2);
		ensure(close);
		put_escaped(writer, fill(blanks, open + 2, (size_t)(close - open) - 2));
		at = close + 2;
	}
	bytes_put_raw(writer, at, (size_t)(end - at));
}

struct response {
	unsigned status;
	const char *phrase;
	const char *type;
	const char *more; /* further header lines, each with CRLF */
	const uint8_t *body;
	size_t body_length;
	bool with_body;
};

/* nosniff, no-store: a refusal must not outlive its reason in the browser's cache. */
static int put_response(const struct response *self, uint8_t *out, size_t size, size_t *length)
{
	struct bytes_writer writer;
	char head[512];

	snprintf(head, sizeof(head),
	        "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
	        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s\r\n",
	        self->status, self->phrase, self->type, self->body_length, self->more);
	bytes_writer_init(&writer, out, size);
	put_text(&writer, head);
	if (self->with_body)
		bytes_put_raw(&writer, self->body, self->body_length);
	if (writer.error)
		return writer.error;
	*length = writer.length;
	return 0;
}

/* "お問い合わせ先：…", or nothing. */
static const char *contact_line(const char *contact, char *out, size_t size)
{
	if (!contact || !contact[0])
		return "";
	snprintf(out, size, "お問い合わせ先：%s", contact);
	return out;
}

static const char html[] = "text/html; charset=utf-8";

int answer_write(enum answer_reason reason, const struct proxy_host *host, const char *contact,
        bool with_body, uint8_t *out, size_t size, size_t *length)
{
	/* One process, one thread. */
	static uint8_t body[ANSWER_PAGE_MAX];
	struct words words = words_of(reason);
	char host_text[PROXY_HOST_TEXT_MAX] = "", contact_text[1200];
	struct bytes_writer writer;
	const struct blank blanks[] = {{"title", words.title}, {"next", words.next},
	        {"host", host ? proxy_host_text(host, host_text) : ""},
	        {"contact", contact_line(contact, contact_text, sizeof(contact_text))},
	        {NULL, NULL}};

	bytes_writer_init(&writer, body, sizeof(body));
	put_template(
	        &writer, egress_embedded_refusal_html, egress_embedded_refusal_html_length, blanks);
	if (writer.error)
		return writer.error;
	return put_response(&(struct response){.status = words.status,
	                            .phrase = words.phrase,
	                            .type = html,
	                            .more = "Content-Security-Policy: default-src 'none'; "
	                                    "style-src 'unsafe-inline'\r\n",
	                            .body = body,
	                            .body_length = writer.length,
	                            .with_body = with_body},
	        out, size, length);
}

/* ---- the start page ---- */

static int put_plain(unsigned status, const char *phrase, const char *more, bool with_body,
        uint8_t *out, size_t size, size_t *length)
{
	return put_response(&(struct response){.status = status,
	                            .phrase = phrase,
	                            .type = "text/plain",
	                            .more = more,
	                            .body = (const uint8_t *)phrase,
	                            .body_length = strlen(phrase),
	                            .with_body = with_body},
	        out, size, length);
}

static int put_start_page(
        const char *contact, bool with_body, uint8_t *out, size_t size, size_t *length)
{
	static uint8_t body[ANSWER_PAGE_MAX];
	char contact_text[1200];
	struct bytes_writer writer;
	const struct blank blanks[] = {
	        {"contact", contact_line(contact, contact_text, sizeof(contact_text))},
	        {NULL, NULL}};

	bytes_writer_init(&writer, body, sizeof(body));
	put_template(
	        &writer, egress_embedded_index_html, egress_embedded_index_html_length, blanks);
	if (writer.error)
		return writer.error;
	return put_response(&(struct response){.status = 200,
	                            .phrase = "OK",
	                            .type = html,
	                            .more = "Content-Security-Policy: default-src 'none'; "
	                                    "style-src 'self'; base-uri 'none'; "
	                                    "form-action 'none'\r\n",
	                            .body = body,
	                            .body_length = writer.length,
	                            .with_body = with_body},
	        out, size, length);
}

static bool path_is(const char *path, size_t length, const char *wanted)
{
	return length == strlen(wanted) && memcmp(path, wanted, length) == 0;
}

int start_page_write(const char *method, const char *path, size_t path_length, const char *contact,
        uint8_t *out, size_t size, size_t *length)
{
	bool is_get = strcmp(method, "GET") == 0;
	const char *query = memchr(path, '?', path_length);
	size_t bare_length = query ? (size_t)(query - path) : path_length;

	if (!is_get && strcmp(method, "HEAD") != 0)
		return put_plain(
		        405, "Method Not Allowed", "Allow: GET, HEAD\r\n", true, out, size, length);
	if (bare_length == 0 || path_is(path, bare_length, "/"))
		return put_start_page(contact, is_get, out, size, length);
	if (path_is(path, bare_length, "/style.css"))
		return put_response(&(struct response){.status = 200,
		                            .phrase = "OK",
		                            .type = "text/css; charset=utf-8",
		                            .more = "",
		                            .body = egress_embedded_style_css,
		                            .body_length = egress_embedded_style_css_length,
		                            .with_body = is_get},
		        out, size, length);
	return put_plain(404, "Not Found", "", is_get, out, size, length);
}
