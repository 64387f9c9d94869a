/* Probes from inside a real isolated host, each with its positive control: the same program, the same targets, without
 * walls. Needs root: the targets are put into a network namespace of the test's own, so that the machine is
 * left alone, and hosts get a slot's uid. */
#include "isolation/test_host.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LGWAN_ADDRESS "10.77.7.7"
#define METADATA_ADDRESS "169.254.169.254"
#define PROBES_MAX 64
#define EXTRA_FD 77
#define RESULT_MAX 320 /* more than host_ended carries */

static char folder[64];
static char page[1024];
static char names[PROBES_MAX][64];
static size_t n_probes;
static int shm_id, listeners[2];

/* ---- the machine, as hosts must not see it ---- */

static void add_address(const char *text, int number)
{
	struct ifreq request = {0};
	struct sockaddr_in *address = (struct sockaddr_in *)(void *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), number ? "lo:%d" : "lo", number);
	address->sin_family = AF_INET;
	ck_assert_int_eq(inet_pton(AF_INET, text, &address->sin_addr), 1);
	if (number)
		ck_assert_int_eq(ioctl(fd, SIOCSIFADDR, &request), 0);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "lo");
	ck_assert_int_eq(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	request.ifr_flags |= IFF_UP;
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

/* An interface beside lo, so that the control has one to find. Of whatever kind this kernel knows. */
static void add_interface(void)
{
	ck_assert_int_eq(system("for kind in dummy veth bridge ifb; do "
	                        "ip link add shoji-test type $kind 2>/dev/null && exit 0; done; "
	                        "ip tuntap add shoji-test mode tun"),
	        0);
}

static unsigned listen_everywhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	socklen_t length = sizeof(address);

	listeners[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listeners[0], (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listeners[0], 64), 0);
	ck_assert_int_eq(getsockname(listeners[0], (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin_port);
}

static void listen_abstract(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path + 1, name, strlen(name));
	listeners[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
	        bind(listeners[1], (struct sockaddr *)&address,
	                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
	        0);
	ck_assert_int_eq(listen(listeners[1], 64), 0);
}

static void put_file(const char *name, mode_t mode)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ck_assert_int_eq(write(fd, "secret", 6), 6);
	close(fd);
}

static void read_names(void)
{
	FILE *list = popen(PROBE_FOLDER "/shoji-guest-init --list", "r");

	ck_assert_ptr_nonnull(list);
	while (n_probes < PROBES_MAX && fgets(names[n_probes], sizeof(names[0]), list)) {
		names[n_probes][strcspn(names[n_probes], "\n")] = '\0';
		n_probes++;
	}
	pclose(list);
	ck_assert_uint_gt(n_probes, 20);
}

static void make_machine(void)
{
	unsigned port;
	int key = 0x53480000 | (getpid() & 0xffff);

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	add_address("127.0.0.1", 0);
	add_address(LGWAN_ADDRESS, 1);
	add_address(METADATA_ADDRESS, 2);
	add_interface();
	port = listen_everywhere();
	listen_abstract("shoji-probe-abstract");
	strcpy(folder, "/tmp/shoji-test-keeper-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	put_file("secret", 0600);
	put_file("plain", 0644);
	shm_id = shmget(key, 4096, IPC_CREAT | 0666);
	ck_assert_int_ge(shm_id, 0);
	setenv("SHOJI_PROBE_SECRET", "1", 1);
	/* A descriptor of the broker's that somebody forgot to close. */
	ck_assert_int_eq(dup2(STDERR_FILENO, EXTRA_FD), EXTRA_FD);
	read_names();
	snprintf(page, sizeof(page),
	        "probe:%u,%s/secret,%s/plain,%%s,shoji-probe-abstract,%d,%d," LGWAN_ADDRESS, port,
	        folder, folder, key, (int)getpid());
}

static void remove_machine(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/secret", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/plain", folder);
	unlink(path);
	rmdir(folder);
	shmctl(shm_id, IPC_RMID, NULL);
	close(listeners[0]);
	close(listeners[1]);
}

/* ---- the two runs ---- */

static const char *page_for(const struct test_host *neighbour)
{
	static char full[2048];
	char socket_path[256];

	snprintf(socket_path, sizeof(socket_path), "%s/doors/proxy.sock", neighbour->folder);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(full, sizeof(full), page, socket_path);
#pragma GCC diagnostic pop
	return full;
}

static void run_outside(const char *start_page, char *out, size_t size)
{
	char argument[2200];
	int ends[2];
	size_t length = 0;
	ssize_t n;

	snprintf(argument, sizeof(argument), "--start-page=%s", start_page);
	ck_assert_int_eq(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		execl(PROBE_FOLDER "/shoji-guest-init", "probe", argument, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	while (length < size - 1 && (n = read(ends[0], out + length, size - 1 - length)) > 0)
		length += (size_t)n;
	out[length] = '\0';
	close(ends[0]);
	waitpid(pid, NULL, 0);
}

static void run_inside(const char *start_page, uid_t uid, char *out, size_t size)
{
	struct test_host_options options = test_host_options();
	struct test_host host;

	options.program_folder = PROBE_FOLDER;
	options.start_page = start_page;
	options.uid = uid;
	/* The probe never says that it stands, so what it writes is told as the reason why not. */
	ck_assert(!test_host_start(&host, &options));
	ck_assert_msg(host.has_ended && host.reason == END_START_FAILED, "%d %s", (int)host.reason,
	        host.detail);
	snprintf(out, size, "%s", host.detail);
	ck_assert(test_host_finish(&host));
}

static struct test_host neighbour;

static void start_neighbour(void)
{
	struct test_host_options options = test_host_options();

	options.program_folder = HOG_FOLDER;
	options.start_page = "hog:idle";
	options.uid = test_host_uid(1);
	options.lease_id++;
	ck_assert_msg(test_host_start(&neighbour, &options), "%s", neighbour.detail);
}

/* The control is run as root without walls, so what it shows is that each target is really there. */
START_TEST(every_probe_succeeds_without_walls)
{
	char out[RESULT_MAX];

	start_neighbour();
	run_outside(page_for(&neighbour), out, sizeof(out));
	ck_assert_msg(strlen(out) == 2 * n_probes + 1, "%s", out);
	for (size_t i = 0; i < n_probes; i++)
		ck_assert_msg(
		        out[i] == 'o', "control: %s is not open even without walls", names[i]);
	ck_assert(test_host_finish(&neighbour));
}
END_TEST

START_TEST(every_probe_fails_inside)
{
	char out[RESULT_MAX];
	bool is_closed = true;

	start_neighbour();
	run_inside(page_for(&neighbour), test_host_uid(0), out, sizeof(out));
	ck_assert_msg(strlen(out) == 2 * n_probes + 1, "%s", out);
	for (size_t i = 0; i < n_probes; i++) {
		if (out[i] == 'c' && out[n_probes + 1 + i] == 'c')
			continue;
		fprintf(stderr, "%s: as init %c, with capabilities %c\n", names[i], out[i],
		        out[n_probes + 1 + i]);
		is_closed = false;
	}
	ck_assert(is_closed);
	ck_assert(test_host_finish(&neighbour));
}
END_TEST

/* Everything below the shepherd, and the shepherd itself, has the slot's uid in all four of its uids. */
struct uids {
	pid_t root;
	uid_t uid;
	unsigned n_processes, n_foreign;
};

static void look_at_uids(void *data, pid_t pid)
{
	struct uids *uids = data;
	char path[64], line[256];
	unsigned ids[4];

	if (pid != uids->root && !test_is_below(pid, uids->root))
		return;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Uid: %u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]) != 4)
			continue;
		uids->n_processes++;
		for (int i = 0; i < 4; i++)
			uids->n_foreign += ids[i] != uids->uid;
	}
	if (file)
		fclose(file);
}

