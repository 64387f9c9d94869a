/* libsodium's argon2id behind three functions. Passwords come from terminals, through gate and keeper. */
#include "hash/argon2.h"

#include "base/error.h"

#include <sodium.h>
#include <string.h>

_Static_assert(crypto_pwhash_argon2id_STRBYTES <= ARGON2_TEXT_MAX + 1, "hash text is too long");

int argon2_init(struct argon2 *self, uint32_t memory_kib, uint32_t passes)
{
	unsigned char random[32];
	char secret[2 * sizeof(random) + 1];
	struct argon2 value = {.memory_bytes = (uint64_t)memory_kib * 1024, .passes = passes};

	if (sodium_init() < 0)
		return SHOJI_ERR_SYSTEM;
	if (value.memory_bytes < crypto_pwhash_argon2id_MEMLIMIT_MIN ||
	        value.memory_bytes > crypto_pwhash_argon2id_MEMLIMIT_MAX ||
	        passes < crypto_pwhash_argon2id_OPSLIMIT_MIN)
		return SHOJI_ERR_CONFIG;
	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(secret, sizeof(secret), random, sizeof(random));
	int error = argon2_make(&value, secret, value.decoy);
	sodium_memzero(random, sizeof(random));
	sodium_memzero(secret, sizeof(secret));
	if (!error)
		*self = value;
	return error;
}

int argon2_make(const struct argon2 *self, const char *password, char out[ARGON2_TEXT_MAX + 1])
{
	char text[crypto_pwhash_argon2id_STRBYTES];

	if (crypto_pwhash_argon2id_str(
	            text, password, strlen(password), self->passes, self->memory_bytes) < 0)
		return SHOJI_ERR_MEMORY;
	memset(out, 0, ARGON2_TEXT_MAX + 1);
	memcpy(out, text, strnlen(text, sizeof(text)));
	return 0;
}

bool argon2_matches(const struct argon2 *self, const char *password, const char *stored)
{
	bool is_somebody = stored && stored[0] != '\0';
	int result = crypto_pwhash_argon2id_str_verify(
	        is_somebody ? stored : self->decoy, password, strlen(password));

	return is_somebody && result == 0;
}

bool argon2_is_outdated(const struct argon2 *self, const char *stored)
{
	return crypto_pwhash_argon2id_str_needs_rehash(stored, self->passes, self->memory_bytes) ==
	       1;
}
