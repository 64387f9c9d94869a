/* Makes and checks lines of the audit log. When checking, every byte is foreign: somebody may have changed it. */
#include "keeper/audit_chain.h"

#include "base/error.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DUMP_FLAGS (JSON_COMPACT | JSON_SORT_KEYS)

void audit_head_init(struct audit_head *self)
{
	self->number = 0;
	memset(self->hash, '0', AUDIT_HASH_TEXT);
	self->hash[AUDIT_HASH_TEXT] = '\0';
}

/* SHA-256 of the record as it stands (it must have no "hash"). */
static int hash_record(const json_t *record, char hash[AUDIT_HASH_TEXT + 1])
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	char *text = json_dumps(record, DUMP_FLAGS);

	if (!text)
		return SHOJI_ERR_MEMORY;
	crypto_hash_sha256(digest, (const unsigned char *)text, strlen(text));
	free(text);
	sodium_bin2hex(hash, AUDIT_HASH_TEXT + 1, digest, sizeof(digest));
	return 0;
}

static char *dump_line(const json_t *record, size_t *length)
{
	char *text = json_dumps(record, DUMP_FLAGS);
	char *line = NULL;

	if (!text)
		return NULL;
	*length = strlen(text) + 1;
	line = realloc(text, *length + 1);
	if (!line) {
		free(text);
		return NULL;
	}
	line[*length - 1] = '\n';
	line[*length] = '\0';
	return line;
}

int audit_chain_make(struct audit_head *head, json_t *record, char **line, size_t *length)
{
	struct audit_head next = {.number = head->number + 1};
	size_t made_length;

	json_object_del(record, "hash");
	if (json_object_set_new(record, "number", json_integer((json_int_t)next.number)) < 0 ||
	        json_object_set_new(record, "prev", json_string(head->hash)) < 0)
		return SHOJI_ERR_MEMORY;
	int error = hash_record(record, next.hash);
	if (error)
		return error;
	if (json_object_set_new(record, "hash", json_string(next.hash)) < 0)
		return SHOJI_ERR_MEMORY;
	char *made = dump_line(record, &made_length);
	if (!made)
		return SHOJI_ERR_MEMORY;
	if (made_length - 1 > AUDIT_LINE_MAX) {
		free(made);
		return SHOJI_ERR_LIMIT;
	}
	*head = next;
	*line = made;
	*length = made_length;
	return 0;
}

/* Written exactly as we write: otherwise spaces and escapes could be changed unseen. */
static bool is_canonical(const json_t *record, const char *line, size_t length)
{
	char *again = json_dumps(record, DUMP_FLAGS);
	bool is_same = again && strlen(again) == length && memcmp(again, line, length) == 0;

	free(again);
	return is_same;
}

static enum audit_fault check_record(struct audit_head *head, json_t *record)
{
	struct audit_head next;
	json_t *hash = json_object_get(record, "hash");
	json_t *prev = json_object_get(record, "prev");
	json_t *number = json_object_get(record, "number");

	if (!json_is_string(hash) || !json_is_string(prev) || !json_is_integer(number))
		return AUDIT_LINE_NOT_JSON;
	json_incref(hash);
	json_object_del(record, "hash");
	bool is_hashed = hash_record(record, next.hash) == 0 &&
	                 strcmp(next.hash, json_string_value(hash)) == 0;
	json_decref(hash);
	if (!is_hashed)
		return AUDIT_LINE_HASH;
	next.number = head->number + 1;
	if ((uint64_t)json_integer_value(number) != next.number)
		return AUDIT_LINE_NUMBER;
	if (strcmp(json_string_value(prev), head->hash) != 0)
		return AUDIT_LINE_PREV;
	*head = next;
	return AUDIT_LINE_GOOD;
}

enum audit_fault audit_chain_check(struct audit_head *head, const char *line, size_t length)
{
	json_t *record = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
	enum audit_fault fault = AUDIT_LINE_NOT_JSON;

	if (json_is_object(record) && is_canonical(record, line, length))
		fault = check_record(head, record);
	json_decref(record);
	return fault;
}

const char *audit_fault_text(enum audit_fault fault)
{
	switch (fault) {
	case AUDIT_LINE_GOOD:
		return "good";
	case AUDIT_LINE_NOT_JSON:
		return "not a record as keeper writes it";
	case AUDIT_LINE_HASH:
		return "changed after it was written: its hash does not match";
	case AUDIT_LINE_NUMBER:
		return "its number does not follow: lines are missing, repeated or swapped";
	case AUDIT_LINE_PREV:
		return "does not follow the line before it";
	}
	return "?";
}
