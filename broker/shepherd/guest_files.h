/* The files that an isolated host gets by content, opened before privileges are dropped: the folder that the broker
 * was built in may be closed to a slot's uid (a home folder usually is). */
#ifndef SHOJI_SHEPHERD_GUEST_FILES_H
#define SHOJI_SHEPHERD_GUEST_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define GUEST_FILES_MAX 64
#define GUEST_FILE_PATH_MAX 192

struct guest_file {
	int fd; /* owned */
	bool is_program;
	char path[GUEST_FILE_PATH_MAX]; /* inside */
};

struct guest_files {
	struct guest_file files[GUEST_FILES_MAX];
	size_t n_files;
};

/* From program_folder: the two programs, and everything below guest/. 0 or a negative code (logged); self is then
 * empty. */
int guest_files_open(struct guest_files *self, const char *program_folder);
/* Adds text as a file. 0 or a negative code. */
int guest_files_add_text(struct guest_files *self, const char *path, const char *text);
/* Adds the content of a file or memfd, from its first byte, wherever fd stands. fd stays the caller's. */
int guest_files_add_copy(struct guest_files *self, const char *path, int fd);
/* Adds a descriptor, which is taken. */
int guest_files_add_fd(struct guest_files *self, const char *path, int fd);
void guest_files_finish(struct guest_files *self);

#endif