START_TEST(nothing_of_a_host_is_root_outside)
{
	struct uids host = {.uid = test_host_uid(1)};
	struct uids control = {.root = getpid(), .uid = test_host_uid(1)};

	start_neighbour();
	host.root = neighbour.shepherd_pid;
	test_each_process(look_at_uids, &host);
	/* Shepherd, bubblewrap, and the host's first process. */
	ck_assert_uint_ge(host.n_processes, 3);
	ck_assert_uint_eq(host.n_foreign, 0);
	/* We are root's. */
	test_each_process(look_at_uids, &control);
	ck_assert_uint_ge(control.n_foreign, 4);
	ck_assert(test_host_finish(&neighbour));
}
END_TEST

int main(int argc, char *argv[])
{
	int status;

	if (test_host_is_shepherd(argc, argv, &status))
		return status;
	if (geteuid() != 0) {
		fprintf(stderr, "test-isolation: must be run as root\n");
		return EXIT_FAILURE;
	}
	Suite *suite = suite_create("isolation");
	TCase *cases = tcase_create("probes");
	tcase_add_unchecked_fixture(cases, make_machine, remove_machine);
	tcase_add_test(cases, every_probe_succeeds_without_walls);
	tcase_add_test(cases, every_probe_fails_inside);
	tcase_add_test(cases, nothing_of_a_host_is_root_outside);
	tcase_set_timeout(cases, 120);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
