/* A child takes the uid and signals everyone that it may, which is all processes of that uid and no
 * others: the kernel does it in one go, and a fork bomb cannot run ahead of it. Whether one is left
 * is read from /proc, where the kernel writes the account; a process chooses its name there, but
 * not its uid. */
#include "monitor/uid_kill.h"

#include "base/ensure.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void kill_as(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		_exit(EXIT_FAILURE);
	kill(-1, SIGKILL);
	_exit(EXIT_SUCCESS);
}

/* A zombie is a number that waits to be asked for: nothing of it runs. */
static int read_status(pid_t pid, uid_t *uid, bool *is_zombie)
{
	char path[64];
	char line[256];
	unsigned found;
	char state;
	int error = SHOJI_ERR_NOT_FOUND;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *status = fopen(path, "re");
	if (!status)
		return SHOJI_ERR_NOT_FOUND;
	*is_zombie = false;
	/* The kernel escapes line ends in the name that stands before these. */
	while (error && fgets(line, sizeof(line), status)) {
		if (sscanf(line, "State:\t%c", &state) == 1)
			*is_zombie = state == 'Z' || state == 'X';
		if (sscanf(line, "Uid:\t%u", &found) == 1) {
			*uid = (uid_t)found;
			error = 0;
		}
	}
	fclose(status);
	return error;
}

static bool has_process(uid_t uid)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	bool is_found = processes == NULL; /* unknown is not none */
	bool is_zombie;
	uid_t owner;

	while (processes && !is_found && (entry = readdir(processes))) {
		int pid = atoi(entry->d_name);
		if (pid > 0 && !read_status(pid, &owner, &is_zombie))
			is_found = owner == uid && !is_zombie;
	}
	if (processes)
		closedir(processes);
	return is_found;
}

bool uid_kill(uid_t uid, gid_t gid)
{
	/* As root, kill(-1) would be the machine's end. */
	ensure(uid != 0);
	if (!has_process(uid))
		return false;
	pid_t pid = fork();
	if (pid == 0)
		kill_as(uid, gid);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return true;
}

int uid_of_process(pid_t pid, uid_t *uid)
{
	bool is_zombie;

	return read_status(pid, uid, &is_zombie);
}
