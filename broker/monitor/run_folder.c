/* Prepares the folders that the broker stands on. Local users are on the other side of this
 * boundary: a folder that one of them made beforehand, or may write, is refused instead of used. */
#include "monitor/run_folder.h"

#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- who could write here ---- */

static int complain_stat(const char *path, char *complaint, size_t size)
{
	snprintf(complaint, size, "%s: %s", path, strerror(errno));
	return SHOJI_ERR_SYSTEM;
}

/* A folder on the way: whoever may write it could rename what is below. Root's and ours are
 * trusted, and so is a sticky one (/tmp), where only the owner renames. */
static int check_ancestor(const char *path, char *complaint, size_t size)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return complain_stat(path, complaint, size);
	bool is_trusted_owner = status.st_uid == 0 || status.st_uid == geteuid();
	bool is_open = (status.st_mode & (S_IWGRP | S_IWOTH)) && !(status.st_mode & S_ISVTX);
	if (is_trusted_owner && !is_open)
		return 0;
	snprintf(complaint, size,
	        "%s: %s; choose another folder or run: chown root %s; chmod go-w %s", path,
	        is_trusted_owner ? "is writable by others" : "belongs to somebody else", path,
	        path);
	return SHOJI_ERR_FORBIDDEN;
}

static int check_ancestors(const char *path, char *complaint, size_t size)
{
	char parent[PATH_MAX];
	char real[PATH_MAX];

	snprintf(parent, sizeof(parent), "%s", path);
	char *slash = strrchr(parent, '/');
	if (!slash || path[0] != '/') {
		snprintf(complaint, size, "%s: is not an absolute path", path);
		return SHOJI_ERR_FORBIDDEN;
	}
	slash[slash == parent ? 1 : 0] = '\0';
	/* Links on the way (/var/run) are root's own; what counts is where they lead. */
	if (!realpath(parent, real))
		return complain_stat(parent, complaint, size);
	for (;;) {
		int error = check_ancestor(real, complaint, size);
		slash = strrchr(real, '/');
		if (error || !strcmp(real, "/"))
			return error;
		slash[slash == real ? 1 : 0] = '\0';
	}
}

int folder_check(const char *path, uid_t owner, char *complaint, size_t size)
{
	struct stat status;
	int error = check_ancestors(path, complaint, size);

	if (error)
		return error;
	if (lstat(path, &status) < 0)
		return complain_stat(path, complaint, size);
	const char *fault = NULL;
	if (!S_ISDIR(status.st_mode))
		fault = "is not a folder (or is a symbolic link)";
	else if (status.st_uid != owner)
		fault = "belongs to somebody else";
	else if (status.st_mode & (S_IWGRP | S_IWOTH))
		fault = "is writable by others";
	if (!fault)
		return 0;
	snprintf(complaint, size, "%s: %s; remove it, and it is made anew", path, fault);
	return SHOJI_ERR_FORBIDDEN;
}

/* ---- making ---- */

/* A folder of ours with that mode; one that is there is checked first. */
static int make_folder(const char *path, mode_t mode, char *complaint, size_t size)
{
	int error = check_ancestors(path, complaint, size);

	if (error)
		return error;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return complain_stat(path, complaint, size);
	error = folder_check(path, geteuid(), complaint, size);
	if (!error && chmod(path, mode) < 0)
		return complain_stat(path, complaint, size);
	return error;
}

const char *run_folder_path(const struct run_folder *self, const char *name, char out[RUN_PATH_MAX])
{
	snprintf(out, RUN_PATH_MAX, "%s/%s", self->path, name);
	return out;
}

/* Whether path still names the file that fd is: a broker that stopped just now may have removed it.
 */
