/* The outer shape of an HTTP/1.1 head: lines that end in CRLF, up to the empty one. Pure.
 *
 * Kept apart from the parser so that a head that trickles in costs each byte once. */
#ifndef SHOJI_EGRESS_HTTP_HEAD_H
#define SHOJI_EGRESS_HTTP_HEAD_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_LINE_MAX 16384 /* bytes, without CRLF */
#define HTTP_LINES_MAX 130  /* with the first line */
#define HTTP_HEAD_MAX 49152 /* bytes, all of it */

struct http_head_scan {
	size_t scanned;
	size_t line_start;
	unsigned n_lines;
};

/* data is the head from its first byte each time, longer than the last time; self starts zeroed.
 * >0: the head is so long; 0: need more; SHOJI_ERR_MALFORMED (CR or LF alone, NUL, first line empty) or
 * SHOJI_ERR_LIMIT. */
int http_head_scan(struct http_head_scan *self, const uint8_t *data, size_t length);

/* The status line of an upstream proxy's answer. >0 consumed (whole head) and *status 100 to 599; 0 need more. */
int http_reply_parse(const uint8_t *data, size_t length, unsigned *status);

#endif
