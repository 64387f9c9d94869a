/* What egress answers by itself: pages that say why a site is not shown, and the start page. Pure: bytes of
 * an HTTP response, "Connection: close" included. */
#ifndef SHOJI_EGRESS_ANSWER_H
#define SHOJI_EGRESS_ANSWER_H

#include "base/session.h"
#include "egress/proxy_host.h"

/* Why there is no page. The words are in answer.c. */
enum answer_reason {
	ANSWER_DENIED_BY_LIST,
	ANSWER_DENIED_ADDRESS,
	ANSWER_DENIED_PORT,
	ANSWER_NOT_RESOLVED,
	ANSWER_UNREACHABLE,
	ANSWER_UPSTREAM_DOWN,
	ANSWER_UPSTREAM_REFUSED,
	ANSWER_MALFORMED,
	ANSWER_TOO_LARGE,
	ANSWER_TOO_SLOW,
	ANSWER_OVER_LIMIT,
	ANSWER_TOO_MANY,
	ANSWER_NOT_RECORDED,
};

#define ANSWER_PAGE_MAX 65536 /* bytes, with its head */

/* host: NULL when the request named none. contact: 情報担当（内線○○）, escaped here; empty: no such line.
 * with_body false: for HEAD. 0 and *length, or SHOJI_ERR_LIMIT. */
int answer_write(enum answer_reason reason, const struct proxy_host *host, const char *contact,
        bool with_body, uint8_t *out, size_t size, size_t *length);
unsigned answer_status(enum answer_reason reason);

/* The answer to a successful CONNECT. */
#define ANSWER_TUNNEL "HTTP/1.1 200 Connection established\r\n\r\n"

/* The built-in start page and its style sheet: path as in a request (with a query, if there is one). Only GET and
 * HEAD are answered with something else than 405. 0 and *length, or SHOJI_ERR_LIMIT. */
int start_page_write(const char *method, const char *path, size_t path_length, const char *contact,
        uint8_t *out, size_t size, size_t *length);

#endif
