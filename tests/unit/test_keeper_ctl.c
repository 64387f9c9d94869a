/* The real shojictl against the real keeper: what it prints, its exit status, what it refuses. */
#include "base/error.h"
#include "keeper_ctl_run.h"
#include "keeper_stage.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stage stage;

static void begin(void)
{
	stage_init(&stage);
	stage_open(&stage, 0);
}

START_TEST(usage)
{
	begin();
	ck_assert_int_eq(ctl(&stage, ""), 2);
	ck_assert_int_eq(ctl(&stage, "frobnicate"), 2);
	ck_assert_int_eq(ctl(&stage, "end"), 2);
	ck_assert_int_eq(ctl(&stage, "end a b"), 2);
	ck_assert_int_eq(ctl(&stage, "people"), 2);
	ck_assert_int_eq(ctl(&stage, "status --nonsense"), 2);
	ck_assert_int_eq(ctl(&stage, "audit tail -n 0"), 2);
	ck_assert_int_eq(ctl(&stage, "audit tail -n 1x"), 2);
	ck_assert_int_eq(ctl(&stage, "--lang fr status"), 2);
	ck_assert_int_eq(ctl(&stage, "people add x --generate --password-stdin"), 2);
	/* No terminal: nothing hangs. */
	ck_assert_int_eq(ctl(&stage, "people add x"), 2);
	ck_assert(ctl_complains("--password-stdin"));
	ck_assert_int_eq(ctl(&stage, "--help"), 0);
	ck_assert(ctl_says("people add ID"));
	ck_assert_int_eq(ctl(&stage, "--lang ja --help"), 0);
	ck_assert(ctl_says("監査ログ"));
	ck_assert_int_eq(ctl(&stage, "--version"), 0);
	stage_finish(&stage);
}
END_TEST

START_TEST(unreachable)
{
	stage_init(&stage);
	ck_assert_int_eq(ctl(&stage, "status"), 3);
	ck_assert(ctl_complains("cannot reach the broker"));
	ck_assert(ctl_complains("--socket"));
	stage_finish(&stage);
}
END_TEST

START_TEST(people)
{
	begin();
	ck_assert_int_eq(ctl(&stage, "people list"), 0);
	ck_assert(ctl_says("No people"));
	ck_assert_int_eq(ctl(&stage, "--json people list"), 0);
	ck_assert_str_eq(ctl_output, "[]\n");
	ck_assert_int_eq(ctl_with(&stage, "a long password\\n",
	                         "people add Hanako --name 田中花子 --password-stdin"),
	        0);
	ck_assert(ctl_says("Added hanako."));
	ck_assert_uint_eq(
	        stage_sign_in(&stage, "hanako", "a long password").outcome, SIGN_IN_ACCEPTED);
	ck_assert_int_eq(
	        ctl_with(&stage, "a long password\\n", "people add hanako --password-stdin"), 1);
	ck_assert(ctl_complains("exists already"));
	ck_assert_int_eq(ctl_with(&stage, "short\\n", "people add jiro --password-stdin"), 1);
	ck_assert(ctl_complains("10 characters"));
	ck_assert_int_eq(ctl_with(&stage, "", "people add jiro --password-stdin"), 1);
	ck_assert_int_eq(
	        ctl_with(&stage, "a long password\\n", "people add 'a b' --password-stdin"), 1);
	ck_assert(ctl_complains("a-z 0-9"));
	ck_assert_int_eq(
	        ctl_with(&stage, "a long password\\n", "people passwd nobody --password-stdin"), 4);
	ck_assert_int_eq(ctl(&stage, "people lock nobody"), 4);
	ck_assert_int_eq(ctl(&stage, "--json people lock nobody"), 4);
	json_t *failure = ctl_parsed();
	ck_assert_str_eq(json_string_value(json_object_get(failure, "error")), "not_found");
	json_decref(failure);
	ck_assert_int_eq(ctl(&stage, "people lock hanako"), 0);
	ck_assert_int_eq(ctl(&stage, "people list"), 0);
	ck_assert(ctl_says("hanako") && ctl_says("locked") && ctl_says("田中花子"));
	ck_assert_int_eq(ctl(&stage, "people unlock hanako"), 0);
	stage_finish(&stage);
}
END_TEST

