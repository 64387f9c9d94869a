/* The isolated host's side of a session: folder, limits, door, and the shepherd that owns the host.
 * The shepherd never speaks with the host, but it runs under the host's uid, so its messages are
 * checked like any others. */
#include "monitor/session_internal.h"

#include "base/config.h"
#include "base/error.h"
#include "base/guest.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "monitor/children.h"
#include "monitor/listen.h"
#include "monitor/session_folder.h"
#include "monitor/spawn.h"
#include "monitor/uid_kill.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHEPHERD_VERSION_MIN 2 /* the oldest shepherd that may still be met after an upgrade */
#define TEXT_ASKED_MIN_MS 400

uid_t session_uid(const struct session *self, int offset)
{
	const struct monitor_context *context = self->context;
	uid_t uid;

	if (!context->is_isolated)
		return 0;
	if (self->slot >= 0)
		return (uid_t)context->config->accounts.sessions_first + 3 * (uid_t)self->slot +
		       (uid_t)offset;
	/* Found at start, and keeper knows it not: its folder says whose it was. */
	if (session_folder_owner(&context->run, self->lease_id, &uid))
		return 0;
	return uid + (uid_t)offset;
}

static gid_t host_gid(const struct session *self)
{
	return self->context->is_isolated ? (gid_t)session_uid(self, 0) : getegid();
}

/* ---- what the shepherd says ---- */

/* The limits layer kills below this process, as root: a number that a shepherd made up must not
 * lead it to somebody else's. */
static void watch_process(struct session *self, pid_t host)
{
	uid_t expected = self->context->is_isolated ? session_uid(self, 0) : geteuid();
	uid_t uid;

	if (host > 1 && !uid_of_process(host, &uid) && uid == expected)
		limits_group_set_root(self->limits, host);
	else
		log_warning(self->lease_id, "process %d is not its isolated host", (int)host);
}

static int on_hello(struct session *self, struct message *in)
{
	struct message_shepherd_hello hello;

	if (message_get_shepherd_hello(in, &hello))
		return SHOJI_ERR_MALFORMED;
	if (hello.lease_id != self->lease_id || hello.version < SHEPHERD_VERSION_MIN ||
	        hello.version > SHEPHERD_VERSION)
		return SHOJI_ERR_FORBIDDEN;
	self->shepherd.has_hello = true;
	self->shepherd.version = hello.version;
	watch_process(self, (pid_t)hello.host_pid);
	if (self->state != SESSION_ENDING)
		session_on_hello(self);
	return 0;
}

static int on_rfb(struct session *self, struct message *in)
{
	struct message_rfb_connected connected;

	if (message_get_rfb_connected(in, &connected))
		return SHOJI_ERR_MALFORMED;
	session_on_doors(self, connected.rfb, connected.text);
	return 0;
}

static int on_text(struct session *self, struct message *in)
{
	struct message_text_connected connected;

	if (message_get_text_connected(in, &connected))
		return SHOJI_ERR_MALFORMED;
	session_workers_give_text(self, connected.text);
	close(connected.text);
	return 0;
}

/* The reasons that a shepherd can know of; another one is replaced, not believed. */
static enum end_reason shepherd_reason(uint8_t reason)
{
	if (reason == END_START_FAILED || reason == END_LEASE_LOST || reason == END_LIMIT ||
	        reason == END_BROKER)
		return (enum end_reason)reason;
	return END_HOST_EXITED;
}

static int on_host_ended(struct session *self, struct message *in)
{
	struct message_host_ended ended;
	char quoted[LOG_QUOTE_MAX];

	if (message_get_host_ended(in, &ended))
		return SHOJI_ERR_MALFORMED;
	log_quote(quoted, ended.detail, strlen(ended.detail));
	session_on_host_ended(self, shepherd_reason(ended.reason), quoted);
	return 0;
}

static void on_message(void *data, struct channel *channel, struct message *in)
{
	struct session *self = data;
	int error = SHOJI_ERR_FORBIDDEN;

	(void)channel;
	if (in->number == MESSAGE_SHEPHERD_HELLO)
		error = on_hello(self, in);
	else if (in->number == MESSAGE_RFB_CONNECTED)
		error = on_rfb(self, in);
	else if (in->number == MESSAGE_TEXT_CONNECTED)
		error = on_text(self, in);
	else if (in->number == MESSAGE_HOST_ENDED)
		error = on_host_ended(self, in);
	if (error)
		session_end(self, END_HOST_EXITED, "the shepherd broke the message table");
}

static void on_close(void *data, struct channel *channel, int error)
{
	struct session *self = data;
	bool had_hello = self->shepherd.has_hello;

	channel_free(channel);
	self->shepherd.channel = NULL;
	if (error != SHOJI_ERR_CLOSED)
		session_end(self, END_HOST_EXITED, "the shepherd broke the message table");
	else
		session_end(self, had_hello ? END_HOST_EXITED : END_START_FAILED,
		        "the shepherd ended without a word");
}

