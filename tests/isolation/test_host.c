/* Monitor's side of a shepherd, as small as it can be. */
#include "isolation/test_host.h"

#include "base/error.h"
#include "base/guest.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/role.h"
#include "base/session.h"
#include "shepherd/shepherd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MS 20000
#define SHEPHERD_ARGUMENT "--role=shepherd"

bool test_host_is_shepherd(int argc, char *const argv[], int *status)
{
	struct role_start start = {.name = "shepherd"};

	if (argc != 2 || strcmp(argv[1], SHEPHERD_ARGUMENT))
		return false;
	*status = shepherd_run(&start);
	return true;
}

uid_t test_host_uid(int i)
{
	return (uid_t)(61900 + getpid() % 40 * 2 + i);
}

struct test_host_options test_host_options(void)
{
	return (struct test_host_options){.lease_id = 0x7e57000000000000u | (uint64_t)getpid(),
	        .lease_s = 60,
	        .width = 1280,
	        .height = 800,
	        .keyboard = "jp",
	        .start_page = "about:blank",
	        .home_mib = 128,
	        .shm_mib = 256,
	        .tasks = 512};
}

/* ---- the run folder ---- */

static const char *path_in(const struct test_host *self, const char *name)
{
	static char path[TEST_HOST_PATH_MAX + 40]; /* fits a socket address */

	snprintf(path, sizeof(path), "%s/%s", self->folder, name);
	return path;
}

static int listen_at(const char *path, int type, uid_t owner)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	        listen(fd, 16) < 0)
		return -1;
	return owner && (chown(path, (uid_t)-1, owner) < 0 || chmod(path, 0660) < 0) ? -1 : fd;
}

static bool make_folder(struct test_host *self)
{
	uid_t uid = self->options.uid;

	snprintf(self->folder, sizeof(self->folder), "/tmp/shoji-host-XXXXXX");
	if (!mkdtemp(self->folder) || chmod(self->folder, 0711) < 0)
		return false;
	if (mkdir(path_in(self, "rfb"), 0700) < 0 || mkdir(path_in(self, "doors"), 0755) < 0)
		return false;
	if (geteuid() == 0 && chown(path_in(self, "rfb"), uid, uid) < 0)
		return false;
	self->lock = open(path_in(self, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	self->control_listener = listen_at(path_in(self, "control.sock"), SOCK_SEQPACKET, 0);
	self->door = listen_at(path_in(self, "doors/proxy.sock"), SOCK_STREAM, uid);
	return self->lock >= 0 && flock(self->lock, LOCK_EX | LOCK_NB) == 0 &&
	       self->control_listener >= 0 && self->door >= 0;
}

static bool remove_folder(struct test_host *self)
{
	static const char *const names[] = {
	        "rfb/rfb.sock", "rfb/text.sock", "doors/proxy.sock", "control.sock", "lock"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_in(self, names[i]));
	/* rmdir fails on anything that should not be there. */
	return rmdir(path_in(self, "rfb")) == 0 && rmdir(path_in(self, "doors")) == 0 &&
	       rmdir(self->folder) == 0;
}

/* ---- the channel ---- */

static void note_end(struct test_host *self, struct message *in)
{
	struct message_host_ended ended;

	if (message_get_host_ended(in, &ended))
		return;
	self->has_ended = true;
	self->reason = (enum end_reason)ended.reason;
	snprintf(self->detail, sizeof(self->detail), "%s", ended.detail);
}

/* Waits for the message; host_ended is noted on the way. */
static bool receive(struct test_host *self, uint16_t number, struct message *in, int timeout_ms)
{
	uint64_t deadline_ms = clock_now_ms() + (uint64_t)timeout_ms;

	while (self->control && !self->has_ended) {
		struct pollfd ready = {.fd = channel_fd(self->control), .events = POLLIN};
		uint64_t now_ms = clock_now_ms();
		int result = channel_receive(self->control, in);
		if (result == SHOJI_ERR_AGAIN) {
			if (now_ms >= deadline_ms ||
			        poll(&ready, 1, (int)(deadline_ms - now_ms)) == 0)
				return false;
			continue;
		}
		if (result < 0)
			return false;
		if (in->number == number && number != MESSAGE_HOST_ENDED)
			return true;
		if (in->number == MESSAGE_HOST_ENDED)
			note_end(self, in);
		message_release(in);
	}
	return number == MESSAGE_HOST_ENDED && self->has_ended;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[512];
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file && fgets(text, sizeof(text), file)) {
		const char *rest = strrchr(text, ')');
		if (rest)
			sscanf(rest + 1, " %*c %d", &parent);
	}
	if (file)
		fclose(file);
	return parent;
}

static bool wait_hello(struct test_host *self)
{
	struct message_shepherd_hello hello;
	struct message in;

	if (!receive(self, MESSAGE_SHEPHERD_HELLO, &in, ANSWER_MS) ||
	        message_get_shepherd_hello(&in, &hello) || hello.version != SHEPHERD_VERSION ||
	        hello.lease_id != self->options.lease_id)
		return false;
	channel_set_phase(self->control, PHASE_READY);
	self->host_pid = (pid_t)hello.host_pid;
	self->shepherd_pid = parent_of(self->host_pid);
	if (self->options.limits)
		limits_group_set_root(self->options.limits, self->shepherd_pid);
	return true;
}

static bool spawn_shepherd(struct test_host *self)
{
	int ours, theirs;

	if (channel_pair(&ours, &theirs))
		return false;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(theirs, ROLE_CHANNEL_FD);
		close_range(ROLE_CHANNEL_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
		fcntl(ROLE_CHANNEL_FD, F_SETFD, 0);
		execl("/proc/self/exe", "test-shepherd", SHEPHERD_ARGUMENT, (char *)NULL);
		_exit(127);
	}
	close(theirs);
	self->control = channel_new(ours, LINK_MONITOR_SHEPHERD, SIDE_A);
	int status;
	/* The first process exits at once: the shepherd proper is nobody's child. */
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 && self->control;
}

static int open_policies(const char *program_folder)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/policies.json", program_folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	/* A folder of probes has none. */
	return fd >= 0 ? fd : memfd_create("no-policies", MFD_CLOEXEC);
}

