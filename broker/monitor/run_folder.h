/* The broker's run folder and data folder: made, checked, locked, and left empty.
 *
 *   RUN/                 0711
 *     broker.lock        held by the one monitor that runs here
 *     empty/             0555, the roots of the roles
 *     control.sock       shojictl's
 *     sessions/          0711, a folder a lease (session_folder.h) */
#ifndef SHOJI_MONITOR_RUN_FOLDER_H
#define SHOJI_MONITOR_RUN_FOLDER_H

#include <stddef.h>
#include <sys/types.h>

/* So that the longest socket below it still fits a socket address (108 bytes). */
#define RUN_FOLDER_MAX 60 /* bytes */
#define RUN_PATH_MAX 160  /* of anything below it, with NUL */

struct run_folder {
	char path[RUN_FOLDER_MAX + 1];
	int lock; /* -1: not held */
};

/* Makes what is missing, refuses what somebody else could have written, and takes the lock. Returns
 * 0, or a negative code and one line for a person in complaint. SHOJI_ERR_EXISTS: another broker
 * holds it. */
int run_folder_init(struct run_folder *self, const char *path, char *complaint, size_t size);
/* Removes what run_folder_init() made, as far as it is empty (sessions that wait for the next
 * broker stay), and lets the lock go. Nothing happens when init failed. */
void run_folder_finish(struct run_folder *self);

/* RUN/name; RUN/sessions is "sessions". Returns out. */
const char *run_folder_path(
        const struct run_folder *self, const char *name, char out[RUN_PATH_MAX]);

/* Makes or checks the data folder: owner's, 0700. As run_folder_init() for codes and complaint. */
int data_folder_prepare(const char *path, uid_t uid, gid_t gid, char *complaint, size_t size);

/* 0 when path is a real folder (not a symbolic link) that nobody but owner can write, below folders
 * that nobody but root and us can rename; else SHOJI_ERR_FORBIDDEN or SHOJI_ERR_SYSTEM with a
 * complaint. */
int folder_check(const char *path, uid_t owner, char *complaint, size_t size);

/* Removes a folder and what is in it, never following a link, at most `depth` folders deep. 0 also
 * when there is none. */
int folder_remove(const char *path, int depth);

#endif
