/* Which key writes which character, on a JIS and on a US keyboard: xkeyboard-config's layouts jp and us. */
#include "capture/ascii_keys.h"

#include <stddef.h>
#include <string.h>

/* Keys in rows, from the given number on; a space: that key writes nothing there. */
struct row {
	uint8_t first_key;
	const char *plain, *shifted;
};

static const struct row us_rows[] = {
        {0x02, "1234567890-=", "!@#$%^&*()_+"},
        {0x10, "qwertyuiop[]", "QWERTYUIOP{}"},
        {0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
        {0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"},
};

static const struct row jis_rows[] = {
        {0x02, "1234567890-^", "!\"#$%&'() =~"},
        {0x10, "qwertyuiop@[", "QWERTYUIOP`{"},
        {0x1e, "asdfghjkl;:", "ASDFGHJKL+*"},
        {0x2b, "]zxcvbnm,./", "}ZXCVBNM<>?"},
        {0x73, "\\", "_"},
        {0x7d, " ", "|"},
};

static bool find_in(const char *characters, char character, uint8_t first_key, uint8_t *key)
{
	const char *at = strchr(characters, character);

	if (!at)
		return false;
	*key = (uint8_t)(first_key + (at - characters));
	return true;
}

static bool find_control(char character, struct ascii_key *key)
{
	key->has_shift = false;
	key->key = character == ' '    ? 0x39
	           : character == '\n' ? 0x1c
	           : character == '\t' ? 0x0f
	                               : 0;
	return key->key != 0;
}

bool ascii_key_find(char character, bool is_jis, struct ascii_key *key)
{
	const struct row *rows = is_jis ? jis_rows : us_rows;
	size_t n_rows = is_jis ? sizeof(jis_rows) / sizeof(jis_rows[0])
	                       : sizeof(us_rows) / sizeof(us_rows[0]);

	if (find_control(character, key))
		return true;
	for (size_t i = 0; i < n_rows && character; i++)
		for (int shift = 0; shift < 2; shift++) {
			const char *characters = shift ? rows[i].shifted : rows[i].plain;
			key->has_shift = shift;
			if (find_in(characters, character, rows[i].first_key, &key->key))
				return true;
		}
	return false;
}
