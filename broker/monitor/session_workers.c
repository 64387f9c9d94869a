/* capture and encode of one session. capture reads what the isolated host writes and may fall; what
 * it then says to monitor is at most "alive", and anything else ends this session alone. */
#include "monitor/films.h"
#include "monitor/session_internal.h"

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "monitor/children.h"
#include "monitor/roles.h"
#include "monitor/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* From a worker's closing of its channel to its exit. */
#define CLOSED_MAX_MS 1000

static const struct {
	const char *role;
	int uid_offset;
	enum end_reason failed;
} kinds[N_WORKERS] = {
        [WORKER_CAPTURE] = {"capture", 1, END_CAPTURE_FAILED},
        [WORKER_ENCODE] = {"encode", 2, END_ENCODE_FAILED},
};

/* ---- what they say ---- */

static int on_ready(struct worker *self, struct message *in)
{
	struct message_ready ready;

	if (message_get_ready(in, &ready))
		return SHOJI_ERR_MALFORMED;
	channel_set_phase(self->channel, PHASE_READY);
	self->is_ready = true;
	if (self->kind == WORKER_ENCODE)
		session_workers_mark(self->session);
	session_on_worker_ready(self->session);
	return 0;
}

/* Local time where the profile says that people are. */
static int east_of_utc_min(const char *zone)
{
	struct tm parts;
	time_t now = time(NULL);

	setenv("TZ", zone, 1);
	tzset();
	return localtime_r(&now, &parts) ? (int)(parts.tm_gmtoff / 60) : 0;
}

void session_workers_mark(struct session *self)
{
	struct worker *encode = &self->workers[WORKER_ENCODE];
	struct message_mark_encode mark = {0};

	if (!encode->is_ready || !encode->channel || !self->mark_person[0])
		return;
	memcpy(mark.person, self->mark_person, sizeof(mark.person));
	memcpy(mark.address, self->mark_address, sizeof(mark.address));
	mark.east_min = (uint16_t)(east_of_utc_min(self->context->config->profile.timezone) + 1440);
	CHANNEL_SEND_VALUE(encode->channel, mark_encode, &mark);
}

void session_mark(struct session *self, const char *person, const char *address)
{
	snprintf(self->mark_person, sizeof(self->mark_person), "%s", person);
	snprintf(self->mark_address, sizeof(self->mark_address), "%s", address);
	session_workers_mark(self);
}

static int on_capture_message(struct session *session, struct message *in)
{
	struct message_capture_alive alive;
	struct message_text_lost lost;

	if (in->number == MESSAGE_TEXT_LOST && !message_get_text_lost(in, &lost)) {
		session_host_connect_text(session);
		return 0;
	}
	if (in->number != MESSAGE_CAPTURE_ALIVE || message_get_capture_alive(in, &alive))
		return SHOJI_ERR_FORBIDDEN;
	session->alive_ms = clock_now_ms();
	return 0;
}

/* Those in which no film plays have none. */
static bool is_share_due(const struct session *self)
{
	return self->is_film_playing && self->workers[WORKER_ENCODE].channel &&
	       self->film_share_permille != films_share_permille(self->context->films);
}

static void share_video(struct session *self)
{
	uint16_t share = films_share_permille(self->context->films);

	if (!is_share_due(self))
		return;
	CHANNEL_SEND(self->workers[WORKER_ENCODE].channel, film_share, .core_permille = share);
	self->film_share_permille = share;
}

/* The others' shares follow at their next tick. */
static void set_film_playing(struct session *self, bool is_playing)
{
	films_set(self->context->films, &self->is_film_playing, is_playing);
	if (!is_playing)
		self->film_share_permille = 0;
	share_video(self);
}