static bool send_setup(struct test_host *self)
{
	const struct test_host_options *options = &self->options;
	int policies = open_policies(options->program_folder);
	struct message_shepherd_setup setup = {.lease_id = options->lease_id,
	        .uid = options->uid,
	        .lease_s = options->lease_s,
	        .width = options->width,
	        .height = options->height,
	        .scale = SCREEN_SCALE_ONE,
	        .is_kiosk = options->is_kiosk,
	        .home_mib = options->home_mib,
	        .shm_mib = options->shm_mib,
	        .tasks = options->tasks,
	        .lock = self->lock,
	        .control_listener = self->control_listener,
	        .policies = policies};

	snprintf(setup.keyboard, sizeof(setup.keyboard), "%s", options->keyboard);
	snprintf(setup.start_page, sizeof(setup.start_page), "%s", options->start_page);
	snprintf(setup.timezone, sizeof(setup.timezone), "Asia/Tokyo");
	snprintf(setup.run_folder, sizeof(setup.run_folder), "%s", self->folder);
	snprintf(setup.program_folder, sizeof(setup.program_folder), "%s", options->program_folder);
	int error = CHANNEL_SEND_VALUE(self->control, shepherd_setup, &setup);
	close(policies);
	return error == 0;
}

static bool send_limits(struct test_host *self)
{
	int fds[LIMITS_ATTACH_MAX];
	size_t n_fds = 0;
	bool is_sent = true;

	if (!self->options.limits)
		return true;
	if (limits_group_attach_fds(self->options.limits, fds, &n_fds))
		return false;
	for (size_t i = 0; i < n_fds; i++) {
		is_sent = is_sent &&
		          CHANNEL_SEND(self->control, shepherd_limit, .procs = fds[i]) == 0;
		close(fds[i]);
	}
	return is_sent;
}

bool test_host_prepare_as(
        struct test_host *self, const struct test_host_options *options, uid_t uid)
{
	*self = (struct test_host){
	        .options = *options, .lock = -1, .control_listener = -1, .door = -1};
	self->options.uid = uid;
	return make_folder(self) && spawn_shepherd(self) && send_setup(self);
}

bool test_host_prepare(struct test_host *self, const struct test_host_options *options)
{
	uid_t usual = geteuid() == 0 ? test_host_uid(0) : geteuid();

	return test_host_prepare_as(self, options, options->uid ? options->uid : usual);
}

bool test_host_go(struct test_host *self)
{
	if (!send_limits(self) || CHANNEL_SEND(self->control, shepherd_start))
		return false;
	close(self->lock);
	self->lock = -1;
	close(self->control_listener);
	self->control_listener = -1;
	return wait_hello(self);
}

bool test_host_start(struct test_host *self, const struct test_host_options *options)
{
	return test_host_prepare(self, options) && test_host_go(self);
}

int test_host_connect_rfb(struct test_host *self)
{
	struct message_rfb_connected connected;
	struct message in;

	if (CHANNEL_SEND(self->control, connect_rfb) ||
	        !receive(self, MESSAGE_RFB_CONNECTED, &in, ANSWER_MS) ||
	        message_get_rfb_connected(&in, &connected))
		return -1;
	close(connected.text);
	return connected.rfb;
}

