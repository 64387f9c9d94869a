/* fork and exec of roles. What a role must not inherit is cut off here: descriptors, environment,
 * signal mask. Between fork and exec only async-signal-safe functions are called. */
#include "monitor/spawn.h"

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/role.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENT_MAX (CONFIG_STRING_MAX + 16) /* keeper's root is a configured path */
#define ENVIRONMENT_MAX 512

static const char *log_level = "info";

void spawn_set_log_level(const char *level)
{
	log_level = level;
}

struct command {
	char role[ARGUMENT_MAX];
	char uid[ARGUMENT_MAX];
	char gid[ARGUMENT_MAX];
	char root[ARGUMENT_MAX];
	char level[ENVIRONMENT_MAX];
	char asan[ENVIRONMENT_MAX];
	char ubsan[ENVIRONMENT_MAX];
	char *arguments[6];
	char *environment[4];
};

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

/* The roles of a sanitizer build keep the tests' options. Leaks are not looked for there: that
 * needs ptrace, which a confined process does not have. */
static void put_sanitizer_options(struct command *command, size_t *n)
{
#ifdef HAS_ASAN
	const char *asan = getenv("ASAN_OPTIONS");
	const char *ubsan = getenv("UBSAN_OPTIONS");

	snprintf(command->asan, sizeof(command->asan), "ASAN_OPTIONS=%s:detect_leaks=0",
	        asan ? asan : "");
	command->environment[(*n)++] = command->asan;
	if (ubsan) {
		snprintf(command->ubsan, sizeof(command->ubsan), "UBSAN_OPTIONS=%s", ubsan);
		command->environment[(*n)++] = command->ubsan;
	}
#else
	(void)command;
	(void)n;
#endif
}

static void command_init(struct command *self, const struct spawn_request *request)
{
	static char program[] = "shoji-broker";
	size_t n = 0;

	snprintf(self->role, sizeof(self->role), "--role=%s", request->role);
	snprintf(self->uid, sizeof(self->uid), "--uid=%u", (unsigned)request->uid);
	snprintf(self->gid, sizeof(self->gid), "--gid=%u", (unsigned)request->gid);
	snprintf(self->root, sizeof(self->root), "--root=%s", request->root);
	self->arguments[0] = program;
	self->arguments[1] = self->role;
	self->arguments[2] = self->uid;
	self->arguments[3] = self->gid;
	self->arguments[4] = self->root;
	self->arguments[5] = NULL;
	snprintf(self->level, sizeof(self->level), "SHOJI_LOG_LEVEL=%s", log_level);
	self->environment[n++] = self->level;
	put_sanitizer_options(self, &n);
	self->environment[n] = NULL;
}

/* Ignored signals and the mask survive exec: a role begins with the usual ones. SIGPIPE alone stays
 * ignored: a library of a role that writes to a closed socket must not end it. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		if (number != SIGPIPE)
			signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int keep_only(int channel)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -1;
	/* dup2 onto itself would leave close-on-exec set. */
	if (channel == ROLE_CHANNEL_FD ? fcntl(channel, F_SETFD, 0) < 0
	                               : dup2(channel, ROLE_CHANNEL_FD) < 0)
		return -1;
	return close_range(ROLE_CHANNEL_FD + 1, ~0u, 0);
}

static _Noreturn void become(const struct command *command, int channel)
{
	reset_signals();
	setsid();
	if (keep_only(channel) == 0)
		execve("/proc/self/exe", command->arguments, command->environment);
	_exit(127);
}

pid_t spawn_role(const struct spawn_request *request)
{
	struct command command;

	command_init(&command, request);
	pid_t pid = fork();
	if (pid == 0)
		become(&command, request->channel);
	if (pid < 0) {
		log_error(0, "cannot start %s: %m", request->role);
		return SHOJI_ERR_SYSTEM;
	}
	return pid;
}
