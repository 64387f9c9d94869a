/* Reads the whole audit log again and finds the first line that is not as it was written. Works in steps, so
 * that keeper's loop goes on meanwhile. */
#ifndef SHOJI_KEEPER_AUDIT_VERIFY_H
#define SHOJI_KEEPER_AUDIT_VERIFY_H

#include "keeper/audit_log.h"

struct audit_verify;

struct audit_verdict {
	bool is_good;
	uint64_t n_records; /* good ones before the fault, or all */
	uint64_t n_files;
	/* Where the first fault is; set when !is_good. */
	char file[AUDIT_FILE_NAME_BYTES];
	uint64_t line; /* from 1; 0: of the log as a whole */
	char fault[160];
};

/* NULL: no memory, or the folder cannot be read. folder_fd is borrowed until audit_verify_free(). */
struct audit_verify *audit_verify_new(int folder_fd);
void audit_verify_free(struct audit_verify *self);

/* Reads on, about 256 KiB. 1: finished and *verdict filled; 0: call again. `now` is what keeper has written
 * so far: the log must end there. */
int audit_verify_step(
        struct audit_verify *self, const struct audit_head *now, struct audit_verdict *verdict);

#endif
