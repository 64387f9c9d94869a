/* The shepherd's parts that need no host: bubblewrap's command line, the profile's policies, states, the door. */
#include "base/error.h"
#include "base/guest.h"
#include "shepherd/bubblewrap_arguments.h"
#include "shepherd/door.h"
#include "shepherd/host_filter.h"
#include "shepherd/host_state.h"
#include "shepherd/profile_policies.h"
#include "unit/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct message_shepherd_setup setup;
static struct guest_files files;
static struct bubblewrap_arguments arguments;

static void build(void)
{
	struct engine_host host = {.setup = &setup, .files = &files};

	memset(&setup, 0, sizeof(setup));
	memset(&files, 0, sizeof(files));
	setup.width = 1280;
	setup.height = 800;
	setup.scale = 96;
	setup.home_mib = 64;
	setup.shm_mib = 32;
	strcpy(setup.keyboard, "jp");
	strcpy(setup.start_page, "https://a.test/");
	strcpy(setup.run_folder, "/run/shoji/sessions/1");
	strcpy(setup.timezone, "Asia/Tokyo");
	ck_assert_int_eq(guest_files_add_text(&files, "/etc/passwd", "x"), 0);
	ck_assert_int_eq(bubblewrap_arguments_init(&arguments, &host, 9), 0);
	guest_files_finish(&files);
}

/* Index of the argument, from `from` on; -1 when there is none. */
static int find(const char *argument, int from)
{
	for (int i = from; arguments.list[i]; i++)
		if (strcmp(arguments.list[i], argument) == 0)
			return i;
	return -1;
}

START_TEST(every_namespace_is_new)
{
	static const char *const walls[] = {"--unshare-net", "--unshare-user", "--unshare-pid",
	        "--unshare-ipc", "--unshare-uts", "--unshare-cgroup", "--die-with-parent",
	        "--new-session", "--seccomp"};

	build();
	for (size_t i = 0; i < sizeof(walls) / sizeof(walls[0]); i++)
		ck_assert_msg(find(walls[i], 0) > 0, "%s is missing", walls[i]);
	ck_assert_int_eq(find("--share-net", 0), -1);
	ck_assert_int_eq(find("--bind", 0), -1);
	ck_assert_int_eq(find("--dev-bind", 0), -1);
}
END_TEST

START_TEST(every_tmpfs_has_a_size_and_the_rest_is_read_only)
{
	int at = -1, n = 0, last_mount = 0;

	build();
	while ((at = find("--tmpfs", at + 1)) >= 0) {
		ck_assert_str_eq(arguments.list[at - 4], "--size");
		n++;
		last_mount = at;
	}
	ck_assert_int_eq(n, 3);
	/* bubblewrap's own tmpfs, / and /dev, are closed after everything else was put into them. */
	at = find("--remount-ro", 0);
	ck_assert_int_gt(at, last_mount);
	ck_assert_int_gt(at, find("--ro-bind-data", 0));
	ck_assert_str_eq(arguments.list[at + 1], "/dev");
	at = find("--remount-ro", at + 1);
	ck_assert_int_gt(at, 0);
	ck_assert_str_eq(arguments.list[at + 1], "/");
}
END_TEST

START_TEST(only_doors_come_from_the_run_folder)
{
	build();
	for (int i = 0; arguments.list[i]; i++)
		if (strstr(arguments.list[i], "/run/shoji/sessions"))
			ck_assert_str_eq(arguments.list[i], "/run/shoji/sessions/1/doors");
	int at = find("/run/shoji/sessions/1/doors", 0);
	ck_assert_str_eq(arguments.list[at - 1], "--ro-bind");
}
END_TEST

START_TEST(nothing_overflows)
{
	struct engine_host host = {.setup = &setup, .files = &files};

	memset(&setup, 0, sizeof(setup));
	memset(&files, 0, sizeof(files));
	memset(setup.start_page, 'a', 1024);
	memset(setup.run_folder, 'b', 256);
	for (int i = 0; i < GUEST_FILES_MAX; i++)
		ck_assert_int_eq(guest_files_add_text(&files, "/etc/x", ""), 0);
	ck_assert_int_eq(guest_files_add_text(&files, "/etc/x", ""), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(bubblewrap_arguments_init(&arguments, &host, 9), 0);
	guest_files_finish(&files);
}
END_TEST

START_TEST(start_page_is_quoted)
{
	char out[4096];

	ck_assert_int_eq(profile_policies_write(out, sizeof(out), "https://a.test/?q=\"x\\y"), 0);
	ck_assert_ptr_nonnull(
	        strstr(out, "\"HomepageLocation\": \"https://a.test/?q=\\\"x\\\\y\""));
	ck_assert_int_eq(profile_policies_write(out, sizeof(out), "a\nb"), SHOJI_ERR_MALFORMED);
	ck_assert_int_eq(profile_policies_write(out, 64, "https://a.test/"), SHOJI_ERR_LIMIT);
}
END_TEST

START_TEST(states)
{
	ck_assert(host_state_may_follow(HOST_SETUP, HOST_STARTING));
	ck_assert(host_state_may_follow(HOST_STARTING, HOST_RUNNING));
	ck_assert(host_state_may_follow(HOST_RUNNING, HOST_ENDING));
	ck_assert(host_state_may_follow(HOST_ENDING, HOST_ENDED));
	for (int to = HOST_SETUP; to <= HOST_ENDED; to++)
		ck_assert(!host_state_may_follow(HOST_ENDED, (enum host_state)to));
	ck_assert(!host_state_may_follow(HOST_RUNNING, HOST_ENDED));
	ck_assert(!host_state_may_follow(HOST_SETUP, HOST_RUNNING));
}
END_TEST

/* Longer than a socket's address may be. */
START_TEST(door_of_a_long_folder)
{
	char base[64] = "/tmp/shoji-test-door-XXXXXX";
	char folder[256], path[300];
	struct door door;
	char byte = 0;

	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(folder, sizeof(folder), "%s/%0150d", base, 0);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	snprintf(path, sizeof(path), "%s/rfb", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(door_open(&door, folder, "rfb.sock"), 0);
	int fd = door_connect(&door);
	ck_assert_int_ge(fd, 0);
	int accepted = accept(door.listener, NULL, NULL);
	ck_assert_int_eq(write(accepted, "r", 1), 1);
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	ck_assert_int_eq(byte, 'r');
	close(fd);
	close(accepted);
	/* Once handed over, nobody here keeps the door open. */
	door_hand_over(&door);
	ck_assert_int_eq(door_connect(&door), -1);
	door_close(&door);
	snprintf(path, sizeof(path), "%s/rfb/rfb.sock", folder);
	ck_assert_int_eq(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/rfb", folder);
	ck_assert_int_eq(rmdir(path) | rmdir(folder) | rmdir(base), 0);
}
END_TEST

START_TEST(filter_is_made)
{
	int fd = host_filter_open();
	struct stat status;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &status), 0);
	/* Whole instructions of 8 bytes, and more than a few. */
	ck_assert_int_gt(status.st_size, 8 * 30);
	ck_assert_int_eq(status.st_size % 8, 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
	close(fd);
}
END_TEST

int main(void)
{
	return SUITE_RUN("shepherd", every_namespace_is_new,
	        every_tmpfs_has_a_size_and_the_rest_is_read_only,
	        only_doors_come_from_the_run_folder, nothing_overflows, start_page_is_quoted,
	        states, door_of_a_long_folder, filter_is_made);
}
