/* Killing asks nobody in /proc, where a process can hide or name itself: the kernel finds the
 * account's processes. A child takes the uid and signals everyone that it may, which is all
 * processes of that uid and no others. */
#include "monitor/uid_kill.h"

#include "base/ensure.h"
#include "base/error.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_NONE = 0, EXIT_KILLED = 1, EXIT_FAILED = 2 };

static _Noreturn void kill_as(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		_exit(EXIT_FAILED);
	if (kill(-1, SIGKILL) == 0)
		_exit(EXIT_KILLED);
	_exit(errno == ESRCH ? EXIT_NONE : EXIT_FAILED);
}

bool uid_kill(uid_t uid, gid_t gid)
{
	int status;

	/* As root, kill(-1) would be the machine's end. */
	ensure(uid != 0);
	pid_t pid = fork();
	if (pid == 0)
		kill_as(uid, gid);
	if (pid < 0)
		return true;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_NONE;
}

int uid_of_process(pid_t pid, uid_t *uid)
{
	char path[64];
	char line[256];
	unsigned found;
	int error = SHOJI_ERR_NOT_FOUND;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *status = fopen(path, "re");
	if (!status)
		return SHOJI_ERR_NOT_FOUND;
	/* The kernel escapes line ends in the name that stands before it. The folder's owner would
	 * be root's for a process that may not be traced. */
	while (error && fgets(line, sizeof(line), status))
		if (sscanf(line, "Uid:\t%u", &found) == 1) {
			*uid = (uid_t)found;
			error = 0;
		}
	fclose(status);
	return error;
}
