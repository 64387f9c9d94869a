/* The files of the audit log: audit-YYYYMM.jsonl (UTC) in one folder, written at the end only.
 *
 * A line is in the log when audit_log_write() has returned 0: it is on the disk then. */
#ifndef SHOJI_KEEPER_AUDIT_LOG_H
#define SHOJI_KEEPER_AUDIT_LOG_H

#include "keeper/audit_chain.h"

#include <stdbool.h>
#include <sys/types.h>

#define AUDIT_FILE_NAME_BYTES 24 /* "audit-202611.jsonl" and NUL */

struct audit_log {
	int folder_fd; /* owned */
	int fd;        /* owned; -1: no file yet */
	char name[AUDIT_FILE_NAME_BYTES];
	off_t length;  /* of the good part of the file */
	bool has_rest; /* a failed write left bytes behind the good part */
	struct audit_head head;
};

/* What was found when the log was opened; each is to become a record. */
struct audit_found {
	bool was_cut; /* the last line was incomplete: a crash or a full disk */
	char cut_file[AUDIT_FILE_NAME_BYTES];
	char cut_saved_as[64]; /* where its bytes were put, in the same folder */
	uint64_t cut_at, cut_bytes;
	bool is_damaged;    /* the last whole line is not what keeper wrote, or lines are missing */
	const char *damage; /* static text */
	bool was_stopped;   /* the last record says that the broker was stopped in order */
};

/* Opens the folder `path` (made when it is missing) and the newest file. known is the head that the database
 * holds: the log may be ahead of it by what the database could not commit, never behind, and the line that it
 * knows must be in the chain. Returns 0 or a negative code (logged). */
int audit_log_open(struct audit_log *self, const char *path, const struct audit_head *known,
        struct audit_found *found);
void audit_log_close(struct audit_log *self);

/* Appends whole lines (newline included), the last of which leaves the chain at *head, and syncs. month:
 * YYYYMM, in whose file they belong; a later file is never left for an earlier one. On a failure the file is
 * cut back to its good part, and nothing has been written. */
int audit_log_write(struct audit_log *self, unsigned month, const char *lines, size_t length,
        const struct audit_head *head);

/* The names of all files, oldest first, malloc'ed, each AUDIT_FILE_NAME_BYTES. Returns their number or a
 * negative code. */
int audit_log_list(int folder_fd, char (**names)[AUDIT_FILE_NAME_BYTES]);

#endif