static bool is_same_file(int fd, const char *path)
{
	struct stat open_file;
	struct stat named;

	return fstat(fd, &open_file) == 0 && lstat(path, &named) == 0 &&
	       open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

static int take_lock(struct run_folder *self, char *complaint, size_t size)
{
	char path[RUN_PATH_MAX];

	run_folder_path(self, "broker.lock", path);
	for (int attempt = 0; attempt < 3; attempt++) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return complain_stat(path, complaint, size);
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_same_file(fd, path)) {
			self->lock = fd;
			return 0;
		}
		close(fd);
	}
	snprintf(complaint, size, "%s: another shoji-broker runs with this run folder", self->path);
	return SHOJI_ERR_EXISTS;
}

static void let_go(struct run_folder *self)
{
	if (self->lock >= 0)
		close(self->lock);
	self->lock = -1;
}

int run_folder_init(struct run_folder *self, const char *path, char *complaint, size_t size)
{
	char below[RUN_PATH_MAX];

	if (strlen(path) > RUN_FOLDER_MAX) {
		snprintf(complaint, size,
		        "broker.run_folder: longer than %d bytes; socket addresses below it would "
		        "not fit",
		        RUN_FOLDER_MAX);
		return SHOJI_ERR_LIMIT;
	}
	snprintf(self->path, sizeof(self->path), "%s", path);
	self->lock = -1;
	int error = make_folder(path, 0711, complaint, size);
	if (!error)
		error = take_lock(self, complaint, size);
	if (!error)
		error = make_folder(run_folder_path(self, "empty", below), 0555, complaint, size);
	if (!error)
		error = make_folder(
		        run_folder_path(self, "sessions", below), 0711, complaint, size);
	if (error)
		let_go(self);
	return error;
}

void run_folder_finish(struct run_folder *self)
{
	char below[RUN_PATH_MAX];

	if (self->lock < 0)
		return; /* never ours */
	rmdir(run_folder_path(self, "sessions", below));
	rmdir(run_folder_path(self, "empty", below));
	unlink(run_folder_path(self, "broker.lock", below));
	rmdir(self->path);
	let_go(self);
}

int data_folder_prepare(const char *path, uid_t uid, gid_t gid, char *complaint, size_t size)
{
	struct stat status;
	int error = check_ancestors(path, complaint, size);

	if (error)
		return error;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return complain_stat(path, complaint, size);
	if (lstat(path, &status) < 0)
		return complain_stat(path, complaint, size);
	/* Made by us or by the package just now: root's, and not keeper's yet. */
	if (S_ISDIR(status.st_mode) && status.st_uid == geteuid() && lchown(path, uid, gid) < 0)
		return complain_stat(path, complaint, size);
	if (S_ISDIR(status.st_mode) && status.st_uid != geteuid() && status.st_uid != uid) {
		snprintf(complaint, size,
		        "%s: belongs to uid %u, not to keeper's account; run: chown -R %u:%u %s",
		        path, (unsigned)status.st_uid, (unsigned)uid, (unsigned)gid, path);
		return SHOJI_ERR_FORBIDDEN;
	}
	error = folder_check(path, uid, complaint, size);
	if (!error && chmod(path, 0700) < 0)
		return complain_stat(path, complaint, size);
	return error;
}

/* ---- removing ---- */

static int remove_entries(int folder, int depth);

static int remove_entry(int parent, const char *name, int depth)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return SHOJI_ERR_SYSTEM;
	if (depth == 0)
		return SHOJI_ERR_LIMIT;
	int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return SHOJI_ERR_SYSTEM;
	int error = remove_entries(folder, depth - 1);
	if (!error && unlinkat(parent, name, AT_REMOVEDIR) < 0)
		error = SHOJI_ERR_SYSTEM;
	return error;
}

/* Takes folder. */
static int remove_entries(int folder, int depth)
{
	DIR *entries = fdopendir(folder);
	const struct dirent *entry;
	int error = 0;

	if (!entries) {
		close(folder);
		return SHOJI_ERR_MEMORY;
	}
	while (!error && (entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			error = remove_entry(dirfd(entries), entry->d_name, depth);
	closedir(entries);
	return error;
}

int folder_remove(const char *path, int depth)
{
	return remove_entry(AT_FDCWD, path, depth);
}
