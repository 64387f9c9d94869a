/* Starts and stops the broker. All that is read here is the administrator's: configuration,
 * certificate, viewer's files; they are handed on unparsed. */
#include "monitor/monitor.h"

#include "base/config.h"
#include "base/ensure.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "monitor/accounts_lock.h"
#include "monitor/children.h"
#include "monitor/context.h"
#include "monitor/films.h"
#include "monitor/listen.h"
#include "monitor/policies.h"
#include "monitor/read_file.h"
#include "monitor/roles.h"
#include "monitor/sessions.h"
#include "monitor/spawn.h"
#include "monitor/viewer_files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPLAINT_MAX 512
#define CERTIFICATE_BYTES_MAX (256 * 1024)
#define KEY_BYTES_MAX (64 * 1024)
#define ROLES_STOP_MS 5000 /* then they are killed */
#define STOP_POLL_MS 20

enum monitor_state {
	MONITOR_STARTING,
	MONITOR_SERVING,
	MONITOR_ENDING_SESSIONS,
	MONITOR_STOPPING_ROLES,
	MONITOR_STOPPED,
};

struct monitor {
	struct monitor_context context;
	struct films films;
	enum monitor_state state;
	int exit_status;
	struct sessions *sessions;
	struct roles_setup setup;
	char config_text[CONFIG_TEXT_MAX];
	char empty_folder[RUN_PATH_MAX];
	char url[LISTEN_URL_MAX];
	int accounts; /* the lock on the sessions' accounts */
	int signals;
	struct watch *signals_watch;
	struct timer *stop_timer;
	uint64_t stop_deadline_ms;
};

static void monitor_set_state(struct monitor *self, enum monitor_state state);

/* ---- stopping ---- */

static void enter_stopping_roles(struct monitor *self)
{
	self->stop_deadline_ms = clock_now_ms() + ROLES_STOP_MS;
	/* Workers end here; shepherds that are left belong to the next broker. */
	sessions_free(self->sessions);
	self->sessions = NULL;
	roles_stop(self->context.roles);
	timer_set_ms(self->stop_timer, STOP_POLL_MS);
}

static void monitor_set_state(struct monitor *self, enum monitor_state state)
{
	ensure(state > self->state); /* it goes one way */
	self->state = state;
	switch (state) {
	case MONITOR_STARTING:
		break;
	case MONITOR_SERVING:
		log_info(0, "ready: %s", self->url);
		printf("READY %s\n", self->url);
		fflush(stdout);
		break;
	case MONITOR_ENDING_SESSIONS:
		sessions_end_all(self->sessions, END_BROKER);
		timer_set_ms(self->stop_timer, 0);
		break;
	case MONITOR_STOPPING_ROLES:
		enter_stopping_roles(self);
		break;
	case MONITOR_STOPPED:
		loop_stop(self->context.loop, self->exit_status);
		break;
	}
}

/* Never within a callback of roles or sessions: what is freed here may be what called. */
static void on_stop_timer(void *data)
{
	struct monitor *self = data;

	if (self->state == MONITOR_STARTING)
		monitor_set_state(self, MONITOR_STOPPING_ROLES); /* a role failed */
	else if (self->state == MONITOR_ENDING_SESSIONS && sessions_count(self->sessions) == 0)
		monitor_set_state(self, MONITOR_STOPPING_ROLES);
	if (self->state != MONITOR_STOPPING_ROLES)
		return;
	if (children_count(self->context.children) == 0) {
		monitor_set_state(self, MONITOR_STOPPED);
		return;
	}
	if (clock_now_ms() >= self->stop_deadline_ms) {
		log_warning(0, "a role did not leave; killing it");
		children_kill(self->context.children);
		self->stop_deadline_ms = clock_now_ms() + ROLES_STOP_MS;
	}
	timer_set_ms(self->stop_timer, STOP_POLL_MS);
}

static void on_sessions_empty(void *data)
{
	struct monitor *self = data;

	if (self->state == MONITOR_ENDING_SESSIONS)
		timer_set_ms(self->stop_timer, 0);
}

