/* Writes log lines with one write() each, so that lines of several roles never mix.
 * Foreign text passes log_quote() first. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static const char *log_role = "shoji";
static enum log_level log_threshold = LOG_INFO;

void log_init(const char *role, enum log_level level)
{
	log_role = role;
	log_threshold = level;
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "error";
	case LOG_WARNING:
		return "warning";
	case LOG_INFO:
		return "info";
	case LOG_DEBUG:
		return "debug";
	}
	return "?";
}

/* UTC, computed without localtime(): a sandboxed role cannot read the zone's file. */
static size_t put_time(char *out, size_t size)
{
	struct timespec now;
	struct tm parts;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	size_t length = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &parts);
	return length +
	       (size_t)snprintf(out + length, size - length, ".%03ldZ", now.tv_nsec / 1000000);
}

void log_write(enum log_level level, uint64_t lease_id, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	int saved_errno = errno;
	size_t length;
	va_list arguments;

	if (level > log_threshold)
		return;
	length = put_time(line, sizeof(line));
	length += (size_t)snprintf(
	        line + length, sizeof(line) - length, " %s %s ", level_name(level), log_role);
	if (lease_id)
		length += (size_t)snprintf(line + length, sizeof(line) - length, "s-%016llx ",
		        (unsigned long long)lease_id);
	errno = saved_errno; /* for %m */
	va_start(arguments, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is; clang 14 loses va_start here */
	int written = vsnprintf(line + length, sizeof(line) - length, format, arguments);
	va_end(arguments);
	length += written > 0 ? (size_t)written : 0;
	if (length > sizeof(line) - 1)
		length = sizeof(line) - 1;
	line[length] = '\n';
	/* Nobody to tell when the log itself cannot be written. */
	ssize_t ignored = write(STDERR_FILENO, line, length + 1);
	(void)ignored;
	errno = saved_errno;
}

const char *log_quote(char out[LOG_QUOTE_MAX], const char *text, size_t length)
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < length && at + 5 < LOG_QUOTE_MAX; i++) {
		unsigned char byte = (unsigned char)text[i];
		if (byte >= 0x20 && byte < 0x7f && byte != '\\' && byte != '"') {
			out[at++] = (char)byte;
			continue;
		}
		out[at++] = '\\';
		out[at++] = 'x';
		out[at++] = hex[byte >> 4];
		out[at++] = hex[byte & 15];
	}
	out[at] = '\0';
	return out;
}