static int watch_shepherd(struct session *self, int fd)
{
	self->shepherd.channel = channel_new(fd, LINK_MONITOR_SHEPHERD, SIDE_A);
	self->shepherd.renewed_ms = clock_now_ms();
	if (!self->shepherd.channel)
		return SHOJI_ERR_MEMORY;
	return channel_watch(
	        self->shepherd.channel, self->context->loop, on_message, on_close, self);
}

/* ---- starting ---- */

static int make_limits(struct session *self)
{
	const struct config *config = self->context->config;
	struct limits_wish wish = {.memory_bytes = config->sessions.memory_mib << 20,
	        .tasks = (uint32_t)config->sessions.processes};

	self->limits = limits_group_new(self->context->limits, self->lease_id, &wish);
	return self->limits ? 0 : SHOJI_ERR_SYSTEM;
}

static int send_limits(struct session *self)
{
	int fds[LIMITS_ATTACH_MAX];
	size_t n_fds = 0;
	int error = limits_group_attach_fds(self->limits, fds, &n_fds);

	if (error)
		return error;
	for (size_t i = 0; i < n_fds; i++) {
		if (!error)
			error = CHANNEL_SEND(
			        self->shepherd.channel, shepherd_limit, .procs = fds[i]);
		close(fds[i]);
	}
	return error;
}

static int send_setup(struct session *self, int lock, int control)
{
	const struct monitor_context *context = self->context;
	const struct config *config = context->config;
	uid_t uid = session_uid(self, 0);
	struct message_shepherd_setup setup = {.lease_id = self->lease_id,
	        .uid = uid ? uid : geteuid(),
	        .lease_s = (uint32_t)config->sessions.lease_s,
	        .width = self->width,
	        .height = self->height,
	        .scale = self->scale,
	        .is_kiosk = config->profile.kiosk,
	        .caret_blinks = config->profile.caret_blink,
	        .home_mib = (uint32_t)config->sessions.home_mib,
	        .shm_mib = (uint32_t)config->sessions.shm_mib,
	        .tasks = (uint32_t)config->sessions.processes,
	        .lock = lock,
	        .control_listener = control,
	        .policies = context->policies};
	char folder[RUN_PATH_MAX];

	session_folder_path(&context->run, self->lease_id, "", folder);
	snprintf(setup.run_folder, sizeof(setup.run_folder), "%s", folder);
	snprintf(setup.program_folder, sizeof(setup.program_folder), "%s", context->program_folder);
	snprintf(setup.keyboard, sizeof(setup.keyboard), "%s", config->profile.keyboard);
	snprintf(setup.start_page, sizeof(setup.start_page), "%s", config->profile.start_page);
	snprintf(setup.timezone, sizeof(setup.timezone), "%s", config->profile.timezone);
	int error = CHANNEL_SEND_VALUE(self->shepherd.channel, shepherd_setup, &setup);
	if (!error)
		error = send_limits(self);
	if (!error)
		error = CHANNEL_SEND(self->shepherd.channel, shepherd_start);
	if (error)
		return error;
	channel_set_phase(self->shepherd.channel, PHASE_READY);
	self->shepherd.is_started = true;
	return 0;
}

static int spawn_shepherd(struct session *self)
{
	uid_t uid = session_uid(self, 0);
	int ours, theirs;

	if (channel_pair(&ours, &theirs))
		return SHOJI_ERR_SYSTEM;
	pid_t pid = spawn_role(&(struct spawn_request){.role = "shepherd",
	        .uid = uid,
	        .gid = (gid_t)uid,
	        .root = self->context->empty_folder,
	        .channel = theirs});
	close(theirs);
	if (pid < 0) {
		close(ours);
		return SHOJI_ERR_SYSTEM;
	}
	/* It forks twice and is nobody's child then: its channel and its lock tell of its end. */
	children_add(self->context->children, pid, NULL, NULL);
	return watch_shepherd(self, ours);
}

static int open_door(struct session *self)
{
	int error = session_folder_door(
	        &self->context->run, self->lease_id, host_gid(self), &self->door);

	if (!error)
		session_open_door(self);
	return error;
}

static int start_shepherd(struct session *self)
{
	const struct run_folder *run = &self->context->run;
	int lock = -1, control = -1;
	int error = session_folder_lock(run, self->lease_id, &lock);

	if (!error)
		error = session_folder_control(run, self->lease_id, &control);
	if (!error)
		error = spawn_shepherd(self);
	if (!error)
		error = send_setup(self, lock, control);
	/* The shepherd has them now: while it lives, the lock is held. */
	if (lock >= 0)
		close(lock);
	if (control >= 0)
		close(control);
	return error;
}

int session_host_start(struct session *self)
{
	uid_t uid = session_uid(self, 0);
	int error;

	/* A uid that is to be a wall must be nobody else's: something left over of an earlier
	 * session dies here. */
	if (uid)
		for (int offset = 0; offset < 3; offset++)
			uid_kill(session_uid(self, offset), (gid_t)session_uid(self, offset));
	error = session_folder_make(
	        &self->context->run, self->lease_id, uid ? uid : geteuid(), host_gid(self));
	if (!error)
		error = make_limits(self);
	if (!error)
		error = open_door(self);
	if (!error)
		error = start_shepherd(self);
	return error;
}

