/* The folder, the broker and the journal of monitor's test. */
#include "unit/monitor_stage.h"

#include "base/config.h"
#include "base/loop.h"
#include "monitor/monitor.h"
#include "monitor/run_folder.h"
#include "unit/suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 20000

struct monitor_stage stage = {.sessions_offset = 10};

/* Far from the accounts of a real broker on this machine, and from those of this test in another
 * build: monitor kills what it finds under an account that it is about to use. */
static unsigned first_uid;

/* ---- the folder ---- */

const char *stage_path(const char *name)
{
	static char path[4][256];
	static unsigned at;
	char *out = path[at++ % 4];

	snprintf(out, 256, "%s/%s", stage.folder, name);
	return out;
}

void stage_put(const char *name, const char *format, ...)
{
	char temporary[300];
	va_list arguments;

	/* Appears at once: keeper looks for its orders at any time. */
	snprintf(temporary, sizeof(temporary), "%s.new", stage_path(name));
	FILE *file = fopen(temporary, "w");
	ck_assert_ptr_nonnull(file);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	fclose(file);
	ck_assert_int_eq(rename(temporary, stage_path(name)), 0);
}

char *stage_journal(void)
{
	static char text[1 << 20];
	FILE *file = fopen(stage_path("journal"), "r");

	ck_assert_ptr_nonnull(file);
	size_t length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

size_t stage_count(const char *line)
{
	size_t n = 0;

	for (const char *at = stage_journal(); (at = strstr(at, line)); at++)
		n++;
	return n;
}

/* Waits until the journal holds `line` n times. */
void stage_await_times(const char *line, size_t n)
{
	uint64_t end_ms = clock_now_ms() + DEADLINE_MS;

	while (stage_count(line) < n) {
		if (clock_now_ms() > end_ms)
			ck_abort_msg(
			        "not %zu times in the journal: %s\n%s", n, line, stage_journal());
		usleep(10000);
	}
}

void stage_await(const char *line)
{
	stage_await_times(line, 1);
}

/* The process of the last one of that role that began. */
pid_t stage_pid_of(const char *role)
{
	char begins[64];
	pid_t pid = 0;

	snprintf(begins, sizeof(begins), "%s: begins ", role);
	for (const char *at = stage_journal(); (at = strstr(at, begins)); at++)
		pid = atoi(at + strlen(begins));
	ck_assert_int_gt(pid, 0);
	return pid;
}

/* ---- the broker ---- */

static void write_config(struct config *config)
{
	char text[2048];
	char complaint[512];
	unsigned uid = first_uid;

	snprintf(text, sizeof(text),
	        "broker: {run_folder: %s/run, data_folder: %s/data, require_isolation: %s}\n"
	        "gate: {listen: '127.0.0.1:0', certificate: %s/file, key: %s/file}\n"
	        "sessions: {limits: watch, max: 4, start_deadline_s: 3, end_deadline_s: 2, "
	        "video_all_percent: 60}\n"
	        "accounts: {gate: %u, keeper: %u, hash: %u, egress: %u, sessions_first: %u}\n",
	        stage.folder, stage.folder, geteuid() == 0 ? "full" : "reduced", stage.folder,
	        stage.folder, uid, uid + 1, uid + 2, uid + 3, uid + stage.sessions_offset);
	int error = config_read(config, "test", text, strlen(text), complaint, sizeof(complaint));
	ck_assert_msg(!error, "%s", complaint);
}

static _Noreturn void run_broker(int out)
{
	struct config config;
	char log[256];

	write_config(&config);
	dup2(out, STDOUT_FILENO);
	snprintf(log, sizeof(log), "%s/log", stage.folder);
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
	close_range(3, ~0u, 0);
	int status = monitor_run(&config, stage_path("bin"));
	config_finish(&config);
	exit(status); /* with the sanitizer's look for leaks */
}

/* Returns whether it came to READY. */
bool stage_launch(void)
{
	char line[128] = "";
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	stage.broker = fork();
	if (stage.broker == 0)
		run_broker(fds[1]);
	close(fds[1]);
	struct pollfd readable = {.fd = fds[0], .events = POLLIN};
	ck_assert_int_eq(poll(&readable, 1, DEADLINE_MS), 1);
	ssize_t n = read(fds[0], line, sizeof(line) - 1);
	close(fds[0]);
	ck_assert(n == 0 || !strncmp(line, "READY https://127.0.0.1:", 24));
	return n > 0;
}

void stage_prepare(void)
{
	first_uid = 1000000 + (unsigned)(getpid() % 32768) * 40;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0,
	        0); /* a killed broker's children are ours to wait for */
	snprintf(stage.folder, sizeof(stage.folder), "/tmp/shoji-monitor-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(stage.folder));
	chmod(stage.folder, 0755);
	mkdir(stage_path("bin"), 0755);
	mkdir(stage_path("viewer"), 0755);
	stage_put("viewer/index.html", "<p>");
	stage_put("bin/policies.json", "{}");
	stage_put("file", "PEM");
	stage_put("journal", "%s", "");
	chmod(stage_path("journal"), 0666);
}

int stage_wait_for(pid_t pid)
{
	uint64_t end_ms = clock_now_ms() + DEADLINE_MS;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_now_ms() > end_ms) {
			kill(pid, SIGKILL);
			ck_abort_msg("process %d does not end", (int)pid);
		}
		usleep(10000);
	}
	return status;
}

