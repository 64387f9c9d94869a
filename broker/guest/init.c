/* shoji-guest-init: the first process of an isolated host. It starts what makes up a browser on a screen, in
 * order, starts again what crashed, and ends with Xvnc or when told.
 *
 *   1. Xvnc, with the RFB listening socket that we inherited as descriptor 0
 *   2. the keyboard map, once X answers
 *   3. window manager, forwarder to the proxy door, input agent, browser
 *
 * It runs inside, beside what may be hostile, and says nothing to the outside but its exit status. */
#include "guest/copy.h"
#include "guest/options.h"
#include "guest/programs.h"
#include "guest/service.h"
#include "guest/x_answer.h"

#include "base/guest.h"
#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define X_DEADLINE_MS 15000
#define X_POLL_MS 5
#define KEYBOARD_DEADLINE_MS 5000
#define END_DEADLINE_MS 2000
/* A browser that starts before it knows the scale lays its page out twice: no reason to have no session. */
#define AGENT_DEADLINE_MS 2000
/* Where the text door's listening socket is moved to. */
#define TEXT_DOOR (STDERR_FILENO + 1)

struct init {
	int signal_fd;
	bool is_told_to_end;
	struct programs programs;
};

/* Notes who has ended; nobody else waits for children. As pid 1 we also get the orphans. */
static void reap(struct init *self)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (int i = 0; i < N_PROGRAMS; i++)
			if (self->programs.services[i].pid == pid)
				service_ended(&self->programs.services[i], clock_now_ms());
}