START_TEST(generated_passwords)
{
	char password[64];

	begin();
	ck_assert_int_eq(ctl(&stage, "--json people add demo --name 'デモ 利用者' --generate"), 0);
	json_t *reply = ctl_parsed();
	snprintf(password, sizeof(password), "%s",
	        json_string_value(json_object_get(reply, "password")));
	json_decref(reply);
	ck_assert_uint_eq(strlen(password), 23);
	ck_assert_uint_eq(stage_sign_in(&stage, "demo", password).outcome, SIGN_IN_ACCEPTED);
	ck_assert_int_eq(ctl(&stage, "people passwd demo --generate"), 0);
	ck_assert(ctl_says("Password: "));
	ck_assert(!ctl_says(password));
	ck_assert_uint_eq(stage_sign_in(&stage, "demo", password).outcome, SIGN_IN_WRONG);
	stage_finish(&stage);
}
END_TEST

START_TEST(records_say_who_did_it)
{
	begin();
	ck_assert_int_eq(
	        ctl_with(&stage, "a long password\\n", "people add hanako --password-stdin"), 0);
	json_t *record = stage_only_record(&stage, "person_added");
	ck_assert_int_eq(json_integer_value(json_object_get(record, "by_uid")), getuid());
	ck_assert_str_eq(json_string_value(json_object_get(record, "person")), "hanako");
	json_decref(record);
	stage_finish(&stage);
}
END_TEST

START_TEST(sessions_and_end)
{
	char arguments[64];
	struct message in;

	begin();
	stage_add_person(&stage, "hanako");
	ck_assert_int_eq(ctl(&stage, "sessions"), 0);
	ck_assert(ctl_says("No sessions"));
	ck_assert_int_eq(ctl(&stage, "end hanako"), 4);
	struct message_sign_in_result result = stage_session(&stage, "hanako");
	ck_assert_int_eq(ctl(&stage, "--json sessions"), 0);
	json_t *items = ctl_parsed();
	ck_assert_uint_eq(json_array_size(items), 1);
	char id[20];
	snprintf(id, sizeof(id), "s-%016llx", (unsigned long long)result.lease_id);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(items, 0), "id")), id);
	json_decref(items);
	ck_assert_int_eq(ctl(&stage, "sessions"), 0);
	ck_assert(ctl_says(id) && ctl_says("1280x800") && ctl_says("10.1.2.3"));
	ck_assert_int_eq(ctl(&stage, "--lang ja sessions"), 0);
	ck_assert(ctl_says("接続待ち"));
	ck_assert_int_eq(ctl(&stage, "end s-"), 4);
	ck_assert_int_eq(ctl(&stage, "end s-zz"), 4);
	snprintf(arguments, sizeof(arguments), "end %.6s", id);
	ck_assert_int_eq(ctl(&stage, arguments), 0);
	stage_receive(stage.monitor, &in, MESSAGE_STOP_SESSION);
	ck_assert_int_eq(ctl(&stage, "end hanako"), 4);
	stage_finish(&stage);
}
END_TEST

START_TEST(status)
{
	begin();
	ck_assert_int_eq(CHANNEL_SEND(stage.monitor, broker_status, .full_isolation = true,
	                         .limits = "cgroup2", .version = "1.2.3"),
	        0);
	usleep(100 * 1000);
	ck_assert_int_eq(ctl(&stage, "status"), 0);
	ck_assert(ctl_says("1.2.3") && ctl_says("cgroup2") && ctl_says("full"));
	ck_assert(ctl_says("a session none, all together none"));
	ck_assert_int_eq(ctl(&stage, "--json status"), 0);
	json_t *value = ctl_parsed();
	ck_assert(json_is_true(json_object_get(json_object_get(value, "audit"), "writable")));
	ck_assert(json_is_true(json_object_get(value, "gate")));
	ck_assert_int_eq(json_integer_value(json_object_get(value, "hash_workers")), 1);
	const json_t *sessions = json_object_get(value, "sessions");
	ck_assert(json_is_null(json_object_get(sessions, "kbit_s_each_max")));
	ck_assert(json_is_null(json_object_get(sessions, "kbit_s_all_max")));
	json_decref(value);
	stage_finish(&stage);
}
END_TEST

/* ---- screenshot ---- */

static void answer_snapshot(bool is_taken)
{
	struct message_take_snapshot question;
	struct message in;
	int pixels = memfd_create("pixels", MFD_CLOEXEC);
	const uint8_t row[4 * 4] = {1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0};

	stage_receive(stage.monitor, &in, MESSAGE_TAKE_SNAPSHOT);
	ck_assert_int_eq(message_get_take_snapshot(&in, &question), 0);
	ck_assert_int_eq(write(pixels, row, sizeof(row)), sizeof(row));
	ck_assert_int_eq(write(pixels, row, sizeof(row)), sizeof(row));
	ck_assert_int_eq(CHANNEL_SEND(stage.monitor, snapshot_taken, .request = question.request,
	                         .is_taken = is_taken, .width = 3, .height = 2, .stride_bytes = 16,
	                         .pixels = pixels),
	        0);
	close(pixels);
}

