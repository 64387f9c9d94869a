/* Foreign text that keeper takes: ids, names, passwords, and lines of an audit log that somebody changed. */
#include "keeper/audit_chain.h"
#include "keeper/text.h"
#include "keeper/token.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *text, size_t length)
{
	struct audit_head head, before;

	audit_head_init(&head);
	before = head;
	/* Only a line that follows moves the head on. */
	if (audit_chain_check(&head, text, length) == AUDIT_LINE_GOOD) {
		if (head.number != 1 || strlen(head.hash) != AUDIT_HASH_TEXT)
			abort();
	} else if (memcmp(&head, &before, sizeof(head)) != 0) {
		abort();
	}
}

static void check_names(const char *text)
{
	char id[PERSON_ID_MAX + 1], again[PERSON_ID_MAX + 1], foreign[256];
	uint8_t hash[TOKEN_HASH_BYTES];

	if (text_person_id(text, id) && (!text_person_id(id, again) || strcmp(id, again) != 0))
		abort();
	if (text_is_display_name(text) && strlen(text) > DISPLAY_NAME_MAX)
		abort();
	/* Whatever it was, it is plain afterwards. */
	text_foreign(foreign, sizeof(foreign), text);
	if (!text_is_plain(foreign, strlen(foreign)))
		abort();
	text_password(text, "hanako", 10);
	token_hash(text, hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 8192)
		return 0;
	char *text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_line(text, size);
	check_names(text);
	free(text);
	return 0;
}
