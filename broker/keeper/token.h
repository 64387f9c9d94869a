/* Cookies and attach tokens: 256 random bits as 64 hex digits for the terminal, and of them only the
 * SHA-256 kept here. A hash suffices without salt: what is hashed is random already. */
#ifndef SHOJI_KEEPER_TOKEN_H
#define SHOJI_KEEPER_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#define TOKEN_TEXT_BYTES 64
#define TOKEN_HASH_BYTES 32

/* The caller wipes text when it has been sent. */
void token_make(char text[TOKEN_TEXT_BYTES + 1], uint8_t hash[TOKEN_HASH_BYTES]);
/* False when text is not 64 lower-case hex digits; hash is then untouched. */
bool token_hash(const char *text, uint8_t hash[TOKEN_HASH_BYTES]);
/* In constant time. */
bool token_is_equal(const uint8_t a[TOKEN_HASH_BYTES], const uint8_t b[TOKEN_HASH_BYTES]);

#endif