static int on_encode_message(struct session *session, struct message *in)
{
	struct message_first_picture first;
	struct message_snapshot_filled filled;
	struct message_film_playing film;

	if (in->number == MESSAGE_FIRST_PICTURE && !message_get_first_picture(in, &first)) {
		session_on_first_picture(session);
		return 0;
	}
	if (in->number == MESSAGE_SNAPSHOT_FILLED && !message_get_snapshot_filled(in, &filled)) {
		session_snapshot_filled(session, &filled);
		return 0;
	}
	if (in->number == MESSAGE_FILM_PLAYING && !message_get_film_playing(in, &film)) {
		set_film_playing(session, film.is_playing);
		return 0;
	}
	return SHOJI_ERR_FORBIDDEN;
}

static void break_off(struct worker *self)
{
	char detail[SESSION_DETAIL_MAX];

	snprintf(detail, sizeof(detail), "%s broke the message table", kinds[self->kind].role);
	session_end(self->session, kinds[self->kind].failed, detail);
}

static void on_message(void *data, struct channel *channel, struct message *in)
{
	struct worker *self = data;
	int error;

	(void)channel;
	if (self->session->state == SESSION_ENDING || self->session->state == SESSION_OVER)
		return;
	if (in->number == MESSAGE_READY)
		error = on_ready(self, in);
	else if (self->kind == WORKER_CAPTURE)
		error = on_capture_message(self->session, in);
	else
		error = on_encode_message(self->session, in);
	if (error)
		break_off(self);
}

static void on_close(void *data, struct channel *channel, int error)
{
	struct worker *self = data;

	channel_free(channel);
	self->channel = NULL;
	if (self->kind == WORKER_ENCODE)
		set_film_playing(self->session, false);
	if (error != SHOJI_ERR_CLOSED)
		break_off(self);
	/* Closed means ended or about to. Its exit status says why, and is not set before it exits: killed at once, a worker
	 * that tidies up has no reason to tell. */
	self->closed_ms = clock_now_ms();
}

static void on_child_exit(void *data, pid_t pid, int status)
{
	struct worker *self = data;
	struct session *session = self->session;
	char text[CHILD_EXIT_TEXT_MAX];
	char detail[SESSION_DETAIL_MAX];
	bool is_closed = WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_CLOSED;

	if (pid != self->pid)
		return;
	self->pid = 0;
	if (session->state == SESSION_ENDING || session->state == SESSION_OVER)
		return;
	if (self->kind == WORKER_CAPTURE && is_closed) {
		session->is_reason_guessed = true;
		session_end(session, END_HOST_EXITED, worker_exit_text(WORKER_EXIT_CLOSED));
		return;
	}
	child_exit_text(text, status);
	snprintf(detail, sizeof(detail), "%s: %s (%s)", kinds[self->kind].role,
	        WIFEXITED(status)            ? worker_exit_text(WEXITSTATUS(status))
	        : WTERMSIG(status) == SIGSYS ? "a system call that is forbidden to it"
	                                     : "crashed",
	        text);
	session_end(session, kinds[self->kind].failed, detail);
}

/* ---- starting ---- */

/* The session's pixels: as large as the largest screen, so that no size is ever changed, and
 * sealed, because a writer that shrank it would end encode by SIGBUS. reader is the same file,
 * opened for reading only. */
