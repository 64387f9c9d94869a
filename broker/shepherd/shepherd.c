/* The shepherd's process: a few hundred lines that outlive the broker. It takes orders from monitor only and never speaks with
 * the host: what it knows of it is that its first process stands, and how its children ended. */
#include "shepherd/shepherd.h"

#include "base/channel.h"
#include "base/ensure.h"
#include "base/error.h"
#include "base/guest.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/session.h"
#include "shepherd/door.h"
#include "shepherd/engine.h"
#include "shepherd/host_settings.h"
#include "shepherd/host_state.h"
#include "shepherd/identity.h"
#include "shepherd/orphans.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_DEADLINE_MS 10000
/* A host whose processes do not die in time (a hung kernel) must not keep the shepherd for ever. */
#define END_DEADLINE_MS 20000
#define LIMIT_FDS_MAX 2
#define ERRORS_MAX 512 /* of the engine's standard error */
#define DETAIL_MAX 256

#define EXIT_FAILED 1

struct shepherd {
	struct loop *loop;
	enum host_state state;
	struct channel *monitor; /* NULL: nobody is connected */
	bool is_told;            /* this monitor has had its hello */
	uid_t started_by;
	struct message_shepherd_setup setup;
	bool is_set_up;
	int limit_fds[LIMIT_FDS_MAX];
	size_t n_limit_fds;
	struct guest_files files;
	struct door rfb_door, text_door;
	const struct engine *engine;
	pid_t host;
	int signals;
	int errors; /* read end of the engine's standard error */
	int standing; /* read end: ends when the host's first process stands, or the engine has failed */
	char error_text[ERRORS_MAX];
	size_t error_length;
	enum end_reason reason;
	char detail[DETAIL_MAX + 1];
	struct watch *signals_watch, *standing_watch, *listener_watch;
	struct timer *lease_timer, *deadline_timer;
};

static void set_state(struct shepherd *self, enum host_state state);

/* ---- ending ---- */

static void note_reason(struct shepherd *self, enum end_reason reason, const char *detail)
{
	/* The first one is the cause, what follows its consequences. */
	if (self->reason)
		return;
	self->reason = reason;
	snprintf(self->detail, sizeof(self->detail), "%s", detail);
}

static void end(struct shepherd *self, enum end_reason reason, const char *detail)
{
	if (self->state == HOST_ENDING || self->state == HOST_ENDED)
		return;
	note_reason(self, reason, detail);
	set_state(self, self->state == HOST_SETUP ? HOST_ENDED : HOST_ENDING);
}

static void tell_end(struct shepherd *self)
{
	struct message_host_ended ended = {.reason = (uint8_t)self->reason};

	log_info(self->setup.lease_id, "isolated host ended: %s: %s", end_reason_text(self->reason),
	        self->detail);
	if (!self->monitor)
		return;
	snprintf(ended.detail, sizeof(ended.detail), "%s", self->detail);
	CHANNEL_SEND_VALUE(self->monitor, host_ended, &ended);
	channel_flush(self->monitor);
}

static void set_state(struct shepherd *self, enum host_state state)
{
	ensure(host_state_may_follow(self->state, state));
	self->state = state;
	switch (state) {
	case HOST_SETUP:
		break;
	case HOST_STARTING:
		timer_set_ms(self->deadline_timer, START_DEADLINE_MS);
		break;
	case HOST_RUNNING:
		timer_clear(self->deadline_timer);
		break;
	case HOST_ENDING:
		timer_set_ms(self->deadline_timer, END_DEADLINE_MS);
		if (self->host > 0)
			self->engine->kill(self->host);
		break;
	case HOST_ENDED:
		tell_end(self);
		loop_stop(self->loop, 0);
		break;
	}
}

static void on_deadline(void *data)
{
	struct shepherd *self = data;

	if (self->state == HOST_ENDING) {
		log_error(self->setup.lease_id, "processes of the isolated host do not end");
		set_state(self, HOST_ENDED);
	} else
		end(self, END_START_FAILED, "the isolated host was not set up in time");
}

static void on_lease_lost(void *data)
{
	end(data, END_LEASE_LOST, "nobody renewed the lease in time");
}

/* ---- the host's processes ---- */

