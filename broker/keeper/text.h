/* What people, administrators and isolated hosts may call things: rules for text that enters keeper. */
#ifndef SHOJI_KEEPER_TEXT_H
#define SHOJI_KEEPER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define PERSON_ID_MAX 64       /* characters */
#define DISPLAY_NAME_MAX 128   /* bytes of UTF-8 */
#define PASSWORD_BYTES_MAX 256 /* bytes of UTF-8 */

/* An id as it is stored: letters become small. Permitted: 1 to 64 of a-z 0-9 . _ - @, the first a letter
 * or digit. False: not an id; out is then "". */
bool text_person_id(const char *typed, char out[PERSON_ID_MAX + 1]);

/* Valid UTF-8 without control characters and without the characters that turn the writing direction or
 * break lines, none of which a name needs and all of which can make one line look like another. */
bool text_is_plain(const char *text, size_t length);
/* Plain, 1 to 128 bytes. */
bool text_is_display_name(const char *text);

enum password_verdict {
	PASSWORD_GOOD,
	PASSWORD_TOO_SHORT,
	PASSWORD_TOO_LONG,
	PASSWORD_NOT_PLAIN, /* control characters, or not UTF-8 */
	PASSWORD_IS_ID,     /* the person's id */
	PASSWORD_MONOTONE,  /* fewer than 4 different characters */
};
/* length_min in characters (code points), not bytes. */
enum password_verdict text_password(const char *password, const char *person, size_t length_min);
const char *text_password_verdict(enum password_verdict verdict);

/* Foreign text for an audit record or an answer: itself when it is plain, else escaped like a log's
 * (base/log.h). Returns out. */
const char *text_foreign(char *out, size_t size, const char *text);

#endif
