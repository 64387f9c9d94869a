/* One line of the audit log: a JSON object with sorted keys and no spaces, chained to the one before.
 *
 *   {"event":"sign_in",...,"hash":H,"number":N,"prev":P,"time":T}
 *
 * P is the hash of the line before (64 zeros for the first), N counts from 1 across all files, and H is the
 * SHA-256, in hex, of the same line without "hash". shoji-broker(8) tells it to auditors. */
#ifndef SHOJI_KEEPER_AUDIT_CHAIN_H
#define SHOJI_KEEPER_AUDIT_CHAIN_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_LINE_MAX 4096 /* bytes without the newline */
#define AUDIT_HASH_TEXT 64

struct audit_head {
	uint64_t number; /* 0: nothing was written yet */
	char hash[AUDIT_HASH_TEXT + 1];
};

/* Before the first line. */
void audit_head_init(struct audit_head *self);

/* Makes the line (with newline) that follows *head and moves *head on. record is changed (number, prev, hash)
 * but stays the caller's. *line is malloc'ed. SHOJI_ERR_LIMIT (too long) or SHOJI_ERR_MEMORY: *head is as before. */
int audit_chain_make(struct audit_head *head, json_t *record, char **line, size_t *length);

/* What is wrong with a line; AUDIT_LINE_GOOD: it follows *head, which is moved on. */
enum audit_fault {
	AUDIT_LINE_GOOD,
	AUDIT_LINE_NOT_JSON, /* or not as keeper writes it: order of keys, spaces, escapes */
	AUDIT_LINE_HASH,     /* changed after it was written */
	AUDIT_LINE_NUMBER,   /* lines are missing, repeated or swapped */
	AUDIT_LINE_PREV,     /* does not follow the line before */
};
enum audit_fault audit_chain_check(struct audit_head *head, const char *line, size_t length);
const char *audit_fault_text(enum audit_fault fault);

#endif
