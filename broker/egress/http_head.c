/* Finds the end of an HTTP head and refuses what different readers take for different line ends: the root of
 * request smuggling. The bytes come from the isolated host, or from the upstream proxy. */
#include "egress/http_head.h"

#include "base/error.h"
#include "base/number.h"

#include <string.h>

/* At data[at] == '\r'. >0: the head ends there; 0: go on. */
static int end_line(struct http_head_scan *self, size_t at)
{
	size_t line_length = at - self->line_start;

	if (line_length == 0)
		return self->n_lines == 0 ? SHOJI_ERR_MALFORMED : (int)(at + 2);
	if (++self->n_lines > HTTP_LINES_MAX)
		return SHOJI_ERR_LIMIT;
	self->line_start = at + 2;
	return 0;
}

int http_head_scan(struct http_head_scan *self, const uint8_t *data, size_t length)
{
	size_t at;

	for (at = self->scanned; at < length; at++) {
		if (at >= HTTP_HEAD_MAX || at - self->line_start > HTTP_LINE_MAX)
			return SHOJI_ERR_LIMIT;
		if (data[at] == '\n' || data[at] == '\0')
			return SHOJI_ERR_MALFORMED;
		if (data[at] != '\r')
			continue;
		if (at + 1 == length)
			break; /* its LF may come yet */
		if (data[at + 1] != '\n')
			return SHOJI_ERR_MALFORMED;
		int result = end_line(self, at);
		if (result)
			return result;
		at++;
	}
	self->scanned = at;
	return 0;
}

int http_reply_parse(const uint8_t *data, size_t length, unsigned *status)
{
	struct http_head_scan scan = {0};
	const char *line = (const char *)data;
	int head_length = http_head_scan(&scan, data, length);
	uint64_t value;

	if (head_length <= 0)
		return head_length;
	/* "HTTP/1.1 200" and CRLF are 14 bytes. */
	if (head_length < 16 || memcmp(line, "HTTP/1.", 7) != 0 ||
	        (line[7] != '0' && line[7] != '1') || line[8] != ' ' ||
	        (line[12] != ' ' && line[12] != '\r'))
		return SHOJI_ERR_MALFORMED;
	if (number_parse(line + 9, 3, 100, 599, &value))
		return SHOJI_ERR_MALFORMED;
	*status = (unsigned)value;
	return head_length;
}