/* Whatever the broker started is gone: nobody is left to wait for. */
void stage_check_no_process(void)
{
	uint64_t end_ms = clock_now_ms() + DEADLINE_MS;

	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		ck_assert_msg(clock_now_ms() < end_ms, "a process is left");
		usleep(10000);
	}
}

static const char *read_log(void)
{
	static char text[1 << 20];
	FILE *file = fopen(stage_path("log"), "r");

	size_t length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

bool stage_log_has(const char *words)
{
	return strstr(read_log(), words) != NULL;
}

void stage_check_log(void)
{
	const char *text = read_log();

	ck_assert_msg(!strstr(text, "Sanitizer") && !strstr(text, "runtime error") &&
	                      !strstr(text, "bug in Shoji"),
	        "%s", text);
}

void stage_stop_broker(void)
{
	kill(stage.broker, SIGTERM);
	int exit_status = stage_wait_for(stage.broker);
	stage_check_log();
	ck_assert_msg(WIFEXITED(exit_status) && WEXITSTATUS(exit_status) == 0, "%x", exit_status);
}

void stage_stop(void)
{
	struct stat status;

	stage_stop_broker();
	stage_check_no_process();
	ck_assert_msg(lstat(stage_path("run"), &status) < 0, "the run folder is left");
	ck_assert_int_eq(folder_remove(stage.folder, 4), 0);
}

void stage_begin(void)
{
	stage_prepare();
	ck_assert(stage_launch());
}

size_t stage_open_fds(void)
{
	char path[64];
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)stage.broker);
	DIR *fds = opendir(path);
	ck_assert_ptr_nonnull(fds);
	while (readdir(fds))
		n++;
	closedir(fds);
	return n;
}

void stage_check_alive(void)
{
	ck_assert_int_eq(waitpid(stage.broker, NULL, WNOHANG), 0);
}

void stage_start_session(int lease_id, int slot)
{
	char line[64];

	stage_put("keeper.orders", "start %x %d 1280 800\n", (unsigned)lease_id, slot);
	snprintf(line, sizeof(line), "keeper: started %x adopted 0", (unsigned)lease_id);
	stage_await(line);
}

void stage_await_ended(int lease_id, int reason)
{
	char line[64];

	snprintf(line, sizeof(line), "keeper: ended %x %d ", (unsigned)lease_id, reason);
	stage_await(line);
}

void stage_kill_broker(void)
{
	kill(stage.broker, SIGKILL);
	stage_wait_for(stage.broker);
}