int session_host_adopt(struct session *self)
{
	char path[RUN_PATH_MAX];
	int fd;
	int error = make_limits(self);

	if (!error)
		error = connect_unix(session_folder_path(&self->context->run, self->lease_id,
		                             "control.sock", path),
		        &fd);
	if (!error)
		error = watch_shepherd(self, fd);
	if (error)
		return error;
	channel_set_phase(self->shepherd.channel, PHASE_READY);
	self->shepherd.is_started = true;
	return 0;
}

int session_host_connect(struct session *self)
{
	int error = self->door < 0 ? open_door(self) : 0;

	return error ? error : CHANNEL_SEND(self->shepherd.channel, connect_rfb);
}

/* ---- while it lives ---- */

/* capture may have fallen to the host: asking without end must not keep us busy. */
void session_host_connect_text(struct session *self)
{
	uint64_t now_ms = clock_now_ms();

	if (!self->shepherd.channel || self->shepherd.version < SHEPHERD_VERSION_TEXT ||
	        now_ms - self->shepherd.text_asked_ms < TEXT_ASKED_MIN_MS)
		return;
	self->shepherd.text_asked_ms = now_ms;
	log_info(self->lease_id, "the input agent is gone: asking for the next");
	CHANNEL_SEND(self->shepherd.channel, connect_text);
}

/* A lease lasts from its last renewal, however often there is one: two may be late. */
static uint64_t renew_ms(const struct session *self)
{
	return (uint64_t)self->context->config->sessions.lease_s * 1000 / 3;
}

uint64_t session_host_due_ms(const struct session *self)
{
	uint64_t renew_due_ms =
	        self->shepherd.is_started ? self->shepherd.renewed_ms + renew_ms(self) : UINT64_MAX;
	uint64_t limits_due_ms = self->limits && limits_group_is_watched(self->limits)
	                                 ? self->limits_checked_ms + LIMITS_CHECK_MS
	                                 : UINT64_MAX;

	return renew_due_ms < limits_due_ms ? renew_due_ms : limits_due_ms;
}

void session_host_renew(struct session *self, uint64_t now_ms)
{
	if (!self->shepherd.is_started || now_ms - self->shepherd.renewed_ms < renew_ms(self))
		return;
	self->shepherd.renewed_ms = now_ms;
	int error = CHANNEL_SEND(self->shepherd.channel, renew_lease,
	        .lease_s = (uint32_t)self->context->config->sessions.lease_s);
	if (error && error != SHOJI_ERR_CLOSED)
		session_end(self, END_HOST_EXITED, "the shepherd takes no more messages");
}

int session_host_check_limits(struct session *self, uint64_t now_ms)
{
	if (!self->limits || now_ms - self->limits_checked_ms < LIMITS_CHECK_MS)
		return 0;
	self->limits_checked_ms = now_ms;
	return limits_group_check(self->limits) == SHOJI_ERR_LIMIT ? SHOJI_ERR_LIMIT : 0;
}

/* ---- ending ---- */

void session_host_tell_end(struct session *self)
{
	if (self->shepherd.channel && self->shepherd.is_started) {
		CHANNEL_SEND(self->shepherd.channel, end_host);
		return;
	}
	/* Set-up did not come to its end: a shepherd that is left then leaves as well. */
	channel_free(self->shepherd.channel);
	self->shepherd.channel = NULL;
}

void session_host_kill(struct session *self)
{
	uid_t uid = session_uid(self, 0);

	if (self->limits)
		limits_group_kill(self->limits);
	if (uid)
		uid_kill(uid, (gid_t)uid);
}

bool session_host_is_gone(struct session *self)
{
	int lock;
	int error = session_folder_lock(&self->context->run, self->lease_id, &lock);

	if (!error)
		close(lock);
	/* No folder, no host. */
	return error != SHOJI_ERR_EXISTS;
}

int session_host_clean(struct session *self)
{
	uid_t uid = session_uid(self, 0);

	/* The shepherd is gone and its host with it (--die-with-parent); the kernel is asked all
	 * the same. */
	if (uid && uid_kill(uid, (gid_t)uid))
		return SHOJI_ERR_AGAIN;
	if (self->limits) {
		limits_group_kill(self->limits);
		if (limits_group_remove(self->limits) == SHOJI_ERR_AGAIN)
			return SHOJI_ERR_AGAIN;
		limits_group_free(self->limits);
		self->limits = NULL;
	}
	return session_folder_remove(&self->context->run, self->lease_id);
}

void session_host_finish(struct session *self)
{
	channel_free(self->shepherd.channel);
	self->shepherd.channel = NULL;
	limits_group_free(self->limits);
	self->limits = NULL;
	if (self->door >= 0)
		close(self->door);
	self->door = -1;
}