/* What the host's first process left: its status is a bounded number, the one thing that it can say. */
static void note_status(struct shepherd *self, int status)
{
	char detail[DETAIL_MAX + 1];
	bool is_started = self->state == HOST_RUNNING;

	if (WIFSIGNALED(status))
		snprintf(detail, sizeof(detail), "killed by signal %d", WTERMSIG(status));
	else if (is_started || self->error_length == 0)
		snprintf(detail, sizeof(detail), "%s (status %d)",
		        guest_exit_text(WEXITSTATUS(status)), WEXITSTATUS(status));
	else
		log_quote(detail, self->error_text, self->error_length);
	note_reason(self, is_started ? END_HOST_EXITED : END_START_FAILED, detail);
}

static void read_errors(struct shepherd *self);

static void on_child(struct shepherd *self, pid_t pid, int status)
{
	if (pid != self->host)
		return;
	self->host = 0;
	if (self->state == HOST_STARTING)
		read_errors(self);
	if (self->state == HOST_STARTING || self->state == HOST_RUNNING) {
		note_status(self, status);
		set_state(self, HOST_ENDING);
	}
}

/* We are the subreaper: when no child is left, nothing of the host is. */
static void reap(struct shepherd *self)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		on_child(self, pid, status);
	if (self->state != HOST_ENDING)
		return;
	if (pid < 0 && errno == ECHILD)
		set_state(self, HOST_ENDED);
	else
		orphans_kill();
}

static void on_signal(void *data, unsigned events)
{
	struct shepherd *self = data;
	struct signalfd_siginfo info;

	(void)events;
	while (read(self->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGTERM)
			end(self, END_BROKER, "the shepherd was told to stop");
	reap(self);
}

/* ---- orders ---- */

static void drop_monitor(struct shepherd *self)
{
	channel_free(self->monitor);
	self->monitor = NULL;
	if (self->state == HOST_SETUP)
		end(self, END_START_FAILED, "monitor left before the isolated host was started");
	else if (self->listener_watch)
		watch_set_events(self->listener_watch, LOOP_READ);
}

static void tell_hello(struct shepherd *self)
{
	if (!self->monitor || self->is_told)
		return;
	self->is_told = true;
	CHANNEL_SEND(self->monitor, shepherd_hello, .version = SHEPHERD_VERSION,
	        .lease_id = self->setup.lease_id, .host_pid = (uint32_t)self->host);
}

static int connect_rfb(struct shepherd *self)
{
	bool is_running = self->state == HOST_RUNNING;
	int rfb = is_running ? door_connect(&self->rfb_door) : -1;
	int text = is_running ? door_connect(&self->text_door) : -1;
	int error = 0;

	if (rfb < 0 || text < 0)
		end(self, END_HOST_EXITED, "a door of the isolated host takes no connection");
	else
		error = CHANNEL_SEND(self->monitor, rfb_connected, .rfb = rfb, .text = text);
	if (rfb >= 0)
		close(rfb);
	if (text >= 0)
		close(text);
	return error;
}

/* init has the listening socket also while no agent runs: refused is only what nobody took for long. capture asks again. */
static int connect_text(struct shepherd *self)
{
	int text = self->state == HOST_RUNNING ? door_connect(&self->text_door) : -1;

	if (text < 0)
		return 0;
	int error = CHANNEL_SEND(self->monitor, text_connected, .text = text);
	close(text);
	return error;
}

static int renew_lease(struct shepherd *self, struct message *in)
{
	struct message_renew_lease renew;
	int error = message_get_renew_lease(in, &renew);

	if (!error && renew.lease_s == 0)
		error = SHOJI_ERR_MALFORMED;
	if (!error)
		timer_set_ms(self->lease_timer, (uint64_t)renew.lease_s * 1000);
	return error;
}

static void on_listener(void *data, unsigned events);

/* The last that is done as root: what the slot's uid could not open. */
static int set_up(struct shepherd *self)
{
	int error = self->setup.tasks ? 0 : SHOJI_ERR_MALFORMED;

	if (!error)
		error = guest_files_open(&self->files, self->setup.program_folder);
	if (!error)
		error = host_settings_add(&self->files, &self->setup);
	if (!error)
		error = identity_take(self->setup.uid);
	if (!error)
		error = door_open(&self->rfb_door, self->setup.run_folder, "rfb.sock");
	if (!error)
		error = door_open(&self->text_door, self->setup.run_folder, "text.sock");
	if (error)
		return error;
	self->listener_watch =
	        watch_new(self->loop, self->setup.control_listener, 0, on_listener, self);
	return self->listener_watch ? 0 : SHOJI_ERR_MEMORY;
}

static int on_setup(struct shepherd *self, struct message *in)
{
	int error = message_get_shepherd_setup(in, &self->setup);

	if (error)
		return error;
	self->is_set_up = true;
	error = set_up(self);
	if (error)
		end(self, END_START_FAILED,
		        "the shepherd could not set itself up (its log says why)");
	return 0;
}

static int on_limit(struct shepherd *self, struct message *in)
{
	struct message_shepherd_limit limit;

	if (self->n_limit_fds == LIMIT_FDS_MAX || message_get_shepherd_limit(in, &limit))
		return SHOJI_ERR_LIMIT;
	self->limit_fds[self->n_limit_fds++] = limit.procs;
	return 0;
}

/* Nothing more comes in through the set-up; what it brought is not needed once the engine runs. */
static void let_go(struct shepherd *self)
{
	while (self->n_limit_fds > 0)
		close(self->limit_fds[--self->n_limit_fds]);
	guest_files_finish(&self->files);
	door_hand_over(&self->rfb_door);
	door_hand_over(&self->text_door);
}

static void on_standing(void *data, unsigned events);

static int start_engine(struct shepherd *self)
{
	struct engine_host host = {.setup = &self->setup,
	        .files = &self->files,
	        .rfb_listener = self->rfb_door.listener,
	        .text_listener = self->text_door.listener,
	        .has_own_uid = self->setup.uid != self->started_by,
	        .limit_fds = self->limit_fds,
	        .n_limit_fds = self->n_limit_fds};
	int errors[2], standing[2];
	int error;

	if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) < 0)
		return SHOJI_ERR_SYSTEM;
	self->errors = errors[0];
	host.errors = errors[1];
	error = pipe2(standing, O_CLOEXEC | O_NONBLOCK) < 0 ? SHOJI_ERR_SYSTEM : 0;
	if (!error) {
		self->standing = standing[0];
		host.standing = standing[1];
		error = self->engine->start(&host, &self->host);
		close(standing[1]);
	}
	close(errors[1]);
	let_go(self);
	if (!error)
		self->standing_watch =
		        watch_new(self->loop, self->standing, LOOP_READ, on_standing, self);
	return !error && !self->standing_watch ? SHOJI_ERR_MEMORY : error;
}

