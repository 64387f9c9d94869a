/* The engine that needs nothing but the kernel and bubblewrap. By the time this runs, the shepherd has the slot's
 * uid: bubblewrap started by root would leave a host that is root outside. */
#include "shepherd/engine.h"

#include "base/error.h"
#include "base/log.h"
#include "shepherd/bubblewrap_arguments.h"
#include "shepherd/host_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct plan {
	struct bubblewrap_arguments arguments;
	struct bubblewrap_environment environment;
	int filter;
};

static int keep(int fd)
{
	return fcntl(fd, F_SETFD, 0);
}

/* Everything is marked to be closed, then what bubblewrap reads is taken out. */
static int prepare_descriptors(const struct engine_host *host, int filter)
{
	if (close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		return -1;
	for (size_t i = 0; i < host->files->n_files; i++)
		if (keep(host->files->files[i].fd) < 0)
			return -1;
	if (keep(filter) < 0 || keep(host->standing) < 0 || keep(host->text_listener) < 0 ||
	        dup2(host->rfb_listener, STDIN_FILENO) < 0)
		return -1;
	if (dup2(host->errors, STDOUT_FILENO) < 0 || dup2(host->errors, STDERR_FILENO) < 0)
		return -1;
	return 0;
}

/* No core files, and no more tasks than permitted even where no limits group counts them. The count is the uid's: the
 * host's alone where it has a slot's; where it shares ours, shoji-guest-init limits its own namespace's. */
static int limit_resources(const struct engine_host *host)
{
	struct rlimit none = {0, 0};
	struct rlimit tasks = {host->setup->tasks, host->setup->tasks};

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return -1;
	return host->has_own_uid ? setrlimit(RLIMIT_NPROC, &tasks) : 0;
}

static int join_limits(const struct engine_host *host)
{
	for (size_t i = 0; i < host->n_limit_fds; i++)
		if (write(host->limit_fds[i], "0", 1) != 1)
			return -1;
	return 0;
}

/* In the child. What it writes to standard error is read by the shepherd and told as the reason. */
_Noreturn static void give_up(const char *complaint)
{
	ssize_t ignored = write(STDERR_FILENO, complaint, strlen(complaint));

	(void)ignored;
	_exit(126);
}

_Noreturn static void become(const struct engine_host *host, const struct plan *plan)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (prepare_descriptors(host, plan->filter) < 0)
		_exit(126);
	if (limit_resources(host) < 0)
		give_up("cannot set the resource limits\n");
	if (join_limits(host) < 0)
		give_up("cannot join the limits group\n");
	execve(plan->arguments.list[0], (char *const *)(void *)plan->arguments.list,
	        (char *const *)(void *)plan->environment.list);
	give_up("cannot execute /usr/bin/bwrap: install the package bubblewrap\n");
}

static int start(const struct engine_host *host, pid_t *pid)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int error;

	if (!plan)
		return SHOJI_ERR_MEMORY;
	plan->filter = host_filter_open();
	error = plan->filter < 0 ? SHOJI_ERR_SYSTEM : 0;
	if (!error)
		error = bubblewrap_arguments_init(&plan->arguments, host, plan->filter);
	bubblewrap_environment_init(&plan->environment, host->setup->timezone);
	if (!error) {
		pid_t child = fork();
		if (child == 0)
			become(host, plan);
		error = child < 0 ? SHOJI_ERR_SYSTEM : 0;
		if (child > 0)
			*pid = child;
	}
	if (plan->filter >= 0)
		close(plan->filter);
	free(plan);
	return error;
}

/* bubblewrap's --die-with-parent takes the host's first process with it, and that one its whole namespace. */
static void kill_host(pid_t pid)
{
	kill(pid, SIGKILL);
}

const struct engine engine_bubblewrap = {
        .name = "bubblewrap",
        .start = start,
        .kill = kill_host,
};