/* Waits for a signal, at most timeout_ms (-1: any time). */
static void wait_signal(struct init *self, int timeout_ms)
{
	struct pollfd ready = {.fd = self->signal_fd, .events = POLLIN};
	struct signalfd_siginfo info;

	if (poll(&ready, 1, timeout_ms) <= 0)
		return;
	while (read(self->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			self->is_told_to_end = true;
	reap(self);
}

static bool is_running(const struct init *self, enum program program)
{
	return self->programs.services[program].pid != 0;
}

static int start(struct init *self, enum program program)
{
	return service_start(&self->programs.services[program], clock_now_ms()) ? GUEST_EXIT_SETUP
	                                                                        : 0;
}

static int start_x(struct init *self)
{
	uint64_t deadline_ms = clock_now_ms() + X_DEADLINE_MS;
	int status = start(self, PROGRAM_XVNC);

	/* Ours would keep the door open after Xvnc has died. */
	close(STDIN_FILENO);
	if (open("/dev/null", O_RDONLY) != STDIN_FILENO)
		return GUEST_EXIT_SETUP;
	while (!status && !x_answers(PROGRAMS_DISPLAY, X_POLL_MS * 10)) {
		wait_signal(self, X_POLL_MS);
		if (!is_running(self, PROGRAM_XVNC))
			return GUEST_EXIT_X_DIED;
		if (self->is_told_to_end || clock_now_ms() > deadline_ms)
			return GUEST_EXIT_X_SILENT;
	}
	return status;
}

/* The browser reads the map when it starts: wrong letters in the first field otherwise. */
static int map_keyboard(struct init *self)
{
	uint64_t deadline_ms = clock_now_ms() + KEYBOARD_DEADLINE_MS;
	int status = start(self, PROGRAM_KEYBOARD);

	while (!status && is_running(self, PROGRAM_KEYBOARD)) {
		wait_signal(self, X_POLL_MS);
		if (clock_now_ms() > deadline_ms)
			return GUEST_EXIT_KEYBOARD;
	}
	/* Runs once. */
	self->programs.services[PROGRAM_KEYBOARD].restart_at_ms = 0;
	return status;
}

static void wait_agent(struct init *self)
{
	uint64_t deadline_ms = clock_now_ms() + AGENT_DEADLINE_MS;

	while (access(GUEST_IM_SOCKET, F_OK) < 0 && is_running(self, PROGRAM_AGENT) &&
	        clock_now_ms() < deadline_ms)
		wait_signal(self, X_POLL_MS);
}

/* Keeps the rest running until Xvnc ends or we are told to. */
static int tend(struct init *self)
{
	while (!self->is_told_to_end) {
		int wait_ms = -1;
		if (!is_running(self, PROGRAM_XVNC))
			return GUEST_EXIT_X_DIED;
		for (int i = PROGRAM_KEYBOARD + 1; i < N_PROGRAMS; i++) {
			int next_ms = service_tend(&self->programs.services[i], clock_now_ms());
			if (next_ms >= 0 && (wait_ms < 0 || next_ms < wait_ms))
				wait_ms = next_ms;
		}
		wait_signal(self, wait_ms);
	}
	return GUEST_EXIT_TOLD;
}

/* By their numbers, never "everybody": we may not be pid 1 of an own namespace. */
static void end_all(struct init *self)
{
	uint64_t deadline_ms = clock_now_ms() + END_DEADLINE_MS;
	static const int signals[] = {SIGTERM, SIGKILL};

	for (int step = 0; step < 2; step++) {
		for (int i = 0; i < N_PROGRAMS; i++)
			if (is_running(self, (enum program)i))
				kill(self->programs.services[i].pid, signals[step]);
		while (is_running(self, PROGRAM_BROWSER) && clock_now_ms() < deadline_ms)
			wait_signal(self, X_POLL_MS);
	}
}

static int watch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Up to here our standard error was the shepherd's; from here on nothing inside can write to it. */
static int leave_outside(int text_door)
{
	int fd = open("/dev/null", O_WRONLY);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		return -1;
	if (text_door != TEXT_DOOR && dup2(text_door, TEXT_DOOR) < 0)
		return -1;
	close_range(TEXT_DOOR + 1, ~0u, 0);
	return 0;
}

/* In our user namespace only we are counted, also where the uid outside is shared by several hosts. */
static int limit_tasks(uint32_t tasks)
{
	struct rlimit limit = {tasks, tasks};
	struct rlimit now;

	if (getrlimit(RLIMIT_NPROC, &now) == 0 && now.rlim_max < tasks)
		return 0;
	return setrlimit(RLIMIT_NPROC, &limit);
}

static int make_folder(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? -1 : 0;
}

/* The browser finds the input agent's module by it; nobody else in here uses GTK. */
static int name_input_method(void)
{
	if (setenv("GTK_IM_MODULE", "shoji", 1) < 0)
		return -1;
	return setenv("GTK_IM_MODULE_FILE", GUEST_IM_CACHE, 1);
}

static int make_folders(void)
{
	umask(0);
	if (make_folder("/tmp/.X11-unix", 01777) < 0)
		return -1;
	umask(077);
	if (make_folder(GUEST_HOME "/.run", 0700) < 0 || make_folder(PROGRAMS_PROFILE, 0700) < 0 ||
	        make_folder(PROGRAMS_PROFILE "/Default", 0700) < 0)
		return -1;
	/* Initial preferences proper are read in the first run only, and that run has a welcome page. */
	if (copy_file(GUEST_DATA "/preferences.json", PROGRAMS_PROFILE "/Default/Preferences") < 0)
		return -1;
	return chdir(GUEST_HOME);
}

static int run(struct init *self)
{
	int status = start_x(self);

	if (!status)
		status = map_keyboard(self);
	for (int i = PROGRAM_KEYBOARD + 1; !status && i < N_PROGRAMS; i++) {
		if (i == PROGRAM_BROWSER)
			wait_agent(self);
		status = start(self, (enum program)i);
	}
	if (!status)
		status = tend(self);
	end_all(self);
	return status;
}

int main(int argc, char *argv[])
{
	struct guest_options options;
	struct init self = {0};

	if (guest_options_read(&options, argc, argv)) {
		fprintf(stderr, "shoji-guest-init: wrong arguments\n");
		return GUEST_EXIT_USAGE;
	}
	if (make_folders() < 0) {
		fprintf(stderr, "shoji-guest-init: cannot make its folders: %m\n");
		return GUEST_EXIT_SETUP;
	}
	if (name_input_method() < 0 || limit_tasks(options.tasks) < 0 ||
	        leave_outside(options.text_door) < 0)
		return GUEST_EXIT_SETUP;
	/* What is started must not outlive us where we are not pid 1. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	self.signal_fd = watch_signals();
	if (self.signal_fd < 0)
		return GUEST_EXIT_SETUP;
	options.text_door = TEXT_DOOR;
	programs_init(&self.programs, &options);
	return run(&self);
}
