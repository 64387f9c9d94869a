/* One line an event, on standard error:
 *
 *   2026-11-21T10:00:00.123+09:00 info gate s-0123456789abcdef terminal 10.1.2.3 attached
 *
 * The session comes first, foreign text is escaped by log_quote(), errno is kept. */
#ifndef SHOJI_BASE_LOG_H
#define SHOJI_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Names the role in every later line and sets the most talkative level that is written.
 * `role` is kept by reference: a string literal. */
void log_init(const char *role, enum log_level level);

/* lease_id 0: the line belongs to no session. */
void log_write(enum log_level level, uint64_t lease_id, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#define log_error(lease_id, ...) log_write(LOG_ERROR, lease_id, __VA_ARGS__)
#define log_warning(lease_id, ...) log_write(LOG_WARNING, lease_id, __VA_ARGS__)
#define log_info(lease_id, ...) log_write(LOG_INFO, lease_id, __VA_ARGS__)
#define log_debug(lease_id, ...) log_write(LOG_DEBUG, lease_id, __VA_ARGS__)

#define LOG_QUOTE_MAX 256

/* Foreign text made safe for one line of log: control characters, quotes, backslashes and bytes
 * that are not ASCII become \xNN; cut off at LOG_QUOTE_MAX - 1 characters. Returns out. */
const char *log_quote(char out[LOG_QUOTE_MAX], const char *text, size_t length);

#endif
