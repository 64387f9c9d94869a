/* Makes and removes a session's folder. Only rfb/ belongs to the session's uid, and it is never
 * bound into the host; nothing here is opened through a name that the host could have changed. */
#include "monitor/session_folder.h"

#include "base/error.h"
#include "base/log.h"
#include "monitor/listen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_DIGITS 16
#define DEPTH_MAX 3 /* ID, then rfb or doors, then one more that nobody should have made */

const char *session_folder_path(
        const struct run_folder *run, uint64_t lease_id, const char *name, char out[RUN_PATH_MAX])
{
	snprintf(out, RUN_PATH_MAX, "%s/sessions/%016" PRIx64 "%s%s", run->path, lease_id,
	        name[0] ? "/" : "", name);
	return out;
}

static int make(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? SHOJI_ERR_EXISTS : SHOJI_ERR_SYSTEM;
	if (lchown(path, uid, gid) < 0 || chmod(path, mode) < 0)
		return SHOJI_ERR_SYSTEM;
	return 0;
}

int session_folder_make(const struct run_folder *run, uint64_t lease_id, uid_t uid, gid_t gid)
{
	char path[RUN_PATH_MAX];
	int error = make(session_folder_path(run, lease_id, "", path), geteuid(), getegid(), 0711);

	if (error)
		return error;
	error = make(session_folder_path(run, lease_id, "rfb", path), uid, gid, 0700);
	if (!error)
		error = make(session_folder_path(run, lease_id, "doors", path), geteuid(),
		        getegid(), 0755);
	if (error)
		session_folder_remove(run, lease_id);
	return error;
}

int session_folder_lock(const struct run_folder *run, uint64_t lease_id, int *fd)
{
	char path[RUN_PATH_MAX];
	int lock = open(session_folder_path(run, lease_id, "lock", path),
	        O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (lock < 0)
		return SHOJI_ERR_SYSTEM;
	if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
		*fd = lock;
		return 0;
	}
	int error = errno == EWOULDBLOCK ? SHOJI_ERR_EXISTS : SHOJI_ERR_SYSTEM;
	close(lock);
	return error;
}

int session_folder_door(const struct run_folder *run, uint64_t lease_id, gid_t host_gid, int *fd)
{
	char path[RUN_PATH_MAX];

	/* The group's: connecting needs writing, and the host must not own what it connects to. */
	return listen_unix(session_folder_path(run, lease_id, "doors/proxy.sock", path),
	        SOCK_STREAM, geteuid(), host_gid, 0660, fd);
}

int session_folder_control(const struct run_folder *run, uint64_t lease_id, int *fd)
{
	char path[RUN_PATH_MAX];

	return listen_unix(session_folder_path(run, lease_id, "control.sock", path), SOCK_SEQPACKET,
	        geteuid(), getegid(), 0600, fd);
}

int session_folder_owner(const struct run_folder *run, uint64_t lease_id, uid_t *uid)
{
	char path[RUN_PATH_MAX];
	struct stat status;

	if (lstat(session_folder_path(run, lease_id, "rfb", path), &status) < 0)
		return SHOJI_ERR_SYSTEM;
	*uid = status.st_uid;
	return 0;
}

int session_folder_remove(const struct run_folder *run, uint64_t lease_id)
{
	char path[RUN_PATH_MAX];

	return folder_remove(session_folder_path(run, lease_id, "", path), DEPTH_MAX);
}

static bool parse_id(const char *name, uint64_t *lease_id)
{
	if (strlen(name) != ID_DIGITS || strspn(name, "0123456789abcdef") != ID_DIGITS)
		return false;
	*lease_id = strtoull(name, NULL, 16);
	return *lease_id != 0;
}

int session_folder_list(const struct run_folder *run, session_folder_fn on_lease, void *data)
{
	char path[RUN_PATH_MAX];
	DIR *folders = opendir(run_folder_path(run, "sessions", path));
	const struct dirent *entry;
	uint64_t lease_id;

	if (!folders)
		return SHOJI_ERR_SYSTEM;
	while ((entry = readdir(folders))) {
		if (entry->d_name[0] == '.')
			continue;
		if (parse_id(entry->d_name, &lease_id))
			on_lease(data, lease_id);
		else
			log_warning(0, "%s: holds something that is no session's; remove it", path);
	}
	closedir(folders);
	return 0;
}