void test_host_renew(struct test_host *self, uint32_t lease_s)
{
	CHANNEL_SEND(self->control, renew_lease, .lease_s = lease_s);
}

bool test_host_wait_ended(struct test_host *self, int timeout_ms)
{
	struct message in;

	return receive(self, MESSAGE_HOST_ENDED, &in, timeout_ms);
}

void test_host_forget(struct test_host *self)
{
	channel_free(self->control);
	self->control = NULL;
}

bool test_host_adopt(struct test_host *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path_in(self, "control.sock"));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return false;
	}
	self->control = channel_new(fd, LINK_MONITOR_SHEPHERD, SIDE_A);
	return wait_hello(self);
}

static bool is_lock_free(void *data)
{
	const struct test_host *self = data;
	int fd = open(path_in(self, "lock"), O_RDWR | O_CLOEXEC);
	bool is_free = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (fd >= 0)
		close(fd);
	return is_free;
}

static bool is_nobody_left(void *data)
{
	return test_processes_of(*(const uid_t *)data) == 0;
}

bool test_host_finish(struct test_host *self)
{
	uid_t uid = self->options.uid;
	bool is_clean;

	if (self->control && !self->has_ended && self->host_pid > 0) {
		CHANNEL_SEND(self->control, end_host);
		test_host_wait_ended(self, ANSWER_MS);
	}
	test_host_forget(self);
	if (self->lock >= 0)
		close(self->lock);
	if (self->control_listener >= 0)
		close(self->control_listener);
	if (self->door >= 0)
		close(self->door);
	is_clean = test_wait(is_lock_free, self, 5000);
	/* The shepherd lets go of its lock a moment before it is gone. */
	if (uid != geteuid() && !test_wait(is_nobody_left, &uid, 3000)) {
		fprintf(stderr, "%u processes of uid %u are left\n", test_processes_of(uid),
		        (unsigned)uid);
		is_clean = false;
	}
	if (!remove_folder(self)) {
		fprintf(stderr, "%s holds what should not be there\n", self->folder);
		is_clean = false;
	}
	return is_clean;
}

/* ---- the machine ---- */

void test_each_process(test_process_fn fn, void *data)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		if (pid > 0)
			fn(data, pid);
	}
	if (folder)
		closedir(folder);
}

struct uid_count {
	uid_t uid;
	unsigned n;
};

/* From status, not from the folder's owner: that is root's for a process that may not be traced. What has ended and
 * only waits for its parent (the machine's first process, which may take its time) does not count. */
static void count_uid(void *data, pid_t pid)
{
	struct uid_count *count = data;
	char path[64], line[256];
	unsigned real;
	char state = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "State: %c", &state);
		if (sscanf(line, "Uid: %u", &real) == 1 && real == count->uid && state != 'Z')
			count->n++;
	}
	if (file)
		fclose(file);
}

unsigned test_processes_of(uid_t uid)
{
	struct uid_count count = {.uid = uid};

	test_each_process(count_uid, &count);
	return count.n;
}

bool test_wait(test_condition_fn condition, void *data, int timeout_ms)
{
	uint64_t deadline_ms = clock_now_ms() + (uint64_t)timeout_ms;

	while (!condition(data)) {
		if (clock_now_ms() > deadline_ms)
			return false;
		usleep(10000);
	}
	return true;
}

bool test_is_below(pid_t pid, pid_t root)
{
	for (int i = 0; i < 64 && pid > 1; i++) {
		pid = parent_of(pid);
		if (pid == root)
			return true;
	}
	return false;
}

static bool has_command(pid_t pid, const char *text)
{
	char path[64], command[4096];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, command, sizeof(command) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	command[n] = '\0';
	/* A path is the program's; bubblewrap's arguments name those of the host as well. (Chromium joins its
	 * arguments with spaces.) */
	size_t length = strlen(text);
	if (text[0] == '/')
		return strncmp(command, text, length) == 0 &&
		       (command[length] == '\0' || command[length] == ' ');
	return memmem(command, (size_t)n, text, strlen(text)) != NULL;
}

struct search {
	pid_t root, found;
	bool is_child;
	const char *text;
};

static void search_one(void *data, pid_t pid)
{
	struct search *search = data;

	if (search->found || !has_command(pid, search->text))
		return;
	if (search->is_child ? parent_of(pid) == search->root : test_is_below(pid, search->root))
		search->found = pid;
}

pid_t test_find_child(pid_t parent, const char *path)
{
	struct search search = {.root = parent, .text = path, .is_child = true};

	test_each_process(search_one, &search);
	return search.found;
}

pid_t test_find_below(pid_t root, const char *text)
{
	struct search search = {.root = root, .text = text};

	test_each_process(search_one, &search);
	return search.found;
}
