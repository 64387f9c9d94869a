/* Forks the real roles and speaks their messages. */
#include "keeper_stage.h"

#include "base/error.h"
#include "base/loop.h"
#include "base/role.h"
#include "hash/hash.h"
#include "keeper/keeper.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEEPER_UID 60992
#define HASH_UID 60993
#define MEMORY_KIB 8192

void stage_init(struct stage *self)
{
	*self = (struct stage){.config = "", .control_listener = -1, .keeper = -1, .hash = -1};
	strcpy(self->folder, "/tmp/shoji-keeper-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(self->folder));
	ck_assert_int_eq(chmod(self->folder, 0711), 0);
}

static char *path_in(const struct stage *self, const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", self->folder, name);
	return path;
}

static int make_listener(const struct stage *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", self->folder);
	unlink(address.sun_path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	return fd;
}

/* As monitor's spawn: descriptors 0 to 2 and the channel on 3, all others closed. */
static pid_t fork_role(int fd, role_run_fn run, const struct role_start *start, uint64_t file_bytes)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	dup2(fd, ROLE_CHANNEL_FD);
	close_range(ROLE_CHANNEL_FD + 1, ~0u, 0);
	if (file_bytes) {
		struct rlimit limit = {file_bytes, file_bytes};
		setrlimit(RLIMIT_FSIZE, &limit);
	}
	/* _exit: LeakSanitizer's checker needs calls that no role may make. */
	_exit(run(start));
}

static struct channel *take(int fd, enum message_link link)
{
	struct channel *channel = channel_new(fd, link, SIDE_A);

	ck_assert_ptr_nonnull(channel);
	return channel;
}

static bool wait_readable(struct channel *channel, int timeout_ms)
{
	struct pollfd ready = {.fd = channel_fd(channel), .events = POLLIN};

	return poll(&ready, 1, timeout_ms) > 0;
}

void stage_receive(struct channel *channel, struct message *in, uint16_t number)
{
	*in = (struct message){0};
	ck_assert_msg(wait_readable(channel, STAGE_WAIT_MS), "no message %u came", number);
	int result = channel_receive(channel, in);
	ck_assert_msg(result == 1, "no message %u but error %d", number, result);
	ck_assert_uint_eq(in->number, number);
}

bool stage_is_silent(struct channel *channel, int for_ms)
{
	return !wait_readable(channel, for_ms);
}

static void wait_ready(struct channel *channel)
{
	struct message in;

	stage_receive(channel, &in, MESSAGE_READY);
	channel_set_phase(channel, PHASE_READY);
}

void stage_start_hash(struct stage *self)
{
	struct role_start start = {.name = "hash"};
	int ours, theirs, keeper_end, hash_end;

	if (self->is_confined)
		start.identity = (struct sandbox_identity){
		        .uid = HASH_UID, .gid = HASH_UID, .root = "/var/empty"};
	mkdir("/var/empty", 0555);
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	ck_assert_int_eq(channel_pair(&keeper_end, &hash_end), 0);
	self->hash = fork_role(theirs, hash_run, &start, 0);
	channel_free(self->hash_monitor);
	self->hash_monitor = take(ours, LINK_MONITOR_ROLE);
	ck_assert_int_eq(
	        CHANNEL_SEND(self->hash_monitor, setup_hash, .memory_kib = MEMORY_KIB,
	                .passes = self->hash_passes ? self->hash_passes : 1, .keeper = hash_end),
	        0);
	close(hash_end);
	wait_ready(self->hash_monitor);
	ck_assert_int_eq(CHANNEL_SEND(self->monitor, hash_worker, .worker = keeper_end), 0);
	close(keeper_end);
}

static size_t write_config(const struct stage *self, char *text, size_t size)
{
	int length = snprintf(text, size,
	        "broker:\n  data_folder: %s/data\npeople:\n  lockout_failures: 3\n  lockout_s: "
	        "2\n%s",
	        self->folder, self->config);

	ck_assert_int_lt(length, (int)size);
	return (size_t)length;
}

static void make_data_folder(struct stage *self)
{
	mkdir(path_in(self, "data"), 0700);
	if (self->is_confined)
		ck_assert_int_eq(chown(path_in(self, "data"), KEEPER_UID, KEEPER_UID), 0);
}

bool stage_start(struct stage *self)
{
	struct role_start start = {.name = "keeper"};
	char text[4096], root[96];
	int ours, theirs, gate, gate_theirs, egress, egress_theirs;
	struct message in;

	make_data_folder(self);
	snprintf(root, sizeof(root), "%s/data", self->folder);
	if (self->is_confined)
		start.identity = (struct sandbox_identity){
		        .uid = KEEPER_UID, .gid = KEEPER_UID, .root = root};
	self->control_listener = make_listener(self);
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	ck_assert_int_eq(channel_pair(&gate, &gate_theirs), 0);
	ck_assert_int_eq(channel_pair(&egress, &egress_theirs), 0);
	self->keeper = fork_role(theirs, keeper_run, &start, self->file_bytes_max);
	self->monitor = take(ours, LINK_MONITOR_ROLE);
	self->gate = take(gate, LINK_GATE_KEEPER);
	self->egress = take(egress, LINK_EGRESS_KEEPER);
	channel_set_phase(self->gate, PHASE_READY);
	channel_set_phase(self->egress, PHASE_READY);
	ck_assert_int_eq(CHANNEL_SEND(self->monitor, setup_keeper, .config = (const uint8_t *)text,
	                         .config_length = (uint32_t)write_config(self, text, sizeof(text)),
	                         .gate = gate_theirs, .egress = egress_theirs,
	                         .control_listener = self->control_listener),
	        0);
	close(gate_theirs);
	close(egress_theirs);
	ck_assert(wait_readable(self->monitor, STAGE_WAIT_MS));
	if (channel_receive(self->monitor, &in) != 1)
		return false;
	ck_assert_uint_eq(in.number, MESSAGE_READY);
	channel_set_phase(self->monitor, PHASE_READY);
	stage_start_hash(self);
	return true;
}

static void close_channels(struct stage *self)
{
	channel_free(self->monitor);
	channel_free(self->gate);
	channel_free(self->egress);
	self->monitor = self->gate = self->egress = NULL;
	if (self->control_listener >= 0)
		close(self->control_listener);
	self->control_listener = -1;
}

static int wait_for(pid_t *pid)
{
	int status = 0;

	if (*pid <= 0)
		return 0;
	ck_assert_int_eq(waitpid(*pid, &status, 0), *pid);
	*pid = -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void end_hash(struct stage *self)
{
	channel_free(self->hash_monitor);
	self->hash_monitor = NULL;
	ck_assert_int_eq(wait_for(&self->hash), 0);
}

int stage_stop(struct stage *self)
{
	close_channels(self);
	int status = wait_for(&self->keeper);
	end_hash(self);
	return status;
}

void stage_kill(struct stage *self)
{
	/* Never kill(-1): that is everybody. */
	ck_assert_int_gt(self->keeper, 0);
	ck_assert_int_eq(kill(self->keeper, SIGKILL), 0);
	wait_for(&self->keeper);
	close_channels(self);
	end_hash(self);
}

void stage_finish(struct stage *self)
{
	char command[128];

	if (self->keeper > 0)
		ck_assert_int_eq(stage_stop(self), 0);
	snprintf(command, sizeof(command), "rm -rf %s", self->folder);
	ck_assert_int_eq(system(command), 0);
}

/* ---- gate ---- */

struct message_sign_in_result stage_sign_in(
        struct stage *self, const char *person, const char *password)
{
	struct message_sign_in question = {.request = ++self->last_request,
	        .address = "10.1.2.3",
	        .width = 1280,
	        .height = 800,
	        .scale = 96};
	struct message_sign_in_result result;
	struct message in;

	snprintf(question.person, sizeof(question.person), "%s", person);
	snprintf(question.password, sizeof(question.password), "%s", password);
	ck_assert_int_eq(CHANNEL_SEND_VALUE(self->gate, sign_in, &question), 0);
	stage_receive(self->gate, &in, MESSAGE_SIGN_IN_RESULT);
	ck_assert_int_eq(message_get_sign_in_result(&in, &result), 0);
	ck_assert_uint_eq(result.request, question.request);
	return result;
}

struct message_attach_result stage_attach(struct stage *self, const char *cookie, const char *token)
{
	struct message_attach question = {.request = ++self->last_request, .address = "10.1.2.3"};
	struct message_attach_result result;
	struct message in;

	snprintf(question.cookie, sizeof(question.cookie), "%s", cookie);
	snprintf(question.attach_token, sizeof(question.attach_token), "%s", token);
	ck_assert_int_eq(CHANNEL_SEND_VALUE(self->gate, attach, &question), 0);
	stage_receive(self->gate, &in, MESSAGE_ATTACH_RESULT);
	ck_assert_int_eq(message_get_attach_result(&in, &result), 0);
	ck_assert_uint_eq(result.request, question.request);
	return result;
}

/* ---- monitor ---- */

void stage_started(struct stage *self, uint64_t lease_id, bool is_adopted)
{
	ck_assert_int_eq(CHANNEL_SEND(self->monitor, session_started, .lease_id = lease_id,
	                         .adopted = is_adopted),
	        0);
}

void stage_ended(struct stage *self, uint64_t lease_id, enum end_reason reason)
{
	ck_assert_int_eq(CHANNEL_SEND(self->monitor, session_ended, .lease_id = lease_id,
	                         .reason = (uint8_t)reason, .detail = "as the test wished"),
	        0);
}

struct message_sign_in_result stage_session(struct stage *self, const char *person)
{
	char password[128];
	struct message_start_session start;
	struct message in;

	snprintf(password, sizeof(password), "password of %s", person);
	struct message_sign_in_result result = stage_sign_in(self, person, password);
	ck_assert_uint_eq(result.outcome, SIGN_IN_ACCEPTED);
	stage_receive(self->monitor, &in, MESSAGE_START_SESSION);
	ck_assert_int_eq(message_get_start_session(&in, &start), 0);
	ck_assert(start.lease_id == result.lease_id);
	stage_started(self, start.lease_id, false);
	return result;
}

/* ---- shojictl ---- */

int stage_connect(struct stage *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", self->folder);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

json_t *stage_control(struct stage *self, json_t *request)
{
	struct channel *channel = take(stage_connect(self), LINK_CONTROL_KEEPER);
	json_t *items = json_array();
	json_t *last = NULL;

	channel_set_phase(channel, PHASE_READY);
	json_object_set_new(request, "version", json_integer(1));
	char *text = json_dumps(request, 0);
	json_decref(request);
	ck_assert_int_eq(CHANNEL_SEND(channel, control_request, .json = (const uint8_t *)text,
	                         .json_length = (uint32_t)strlen(text)),
	        0);
	free(text);
	while (!last) {
		struct message_control_reply reply;
		struct message in;
		stage_receive(channel, &in, MESSAGE_CONTROL_REPLY);
		ck_assert_int_eq(message_get_control_reply(&in, &reply), 0);
		json_t *value = json_loadb((const char *)reply.json, reply.json_length, 0, NULL);
		ck_assert_ptr_nonnull(value);
		if (json_object_get(value, "items"))
			json_array_extend(items, json_object_get(value, "items"));
		if (reply.is_last)
			last = value;
		else
			json_decref(value);
	}
	json_object_set_new(last, "items", items);
	channel_free(channel);
	return last;
}

void stage_add_person(struct stage *self, const char *id)
{
	char password[128];

	snprintf(password, sizeof(password), "password of %s", id);
	json_t *reply =
	        stage_control(self, json_pack("{s:s, s:s, s:s, s:s}", "command", "people add", "id",
	                                    id, "password", password, "name", "田中 花子"));
	ck_assert_msg(json_is_true(json_object_get(reply, "ok")), "%s",
	        json_string_value(json_object_get(reply, "what")));
	json_decref(reply);
}

bool stage_audit_is_good(struct stage *self)
{
	json_t *reply = stage_control(self, json_pack("{s:s}", "command", "audit verify"));

	ck_assert(json_is_true(json_object_get(reply, "ok")));
	bool is_good = json_is_true(json_object_get(json_object_get(reply, "data"), "good"));
	json_decref(reply);
	return is_good;
}

/* ---- the log ---- */

static void collect_records(const char *path, const char *event, json_t *found)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	ck_assert_ptr_nonnull(file);
	while (getline(&line, &size, file) > 0) {
		json_t *record = json_loads(line, 0, NULL);
		const char *name = json_string_value(json_object_get(record, "event"));
		if (name && strcmp(name, event) == 0)
			json_array_append(found, record);
		json_decref(record);
	}
	free(line);
	fclose(file);
}

json_t *stage_records(struct stage *self, const char *event)
{
	struct dirent **entries;
	json_t *found = json_array();
	char folder[128], path[512];

	snprintf(folder, sizeof(folder), "%s/data/audit", self->folder);
	int n = scandir(folder, &entries, NULL, alphasort);
	ck_assert_int_ge(n, 0);
	for (int i = 0; i < n; i++) {
		size_t length = strlen(entries[i]->d_name);
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (length > 6 && strcmp(entries[i]->d_name + length - 6, ".jsonl") == 0)
			collect_records(path, event, found);
		free(entries[i]);
	}
	free(entries);
	return found;
}

void stage_open(struct stage *self, int n_held)
{
	struct message in;

	ck_assert(stage_start(self));
	for (int i = 0; i < n_held; i++)
		stage_receive(self->monitor, &in, MESSAGE_LEASE_HELD);
	stage_receive(self->monitor, &in, MESSAGE_LEASES_TOLD);
}

void stage_settle(struct stage *self)
{
	/* It changes nothing, and is answered after its commit, which holds everything before it. */
	ck_assert(stage_control_ok(self, "people unlock", "hanako"));
}

void stage_crash(struct stage *self, int n_held)
{
	stage_settle(self);
	stage_kill(self);
	stage_open(self, n_held);
}

void stage_begin(struct stage *self, const char *config)
{
	stage_init(self);
	self->config = config;
	stage_open(self, 0);
	stage_add_person(self, "hanako");
	stage_add_person(self, "taro");
}

void stage_begin_session(struct stage *self)
{
	stage_begin(self, "");
	struct message_sign_in_result result = stage_session(self, "hanako");
	ck_assert_uint_eq(
	        stage_attach(self, result.cookie, result.attach_token).outcome, ATTACH_ACCEPTED);
}

size_t stage_count(struct stage *self, const char *event)
{
	json_t *records = stage_records(self, event);
	size_t count = json_array_size(records);

	json_decref(records);
	return count;
}

json_t *stage_only_record(struct stage *self, const char *event)
{
	json_t *records = stage_records(self, event);

	ck_assert_uint_eq(json_array_size(records), 1);
	json_t *record = json_incref(json_array_get(records, 0));
	json_decref(records);
	return record;
}

uint64_t stage_receive_stop(struct stage *self, enum end_reason reason)
{
	struct message_stop_session stop;
	struct message in;

	stage_receive(self->monitor, &in, MESSAGE_STOP_SESSION);
	ck_assert_int_eq(message_get_stop_session(&in, &stop), 0);
	ck_assert_uint_eq(stop.reason, reason);
	return stop.lease_id;
}

uint64_t stage_receive_end(struct stage *self, enum end_reason reason)
{
	struct message_end_viewer end;
	struct message in;

	stage_receive(self->gate, &in, MESSAGE_END_VIEWER);
	ck_assert_int_eq(message_get_end_viewer(&in, &end), 0);
	ck_assert_uint_eq(end.reason, reason);
	return end.lease_id;
}

bool stage_control_ok(struct stage *self, const char *command, const char *id)
{
	json_t *reply = stage_control(self, json_pack("{s:s, s:s}", "command", command, "id", id));
	bool is_ok = json_is_true(json_object_get(reply, "ok"));

	json_decref(reply);
	return is_ok;
}

json_t *stage_find_session(struct stage *self, const char *person)
{
	json_t *reply = stage_control(self, json_pack("{s:s}", "command", "sessions"));
	json_t *item, *found = NULL;
	size_t i;

	json_array_foreach(json_object_get(reply, "items"), i, item)
	{
		if (strcmp(json_string_value(json_object_get(item, "person")), person) == 0)
			found = item;
	}
	json_incref(found);
	json_decref(reply);
	return found;
}

void stage_check_state(struct stage *self, const char *person, const char *state)
{
	/* The message before may still be on its way. */
	for (int waited_ms = 0; waited_ms < STAGE_WAIT_MS; waited_ms += 20) {
		json_t *item = stage_find_session(self, person);
		const char *is = json_string_value(json_object_get(item, "state"));
		bool is_so = is && strcmp(is, state) == 0;
		json_decref(item);
		if (is_so)
			return;
		usleep(20 * 1000);
	}
	ck_abort_msg("%s is not %s", person, state);
}

int stage_cut_gate(struct stage *self)
{
	int ours, theirs;

	channel_free(self->gate);
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	self->gate = channel_new(ours, LINK_GATE_KEEPER, SIDE_A);
	channel_set_phase(self->gate, PHASE_READY);
	return theirs;
}

void stage_hand_gate(struct stage *self, int theirs, bool is_same)
{
	ck_assert_int_eq(
	        CHANNEL_SEND(self->monitor, gate_peer, .peer = theirs, .is_same = is_same), 0);
	close(theirs);
}