static int on_start(struct shepherd *self)
{
	if (!self->is_set_up || self->state != HOST_SETUP)
		return SHOJI_ERR_FORBIDDEN;
	channel_set_phase(self->monitor, PHASE_READY);
	timer_set_ms(self->lease_timer, (uint64_t)self->setup.lease_s * 1000);
	set_state(self, HOST_STARTING);
	if (start_engine(self))
		end(self, END_START_FAILED, "the engine could not be started");
	if (self->state == HOST_ENDING)
		reap(self);
	return 0;
}

static int obey(struct shepherd *self, struct message *in)
{
	switch (in->number) {
	case MESSAGE_SHEPHERD_SETUP:
		return on_setup(self, in);
	case MESSAGE_SHEPHERD_LIMIT:
		return on_limit(self, in);
	case MESSAGE_SHEPHERD_START:
		return on_start(self);
	case MESSAGE_CONNECT_RFB:
		return connect_rfb(self);
	case MESSAGE_CONNECT_TEXT:
		return connect_text(self);
	case MESSAGE_RENEW_LEASE:
		return renew_lease(self, in);
	case MESSAGE_END_HOST:
		end(self, END_BROKER, "ended by the broker");
		return 0;
	}
	return SHOJI_ERR_FORBIDDEN;
}

static void on_message(void *data, struct channel *channel, struct message *in)
{
	struct shepherd *self = data;
	int error = obey(self, in);

	(void)channel;
	if (!error)
		return;
	log_error(self->setup.lease_id, "an order of monitor's (message %u): %s", in->number,
	        shoji_error_text(error));
	drop_monitor(self);
}

static void on_close(void *data, struct channel *channel, int error)
{
	(void)channel;
	(void)error;
	drop_monitor(data);
}

static void take_monitor(struct shepherd *self, int fd, enum message_phase phase)
{
	self->monitor = channel_new(fd, LINK_MONITOR_SHEPHERD, SIDE_B);
	self->is_told = false;
	if (!self->monitor)
		return;
	channel_set_phase(self->monitor, phase);
	if (channel_watch(self->monitor, self->loop, on_message, on_close, self))
		drop_monitor(self);
}