START_TEST(screenshot)
{
	char arguments[160], path[128];
	struct message_notify_viewer notice;
	struct message in;
	struct stat status_of_file;

	stage_begin_session(&stage);
	snprintf(path, sizeof(path), "%s/shot.png", stage.folder);
	snprintf(arguments, sizeof(arguments), "screenshot hanako %s", path);
	FILE *pipe = ctl_start(&stage, "", arguments);
	answer_snapshot(true);
	ck_assert_int_eq(ctl_finish(&stage, pipe), 0);
	ck_assert_int_eq(stat(path, &status_of_file), 0);
	ck_assert_uint_eq(status_of_file.st_mode & 07777, 0600);
	/* The person is told, and it is recorded. */
	stage_receive(stage.gate, &in, MESSAGE_NOTIFY_VIEWER);
	ck_assert_int_eq(message_get_notify_viewer(&in, &notice), 0);
	ck_assert_uint_eq(notice.notice, NOTICE_SCREENSHOT);
	ck_assert_str_ne(notice.text, "");
	ck_assert_uint_eq(stage_count(&stage, "screenshot"), 1);
	/* PNG: 3x2, 8 bits, colour type 2. */
	FILE *file = fopen(path, "rb");
	unsigned char head[26];
	ck_assert_uint_eq(fread(head, 1, sizeof(head), file), sizeof(head));
	fclose(file);
	ck_assert_mem_eq(head, "\x89PNG\r\n\x1a\n", 8);
	ck_assert_uint_eq(head[19], 3);
	ck_assert_uint_eq(head[23], 2);
	ck_assert_uint_eq(head[25], 2);
	/* An existing file stays as it is, and no picture is taken. */
	ck_assert_int_eq(ctl(&stage, arguments), 1);
	ck_assert(ctl_complains("not overwritten"));
	ck_assert(stage_is_silent(stage.monitor, 50));
	stage_finish(&stage);
}
END_TEST

START_TEST(screenshot_that_fails_leaves_no_file)
{
	char arguments[160], path[128];

	stage_begin_session(&stage);
	snprintf(path, sizeof(path), "%s/shot.png", stage.folder);
	snprintf(arguments, sizeof(arguments), "screenshot hanako %s", path);
	FILE *pipe = ctl_start(&stage, "", arguments);
	answer_snapshot(false);
	ck_assert_int_eq(ctl_finish(&stage, pipe), 1);
	ck_assert_int_ne(access(path, F_OK), 0);
	snprintf(arguments, sizeof(arguments), "screenshot nobody %s", path);
	ck_assert_int_eq(ctl(&stage, arguments), 4);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_uint_eq(stage_count(&stage, "screenshot"), 0);
	stage_finish(&stage);
}
END_TEST

/* ---- audit ---- */

START_TEST(audit)
{
	char command[256];

	begin();
	stage_add_person(&stage, "hanako");
	stage_add_person(&stage, "jiro");
	stage_session(&stage, "hanako");
	ck_assert_int_eq(ctl(&stage, "audit verify"), 0);
	ck_assert(ctl_says("whole"));
	ck_assert_int_eq(ctl(&stage, "audit tail -n 3"), 0);
	ck_assert(ctl_says("hanako"));
	ck_assert_int_eq(ctl(&stage, "--json audit tail -n 1000"), 0);
	json_t *items = ctl_parsed();
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(items, 0), "event")),
	        "broker_start");
	for (size_t i = 0; i < json_array_size(items); i++)
		ck_assert_int_eq(
		        json_integer_value(json_object_get(json_array_get(items, i), "number")),
		        i + 1);
	json_decref(items);
	snprintf(command, sizeof(command), "sed -i '2s/hanako/hanaka/' %s/data/audit/*.jsonl",
	        stage.folder);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(ctl(&stage, "audit verify"), 5);
	ck_assert(ctl_says("line 2"));
	ck_assert_int_eq(ctl(&stage, "--json audit verify"), 5);
	json_t *verdict = ctl_parsed();
	ck_assert_int_eq(json_integer_value(json_object_get(verdict, "line")), 2);
	json_decref(verdict);
	ck_assert_int_eq(ctl(&stage, "--lang ja audit verify"), 5);
	ck_assert(ctl_says("監査担当者"));
	stage_finish(&stage);
}
END_TEST

