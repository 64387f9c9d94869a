/* Secrets that a terminal presents again. What arrives here was typed or stolen by anybody. */
#include "keeper/token.h"

#include <sodium.h>
#include <string.h>

_Static_assert(TOKEN_HASH_BYTES == crypto_hash_sha256_BYTES, "a token's hash is a SHA-256");

void token_make(char text[TOKEN_TEXT_BYTES + 1], uint8_t hash[TOKEN_HASH_BYTES])
{
	unsigned char random[TOKEN_TEXT_BYTES / 2];

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(text, TOKEN_TEXT_BYTES + 1, random, sizeof(random));
	sodium_memzero(random, sizeof(random));
	crypto_hash_sha256(hash, (const unsigned char *)text, TOKEN_TEXT_BYTES);
}

bool token_hash(const char *text, uint8_t hash[TOKEN_HASH_BYTES])
{
	if (strlen(text) != TOKEN_TEXT_BYTES ||
	        strspn(text, "0123456789abcdef") != TOKEN_TEXT_BYTES)
		return false;
	crypto_hash_sha256(hash, (const unsigned char *)text, TOKEN_TEXT_BYTES);
	return true;
}

bool token_is_equal(const uint8_t a[TOKEN_HASH_BYTES], const uint8_t b[TOKEN_HASH_BYTES])
{
	return sodium_memcmp(a, b, TOKEN_HASH_BYTES) == 0;
}
