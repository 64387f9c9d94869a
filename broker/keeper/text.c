/* Rules for names and passwords. All of it is foreign: typed at terminals or by administrators, or written by
 * isolated hosts. */
#include "keeper/text.h"

#include "base/log.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_id_character(char c, bool is_first)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return true;
	return !is_first && (c == '.' || c == '_' || c == '-' || c == '@');
}

bool text_person_id(const char *typed, char out[PERSON_ID_MAX + 1])
{
	size_t length = strlen(typed);

	out[0] = '\0';
	if (length == 0 || length > PERSON_ID_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = typed[i] >= 'A' && typed[i] <= 'Z' ? (char)(typed[i] - 'A' + 'a')
		                                            : typed[i];
		if (!is_id_character(c, i == 0)) {
			out[0] = '\0';
			return false;
		}
		out[i] = c;
	}
	out[length] = '\0';
	return true;
}

/* Bytes of the sequence that `lead` begins; 0: none begins so. Overlong two-byte forms are refused here,
 * the others in next_character(). */
static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

/* >0 consumed; 0 at the end or where the text is not UTF-8 (*code then UINT32_MAX). */
static size_t next_character(const char *text, size_t length, uint32_t *code)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = length ? sequence_length((unsigned char)text[0]) : 0;

	*code = UINT32_MAX;
	if (n == 0 || n > length)
		return 0;
	uint32_t value = n == 1 ? (unsigned char)text[0] : (unsigned char)text[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (value < lowest[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return n;
}

static bool is_plain_character(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code <= 0x9f))
		return false;
	if (code == 0x2028 || code == 0x2029 || code == 0x061c || code == 0xfeff)
		return false;
	return !(code >= 0x200e && code <= 0x200f) && !(code >= 0x202a && code <= 0x202e) &&
	       !(code >= 0x2066 && code <= 0x2069);
}

/* Characters of a plain text; SIZE_MAX when it is not plain. */
static size_t count_plain(const char *text, size_t length)
{
	size_t count = 0;
	uint32_t code;

	for (size_t at = 0; at < length; count++) {
		size_t n = next_character(text + at, length - at, &code);
		if (n == 0 || !is_plain_character(code))
			return SIZE_MAX;
		at += n;
	}
	return count;
}

bool text_is_plain(const char *text, size_t length)
{
	return count_plain(text, length) != SIZE_MAX;
}

bool text_is_display_name(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= DISPLAY_NAME_MAX && text_is_plain(text, length);
}

static size_t count_different(const char *text)
{
	bool is_seen[256] = {false};
	size_t count = 0;

	for (const char *at = text; *at; at++) {
		unsigned char byte = (unsigned char)*at;
		count += !is_seen[byte];
		is_seen[byte] = true;
	}
	return count;
}

enum password_verdict text_password(const char *password, const char *person, size_t length_min)
{
	size_t length = strlen(password);

	if (length > PASSWORD_BYTES_MAX)
		return PASSWORD_TOO_LONG;
	size_t n_characters = count_plain(password, length);
	if (n_characters == SIZE_MAX)
		return PASSWORD_NOT_PLAIN;
	if (n_characters < length_min)
		return PASSWORD_TOO_SHORT;
	if (strcasecmp(password, person) == 0)
		return PASSWORD_IS_ID;
	return count_different(password) < 4 ? PASSWORD_MONOTONE : PASSWORD_GOOD;
}

const char *text_password_verdict(enum password_verdict verdict)
{
	switch (verdict) {
	case PASSWORD_GOOD:
		return "good";
	case PASSWORD_TOO_SHORT:
		return "too short";
	case PASSWORD_TOO_LONG:
		return "longer than 256 bytes";
	case PASSWORD_NOT_PLAIN:
		return "holds control characters or is not UTF-8";
	case PASSWORD_IS_ID:
		return "the same as the ID";
	case PASSWORD_MONOTONE:
		return "made of fewer than 4 different characters";
	}
	return "?";
}

const char *text_foreign(char *out, size_t size, const char *text)
{
	char quoted[LOG_QUOTE_MAX];
	size_t length = strlen(text);

	if (length < size && text_is_plain(text, length))
		snprintf(out, size, "%s", text);
	else
		snprintf(out, size, "%s", log_quote(quoted, text, length));
	return out;
}