/* More than one reply and more than one queue holds. */
START_TEST(long_lists)
{
	begin();
	for (uint64_t i = 1; i <= 1500; i++) {
		struct message_destination message = {
		        .record = i, .method = "CONNECT", .port = 443};
		memset(message.host, 'h', 250);
		ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.egress, destination, &message), 0);
		channel_flush(stage.egress);
	}
	for (uint64_t last = 0; last < 1500;) {
		struct message_recorded recorded;
		struct message in;
		channel_flush(stage.egress);
		stage_receive(stage.egress, &in, MESSAGE_RECORDED);
		ck_assert_int_eq(message_get_recorded(&in, &recorded), 0);
		last = recorded.record;
	}
	ck_assert_int_eq(ctl(&stage, "audit tail -n 1000 --json"), 0);
	char path[128];
	snprintf(path, sizeof(path), "%s/out", stage.folder);
	json_t *items = json_load_file(path, 0, NULL);
	ck_assert_uint_eq(json_array_size(items), 1000);
	json_decref(items);
	stage_finish(&stage);
}
END_TEST

/* ---- the control socket itself ---- */

START_TEST(another_user_is_refused)
{
	char path[128];

	if (geteuid() != 0)
		return;
	begin();
	snprintf(path, sizeof(path), "%s/control.sock", stage.folder);
	ck_assert_int_eq(chmod(path, 0666), 0); /* even where the file lets everybody in */
	pid_t pid = fork();
	if (pid == 0) {
		if (setresuid(65534, 65534, 65534))
			_exit(99);
		int fd = stage_connect(&stage);
		/* At once, not when an idle connection is dropped. */
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		char byte;
		if (poll(&ready, 1, 3000) != 1)
			_exit(2);
		ssize_t n = recv(fd, &byte, 1, 0);
		_exit(n == 0 || (n < 0 && errno == ECONNRESET) ? 0 : 1);
	}
	int status_of_child;
	ck_assert_int_eq(waitpid(pid, &status_of_child, 0), pid);
	ck_assert_int_eq(status_of_child, 0);
	ck_assert_int_eq(ctl(&stage, "status"), 0);
	stage_finish(&stage);
}
END_TEST

static void check_refused(const char *text, const char *code)
{
	struct channel *channel = channel_new(stage_connect(&stage), LINK_CONTROL_KEEPER, SIDE_A);
	struct message_control_reply reply;
	struct message in;

	channel_set_phase(channel, PHASE_READY);
	ck_assert_int_eq(CHANNEL_SEND(channel, control_request, .json = (const uint8_t *)text,
	                         .json_length = (uint32_t)strlen(text)),
	        0);
	stage_receive(channel, &in, MESSAGE_CONTROL_REPLY);
	ck_assert_int_eq(message_get_control_reply(&in, &reply), 0);
	json_t *value = json_loadb((const char *)reply.json, reply.json_length, 0, NULL);
	ck_assert(json_is_false(json_object_get(value, "ok")));
	ck_assert_str_eq(json_string_value(json_object_get(value, "error")), code);
	json_decref(value);
	channel_free(channel);
}

START_TEST(bad_requests_are_refused)
{
	begin();
	check_refused("", "bad_request");
	check_refused("[]", "bad_request");
	check_refused("{\"version\":1}", "bad_request");
	check_refused("{\"version\":2,\"command\":\"status\"}", "version");
	check_refused("{\"version\":1,\"command\":\"nonsense\"}", "bad_request");
	check_refused("{\"version\":1,\"command\":7}", "bad_request");
	check_refused("{\"version\":1,\"command\":\"end\"}", "bad_request");
	check_refused(
	        "{\"version\":1,\"command\":\"end\",\"session\":\"a\\u001bb\"}", "bad_request");
	check_refused("{\"version\":1,\"command\":\"people add\",\"id\":\"x\"}", "bad_request");
	check_refused("{\"version\":1,\"command\":\"audit tail\",\"n\":1001}", "bad_request");
	check_refused("{\"version\":1,\"command\":\"audit tail\",\"n\":\"5\"}", "bad_request");
	ck_assert_int_eq(ctl(&stage, "status"), 0);
	stage_finish(&stage);
}
END_TEST

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return SUITE_RUN("keeper-ctl", usage, unreachable, people, generated_passwords,
	        records_say_who_did_it, sessions_and_end, status, screenshot,
	        screenshot_that_fails_leaves_no_file, audit, long_lists, another_user_is_refused,
	        bad_requests_are_refused);
}
