/* Half-width characters as keys of the isolated host's keyboard: for a focus that takes keys and no text (a password field). */
#ifndef SHOJI_CAPTURE_ASCII_KEYS_H
#define SHOJI_CAPTURE_ASCII_KEYS_H

#include <stdbool.h>
#include <stdint.h>

struct ascii_key {
	uint8_t key; /* QEMU key number */
	bool has_shift;
};

/* false: no key of that keyboard (JIS, else US) writes that character. */
bool ascii_key_find(char character, bool is_jis, struct ascii_key *key);

#endif