static int make_pixels(struct session *self, int *writer, int *reader)
{
	const struct config *config = self->context->config;
	off_t size = (off_t)(config->profile.width_max * config->profile.height_max * PIXEL_BYTES);
	char path[64];
	int fd = memfd_create("pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return SHOJI_ERR_SYSTEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*reader = -1;
	if (ftruncate(fd, size) == 0 &&
	        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		*reader = open(path, O_RDONLY | O_CLOEXEC);
	if (*reader < 0) {
		close(fd);
		return SHOJI_ERR_SYSTEM;
	}
	*writer = fd;
	return 0;
}

static int spawn_worker(struct worker *self)
{
	const struct session *session = self->session;
	uid_t uid = session_uid(session, kinds[self->kind].uid_offset);
	int ours, theirs;

	if (channel_pair(&ours, &theirs))
		return SHOJI_ERR_SYSTEM;
	pid_t pid = spawn_role(&(struct spawn_request){.role = kinds[self->kind].role,
	        .uid = uid,
	        .gid = (gid_t)uid,
	        .root = session->context->empty_folder,
	        .channel = theirs});
	close(theirs);
	self->channel = channel_new(ours, LINK_MONITOR_ROLE, SIDE_A);
	if (pid < 0)
		return SHOJI_ERR_SYSTEM;
	if (!self->channel || children_add(session->context->children, pid, on_child_exit, self)) {
		kill(pid, SIGKILL);
		return SHOJI_ERR_MEMORY;
	}
	self->pid = pid;
	return channel_watch(self->channel, session->context->loop, on_message, on_close, self);
}

struct worker_fds {
	int rfb, text; /* doors of the isolated host */
	int pixels_writer;
	int pixels_reader;
	int capture_end;
	int encode_end;
};

/* What one session gets of the line at most; UINT32_MAX: there is no cap. */
static uint32_t kbit_s_max(const struct config *config)
{
	uint64_t each = config->sessions.kbit_s_each_max, all = config->sessions.kbit_s_all_max;
	uint64_t least = each < all ? each : all;

	return least < UINT32_MAX ? (uint32_t)least : UINT32_MAX;
}

static int start_both(struct session *self, const struct worker_fds *fds)
{
	const struct config *config = self->context->config;
	struct worker *capture = &self->workers[WORKER_CAPTURE];
	struct worker *encode = &self->workers[WORKER_ENCODE];
	uint16_t width_max = (uint16_t)config->profile.width_max;
	uint16_t height_max = (uint16_t)config->profile.height_max;
	int error = spawn_worker(encode);

	if (!error)
		error = CHANNEL_SEND(encode->channel, setup_encode, .lease_id = self->lease_id,
		        .is_marked = config->profile.watermark, .kbit_s_max = kbit_s_max(config),
		        .scale = self->scale ? self->scale : SCREEN_SCALE_ONE,
		        .width_max = width_max, .height_max = height_max,
		        .has_video = config->profile.video, .pixels = fds->pixels_reader,
		        .capture = fds->encode_end);
	if (!error)
		error = spawn_worker(capture);
	if (!error)
		error = CHANNEL_SEND(capture->channel, setup_capture, .lease_id = self->lease_id,
		        .width_max = width_max, .height_max = height_max,
		        .has_jis_keyboard = strcmp(config->profile.keyboard, "jp") == 0,
		        .rfb = fds->rfb, .pixels = fds->pixels_writer, .encode = fds->capture_end,
		        .text = fds->text);
	return error;
}

int session_workers_start(struct session *self, int rfb, int text)
{
	struct worker_fds fds = {rfb, text, -1, -1, -1, -1};
	int error = make_pixels(self, &fds.pixels_writer, &fds.pixels_reader);

	if (!error)
		error = channel_pair(&fds.capture_end, &fds.encode_end);
	if (!error)
		error = start_both(self, &fds);
	/* Closed: a worker has ended already, and its exit status says why. */
	if (error == SHOJI_ERR_CLOSED)
		error = 0;
	close(rfb);
	close(text);
	if (fds.pixels_writer >= 0)
		close(fds.pixels_writer);
	if (fds.pixels_reader >= 0)
		close(fds.pixels_reader);
	if (fds.capture_end >= 0)
		close(fds.capture_end);
	if (fds.encode_end >= 0)
		close(fds.encode_end);
	return error;
}

void session_workers_give_text(struct session *self, int text)
{
	struct worker *capture = &self->workers[WORKER_CAPTURE];

	if (capture->is_ready && capture->channel)
		CHANNEL_SEND(capture->channel, text_peer, .text = text);
}

/* ---- joined to gate ---- */

struct join_ends {
	int stream_gate[VIEWERS_MAX], stream_encode[VIEWERS_MAX];
	int input_gate, input_capture;
};

static int send_join(struct session *self, const struct join_ends *ends)
{
	int error = 0;

	for (uint8_t i = 0; i < VIEWERS_MAX && !error; i++)
		error = CHANNEL_SEND(self->workers[WORKER_ENCODE].channel, stream_peer, .seat = i,
		        .peer = ends->stream_encode[i]);
	if (!error)
		error = CHANNEL_SEND(self->workers[WORKER_CAPTURE].channel, input_peer,
		        .peer = ends->input_capture);
	/* gate may have gone just now: its successor is joined again. */
	if (!error)
		ROLES_SEND(self->context->roles, ROLE_GATE, session_join,
		        .lease_id = self->lease_id, .stream = ends->stream_gate[SEAT_PERSON],
		        .input = ends->input_gate, .onlooker = ends->stream_gate[SEAT_ONLOOKER]);
	return error;
}

static void close_ends(struct join_ends *ends)
{
	int *fds = (int *)(void *)ends;

	for (size_t i = 0; i < sizeof(*ends) / sizeof(int); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int make_ends(struct join_ends *ends)
{
	int error = channel_pair(&ends->input_gate, &ends->input_capture);

	for (int i = 0; i < VIEWERS_MAX && !error; i++)
		error = channel_pair(&ends->stream_gate[i], &ends->stream_encode[i]);
	return error;
}

void session_workers_join_gate(struct session *self)
{
	struct join_ends ends = {{-1, -1}, {-1, -1}, -1, -1};
	int error;

	if (!roles_is_ready(self->context->roles, ROLE_GATE) ||
	        !self->workers[WORKER_ENCODE].channel || !self->workers[WORKER_CAPTURE].channel)
		return;
	error = make_ends(&ends);
	if (!error)
		error = send_join(self, &ends);
	close_ends(&ends);
	/* Closed: the worker has ended, and its exit status, which is on its way, says why. */
	if (error && error != SHOJI_ERR_CLOSED)
		session_end(self, END_ENCODE_FAILED, "capture or encode takes no more messages");
}

/* ---- ending ---- */

uint64_t session_workers_due_ms(const struct session *self)
{
	uint64_t due_ms = is_share_due(self) ? 0 : UINT64_MAX;

	for (int kind = 0; kind < N_WORKERS; kind++) {
		const struct worker *worker = &self->workers[kind];
		uint64_t kill_ms = worker->closed_ms + CLOSED_MAX_MS + 1;
		if (worker->pid && worker->closed_ms && kill_ms < due_ms)
			due_ms = kill_ms;
	}
	return due_ms;
}

void session_workers_tick(struct session *self, uint64_t now_ms)
{
	share_video(self);
	for (int kind = 0; kind < N_WORKERS; kind++) {
		const struct worker *worker = &self->workers[kind];
		if (worker->pid && worker->closed_ms && now_ms - worker->closed_ms > CLOSED_MAX_MS)
			kill(worker->pid, SIGKILL);
	}
}

void session_workers_kill(struct session *self)
{
	set_film_playing(self, false);
	for (int kind = 0; kind < N_WORKERS; kind++) {
		struct worker *worker = &self->workers[kind];
		channel_free(worker->channel);
		worker->channel = NULL;
		if (worker->pid)
			kill(worker->pid, SIGKILL);
	}
}

bool session_workers_are_gone(const struct session *self)
{
	return !self->workers[WORKER_CAPTURE].pid && !self->workers[WORKER_ENCODE].pid;
}

void session_workers_finish(struct session *self)
{
	session_workers_kill(self);
	for (int kind = 0; kind < N_WORKERS; kind++)
		if (self->workers[kind].pid)
			children_forget(self->context->children, self->workers[kind].pid);
}