static void on_start_failed(void *data)
{
	struct monitor *self = data;

	if (self->state != MONITOR_STARTING)
		return;
	self->exit_status = EXIT_FAILURE;
	timer_set_ms(self->stop_timer, 0);
}

static void stop(struct monitor *self, bool leaves_hosts)
{
	if (self->state >= MONITOR_ENDING_SESSIONS) {
		log_info(0, "stopping already");
		return;
	}
	log_info(0, leaves_hosts ? "stopping for a restart; isolated hosts stay" : "stopping");
	monitor_set_state(self, leaves_hosts ? MONITOR_STOPPING_ROLES : MONITOR_ENDING_SESSIONS);
}

/* ---- events ---- */

static void on_signal(struct monitor *self, uint32_t number)
{
	if (number == SIGCHLD)
		children_reap(self->context.children);
	else if (number == SIGTERM || number == SIGINT)
		stop(self, false);
	else if (number == SIGUSR1)
		stop(self, true);
	else
		log_info(0, "SIGHUP does nothing yet; SIGUSR1 stops for a restart");
}

static void on_signals(void *data, unsigned events)
{
	struct monitor *self = data;
	struct signalfd_siginfo info;

	(void)events;
	while (read(self->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		on_signal(self, info.ssi_signo);
}

static void on_role_ready(void *data, enum role_kind kind)
{
	struct monitor *self = data;

	if (self->sessions)
		sessions_on_role_ready(self->sessions, kind);
	if (self->state == MONITOR_STARTING && roles_are_all_ready(self->context.roles))
		monitor_set_state(self, MONITOR_SERVING);
}

static int on_keeper_message(void *data, struct message *in)
{
	struct monitor *self = data;

	/* Nothing begins any more; keeper finds its lease told as ended by the next broker. */
	if (!self->sessions ||
	        (self->state == MONITOR_ENDING_SESSIONS && in->number == MESSAGE_START_SESSION))
		return 0;
	return sessions_on_keeper_message(self->sessions, in);
}

/* ---- starting ---- */

static int check_isolation(struct monitor *self)
{
	self->context.is_isolated = geteuid() == 0;
	if (self->context.is_isolated)
		return 0;
	if (self->context.config->broker.require_isolation == ISOLATION_FULL) {
		log_error(0, "full isolation needs root, for user accounts of the sessions' own; "
		             "start as root, or "
		             "set broker.require_isolation to reduced to try Shoji out");
		return SHOJI_ERR_CONFIG;
	}
	log_warning(0, "reduced isolation: all roles and isolated hosts run as uid %u",
	        (unsigned)geteuid());
	return 0;
}

/* Descriptors 0 to 2 must be taken, or the first sockets would become them. */
static int fill_standard_fds(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return SHOJI_ERR_SYSTEM;
	return 0;
}

static int prepare_process(struct monitor *self)
{
	struct rlimit files;
	sigset_t handled;

	if (fill_standard_fds())
		return SHOJI_ERR_SYSTEM;
	umask(077);
	/* Four descriptors a session, and the usual soft limit is 1024. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* Shepherds fork twice; whoever started us may not wait for orphans. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&handled);
	sigaddset(&handled, SIGCHLD);
	sigaddset(&handled, SIGTERM);
	sigaddset(&handled, SIGINT);
	sigaddset(&handled, SIGHUP);
	sigaddset(&handled, SIGUSR1);
	sigprocmask(SIG_BLOCK, &handled, NULL);
	self->signals = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
	return self->signals < 0 ? SHOJI_ERR_SYSTEM : 0;
}

static int prepare_folders(struct monitor *self, char *complaint, size_t size)
{
	const struct config *config = self->context.config;
	uid_t keeper = self->context.is_isolated ? (uid_t)config->accounts.keeper : geteuid();
	gid_t keeper_group = self->context.is_isolated ? (gid_t)config->accounts.keeper : getegid();
	int error = run_folder_init(&self->context.run, config->broker.run_folder, complaint, size);

	if (error)
		return error;
	run_folder_path(&self->context.run, "empty", self->empty_folder);
	self->context.empty_folder = self->empty_folder;
	return data_folder_prepare(
	        config->broker.data_folder, keeper, keeper_group, complaint, size);
}

static int load_viewer(struct monitor *self, char *complaint, size_t size)
{
	const char *folder = self->context.config->gate.viewer_folder;
	char beside[4096];

	if (!folder[0]) {
		snprintf(beside, sizeof(beside), "%s/../viewer", self->context.program_folder);
		folder = beside;
	}
	return viewer_files_load(folder, &self->setup.assets, complaint, size);
}

static void warn_of_open_key(const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)))
		log_warning(
		        0, "%s: others may read the server's key; run: chmod 600 %s", path, path);
}

static int load_files(struct monitor *self, char *complaint, size_t size)
{
	const struct config *config = self->context.config;
	int error = load_viewer(self, complaint, size);

	warn_of_open_key(config->gate.key);

	if (!error)
		error = read_file_sealed(config->gate.certificate, CERTIFICATE_BYTES_MAX,
		        "certificate", &self->setup.certificate, complaint, size);
	if (!error)
		error = read_file_sealed(
		        config->gate.key, KEY_BYTES_MAX, "key", &self->setup.key, complaint, size);
	if (!error)
		error = policies_load(self->context.program_folder, config->profile.extra_ca,
		        &self->context.policies, complaint, size);
	return error;
}

static int open_listeners(struct monitor *self, char *complaint, size_t size)
{
	const char *address = self->context.config->gate.listen;
	char path[RUN_PATH_MAX];
	int error = listen_tcp(address, &self->setup.listener);

	if (!error)
		error = listen_url(self->setup.listener, self->url);
	if (error) {
		snprintf(complaint, size, "gate.listen %s: %s", address,
		        error == SHOJI_ERR_SYSTEM ? strerror(errno) : shoji_error_text(error));
		return error;
	}
	run_folder_path(&self->context.run, "control.sock", path);
	error = listen_unix(
	        path, SOCK_SEQPACKET, geteuid(), getegid(), 0600, &self->setup.control_listener);
	if (error)
		snprintf(complaint, size, "%s: %s", path, strerror(errno));
	return error;
}

/* It travels in shepherd_setup; a path cut off would be another one. */
static int check_program_folder(struct monitor *self, char *complaint, size_t size)
{
	struct message_shepherd_setup setup;

	if (strlen(self->context.program_folder) < sizeof(setup.program_folder))
		return 0;
	snprintf(complaint, size, "%s: longer than %zu bytes; install Shoji elsewhere",
	        self->context.program_folder, sizeof(setup.program_folder) - 1);
	return SHOJI_ERR_LIMIT;
}

static int prepare(struct monitor *self)
{
	const struct config *config = self->context.config;
	char complaint[COMPLAINT_MAX] = "";
	int error = check_program_folder(self, complaint, sizeof(complaint));

	if (!error)
		error = prepare_folders(self, complaint, sizeof(complaint));
	if (!error) {
		self->context.limits = limits_new((enum config_limits_layer)config->sessions.limits,
		        complaint, sizeof(complaint));
		error = self->context.limits ? 0 : SHOJI_ERR_CONFIG;
	}
	if (!error)
		error = load_files(self, complaint, sizeof(complaint));
	if (!error)
		error = open_listeners(self, complaint, sizeof(complaint));
	if (!error && self->context.is_isolated)
		error = accounts_lock(ACCOUNTS_LOCK_PATH, config->accounts.sessions_first,
		        3 * config->sessions.max, &self->accounts, complaint, sizeof(complaint));
	if (!error) {
		error = config_dump(config, self->config_text, sizeof(self->config_text),
		        &self->setup.config_length);
		snprintf(complaint, sizeof(complaint), "the configuration is too long");
	}
	if (error)
		log_error(0, "%s", complaint);
	else
		log_info(0, "limits: %s", limits_describe(self->context.limits));
	return error;
}

static int make_parts(struct monitor *self)
{
	static const struct roles_events events = {.on_ready = on_role_ready,
	        .on_keeper_message = on_keeper_message,
	        .on_start_failed = on_start_failed};
	struct monitor_context *context = &self->context;

	films_init(&self->films, (uint32_t)context->config->sessions.video_all_percent,
	        (uint32_t)context->config->profile.video_core_percent);
	context->films = &self->films;
	context->loop = loop_new();
	context->children = children_new();
	if (!context->loop || !context->children)
		return SHOJI_ERR_MEMORY;
	self->stop_timer = timer_new(context->loop, on_stop_timer, self);
	self->signals_watch = watch_new(context->loop, self->signals, LOOP_READ, on_signals, self);
	self->setup.loop = context->loop;
	self->setup.children = context->children;
	self->setup.config = context->config;
	self->setup.config_text = self->config_text;
	self->setup.is_isolated = context->is_isolated;
	self->setup.empty_folder = context->empty_folder;
	self->setup.data_folder = context->config->broker.data_folder;
	context->roles = roles_new(&self->setup, &events, self);
	if (!self->stop_timer || !self->signals_watch || !context->roles)
		return SHOJI_ERR_MEMORY;
	self->sessions = sessions_new(context, on_sessions_empty, self);
	return self->sessions ? 0 : SHOJI_ERR_MEMORY;
}

static int start(struct monitor *self)
{
	int error = make_parts(self);

	/* Before keeper tells its leases: which hosts are there must be known then. */
	if (!error)
		error = sessions_find_left(self->sessions);
	if (!error)
		error = roles_start(self->context.roles);
	if (error)
		log_error(0, "cannot start: %s: %m", shoji_error_text(error));
	return error;
}

/* ---- all of it ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void finish(struct monitor *self)
{
	char path[RUN_PATH_MAX];

	sessions_free(self->sessions);
	roles_free(self->context.roles);
	limits_free(self->context.limits);
	timer_free(self->stop_timer);
	watch_free(self->signals_watch);
	children_free(self->context.children);
	loop_free(self->context.loop);
	if (self->setup.control_listener >= 0)
		unlink(run_folder_path(&self->context.run, "control.sock", path));
	close_fd(&self->setup.control_listener);
	close_fd(&self->setup.listener);
	close_fd(&self->setup.assets);
	close_fd(&self->setup.certificate);
	close_fd(&self->setup.key);
	close_fd(&self->context.policies);
	close_fd(&self->signals);
	close_fd(&self->accounts);
	run_folder_finish(&self->context.run);
}

static const char *level_names[] = {
        [CONFIG_LOG_ERROR] = "error",
        [CONFIG_LOG_WARNING] = "warning",
        [CONFIG_LOG_INFO] = "info",
        [CONFIG_LOG_DEBUG] = "debug",
};

static void init(struct monitor *self, const struct config *config, const char *program_folder)
{
	static const enum log_level levels[] = {
	        [CONFIG_LOG_ERROR] = LOG_ERROR,
	        [CONFIG_LOG_WARNING] = LOG_WARNING,
	        [CONFIG_LOG_INFO] = LOG_INFO,
	        [CONFIG_LOG_DEBUG] = LOG_DEBUG,
	};

	self->context.config = config;
	self->context.program_folder = program_folder;
	self->context.run.lock = -1;
	self->context.policies = -1;
	self->setup.listener = self->setup.control_listener = -1;
	self->setup.assets = self->setup.certificate = self->setup.key = -1;
	self->signals = self->accounts = -1;
	log_init("monitor", levels[config->broker.log_level]);
	spawn_set_log_level(level_names[config->broker.log_level]);
}

int monitor_run(const struct config *config, const char *program_folder)
{
	struct monitor *self = calloc(1, sizeof(*self));
	int status = EXIT_FAILURE;

	if (!self)
		return EXIT_FAILURE;
	init(self, config, program_folder);
	if (!check_isolation(self) && !prepare_process(self) && !prepare(self)) {
		if (start(self)) {
			/* What was started already is ended in the same way as by a signal. */
			self->exit_status = EXIT_FAILURE;
			if (self->stop_timer)
				timer_set_ms(self->stop_timer, 0);
		}
		if (self->sessions)
			status = loop_run(self->context.loop);
	}
	finish(self);
	free(self);
	return status;
}
