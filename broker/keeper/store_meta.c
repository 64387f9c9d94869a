/* The store's single values: the secret of the lockout, and how far the audit log was written. */
#include "keeper/store_internal.h"

#include "base/error.h"

#include <sodium.h>
#include <string.h>

static int meta_get(struct store *self, const char *key, void *out, size_t length)
{
	sqlite3_stmt *statement = statement_take(self, META_GET);
	int error = SHOJI_ERR_NOT_FOUND;

	statement_bind_text(statement, 1, key);
	int result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		error = statement_blob(statement, 0, out, length) ? 0 : SHOJI_ERR_MALFORMED;
	else if (result != SQLITE_DONE)
		error = store_fail(self, "cannot read meta");
	statement_give_back(statement);
	return error;
}

static int meta_set(struct store *self, const char *key, const void *value, size_t length)
{
	sqlite3_stmt *statement = statement_take(self, META_SET);

	statement_bind_text(statement, 1, key);
	statement_bind_blob(statement, 2, value, (int)length);
	return statement_finish(self, statement, "cannot write meta");
}

int store_name_key(struct store *self, uint8_t key[LOCKOUT_KEY_BYTES])
{
	uint8_t made[LOCKOUT_KEY_BYTES];
	int error = meta_get(self, "name_key", key, LOCKOUT_KEY_BYTES);

	if (error != SHOJI_ERR_NOT_FOUND)
		return error;
	randombytes_buf(made, sizeof(made));
	error = meta_set(self, "name_key", made, sizeof(made));
	if (!error)
		memcpy(key, made, sizeof(made));
	sodium_memzero(made, sizeof(made));
	return error;
}

int store_audit_head(struct store *self, struct audit_head *head)
{
	uint8_t number[8] = {0};
	struct audit_head value;
	int error = meta_get(self, "audit_number", number, sizeof(number));

	audit_head_init(&value);
	if (error == SHOJI_ERR_NOT_FOUND) {
		*head = value;
		return 0;
	}
	if (!error)
		error = meta_get(self, "audit_hash", value.hash, AUDIT_HASH_TEXT);
	if (error)
		return error;
	for (int i = 7; i >= 0; i--)
		value.number = value.number << 8 | number[i];
	*head = value;
	return 0;
}

int store_set_audit_head(struct store *self, const struct audit_head *head)
{
	uint8_t number[8];

	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)(head->number >> (8 * i));
	int error = meta_set(self, "audit_number", number, sizeof(number));
	return error ? error : meta_set(self, "audit_hash", head->hash, AUDIT_HASH_TEXT);
}