/* A broker that was started anew. */
static void on_listener(void *data, unsigned events)
{
	struct shepherd *self = data;
	int fd = accept4(self->setup.control_listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	if (self->monitor || !identity_may_order(fd, self->started_by)) {
		close(fd);
		return;
	}
	watch_set_events(self->listener_watch, 0);
	take_monitor(self, fd, PHASE_READY);
	if (!self->monitor)
		watch_set_events(self->listener_watch, LOOP_READ);
	else if (self->state == HOST_RUNNING)
		tell_hello(self);
}

/* ---- whether the host's first process stands ---- */

/* bubblewrap's complaints, and shoji-guest-init's before it lets go of its standard error. Read until the host's first
 * process stands, not later: nothing that is hostile has ever held the other end then. */
static void read_errors(struct shepherd *self)
{
	size_t room = sizeof(self->error_text) - self->error_length;
	ssize_t n = read(self->errors, self->error_text + self->error_length, room);

	if (n > 0)
		self->error_length += (size_t)n;
}

static void on_standing(void *data, unsigned events)
{
	struct shepherd *self = data;

	(void)events;
	watch_free(self->standing_watch);
	self->standing_watch = NULL;
	close(self->standing);
	self->standing = -1;
	if (self->state != HOST_STARTING)
		return;
	/* Also so when the engine has failed: it complains before it ends, and its end is noticed soon. */
	read_errors(self);
	reap(self);
	if (self->state != HOST_STARTING || self->error_length > 0)
		return;
	close(self->errors);
	self->errors = -1;
	set_state(self, HOST_RUNNING);
	if (self->monitor)
		tell_hello(self);
	else
		watch_set_events(self->listener_watch, LOOP_READ);
}

/* ---- the process ---- */

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int init(struct shepherd *self)
{
	*self = (struct shepherd){.state = HOST_SETUP,
	        .started_by = geteuid(),
	        .errors = -1,
	        .standing = -1,
	        .signals = -1};
	self->rfb_door = (struct door){.folder = -1, .listener = -1};
	self->text_door = (struct door){.folder = -1, .listener = -1};
	self->setup.lock = self->setup.control_listener = self->setup.policies = -1;
	self->engine = engine_find("bubblewrap");
	self->loop = loop_new();
	self->signals = open_signals();
	if (!self->loop || self->signals < 0 || fcntl(ROLE_CHANNEL_FD, F_SETFD, FD_CLOEXEC) < 0)
		return SHOJI_ERR_SYSTEM;
	self->signals_watch = watch_new(self->loop, self->signals, LOOP_READ, on_signal, self);
	self->lease_timer = timer_new(self->loop, on_lease_lost, self);
	self->deadline_timer = timer_new(self->loop, on_deadline, self);
	if (!self->signals_watch || !self->lease_timer || !self->deadline_timer)
		return SHOJI_ERR_MEMORY;
	timer_set_ms(self->deadline_timer, ROLE_SETUP_DEADLINE_MS);
	return 0;
}

static void finish(struct shepherd *self)
{
	channel_free(self->monitor);
	let_go(self);
	door_close(&self->rfb_door);
	door_close(&self->text_door);
	loop_free(self->loop);
}

static int serve(void)
{
	static struct shepherd self;

	if (init(&self)) {
		log_error(0, "cannot begin: %m");
		return EXIT_FAILED;
	}
	take_monitor(&self, ROLE_CHANNEL_FD, PHASE_SETUP);
	if (!self.monitor)
		return EXIT_FAILED;
	int status = loop_run(self.loop);
	finish(&self);
	return status;
}

int shepherd_run(const struct role_start *start)
{
	const char *level = getenv("SHOJI_LOG_LEVEL");

	log_init(start->name, level && level[0] == 'd' ? LOG_DEBUG : LOG_INFO);
	/* The broker's log may be a pipe that ends with it; we go on without. */
	signal(SIGPIPE, SIG_IGN);
	pid_t pid = fork();
	if (pid != 0)
		return pid < 0 ? EXIT_FAILED : 0;
	/* A session of its own: no signal to the broker's group or terminal reaches us. */
	if (setsid() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		log_error(0, "cannot leave the broker's session: %m");
		_exit(EXIT_FAILED);
	}
	_exit(serve());
}
