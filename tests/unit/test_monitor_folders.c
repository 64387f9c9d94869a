/* The run folder: what somebody else could have written is refused, one broker alone holds it, and a session's
 * folder goes with everything in it but never beyond a link. */
#include "monitor/run_folder.h"
#include "monitor/session_folder.h"

#include "base/error.h"
#include "unit/suite.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRANGER 65001

static char base[64];
static char complaint[512];

static void enter(void)
{
	snprintf(base, sizeof(base), "/tmp/shoji-folders-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
}

static void leave(void)
{
	ck_assert_int_eq(folder_remove(base, 8), 0);
}

static const char *below(const char *name)
{
	static char path[4][256];
	static unsigned at;
	char *out = path[at++ % 4];

	snprintf(out, 256, "%s/%s", base, name);
	return out;
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

static bool exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

START_TEST(test_made_and_removed)
{
	struct run_folder run;

	enter();
	ck_assert_int_eq(run_folder_init(&run, below("run"), complaint, sizeof(complaint)), 0);
	ck_assert_uint_eq(mode_of(below("run")), 0711);
	ck_assert_uint_eq(mode_of(below("run/empty")), 0555);
	ck_assert_uint_eq(mode_of(below("run/sessions")), 0711);
	run_folder_finish(&run);
	ck_assert(!exists(below("run")));
	leave();
}
END_TEST

START_TEST(test_one_broker)
{
	struct run_folder first, second;

	enter();
	ck_assert_int_eq(run_folder_init(&first, below("run"), complaint, sizeof(complaint)), 0);
	ck_assert_int_eq(run_folder_init(&second, below("run"), complaint, sizeof(complaint)),
	        SHOJI_ERR_EXISTS);
	ck_assert_ptr_nonnull(strstr(complaint, "another shoji-broker"));
	run_folder_finish(&second); /* takes nothing away from the first */
	ck_assert(exists(below("run/broker.lock")));
	run_folder_finish(&first);
	ck_assert_int_eq(run_folder_init(&second, below("run"), complaint, sizeof(complaint)), 0);
	run_folder_finish(&second);
	leave();
}
END_TEST

static int init_fails(void)
{
	struct run_folder run;
	int error = run_folder_init(&run, below("run"), complaint, sizeof(complaint));

	run_folder_finish(&run);
	return error;
}

START_TEST(test_open_folder_is_refused)
{
	enter();
	mkdir(below("run"), 0700);
	chmod(below("run"), 0777);
	ck_assert_int_eq(init_fails(), SHOJI_ERR_FORBIDDEN);
	chmod(below("run"), 0730);
	ck_assert_int_eq(init_fails(), SHOJI_ERR_FORBIDDEN);
	chmod(below("run"), 0700);
	ck_assert_int_eq(init_fails(), 0);
	leave();
}
END_TEST

START_TEST(test_link_is_refused)
{
	enter();
	mkdir(below("elsewhere"), 0700);
	ck_assert_int_eq(symlink(below("elsewhere"), below("run")), 0);
	ck_assert_int_eq(init_fails(), SHOJI_ERR_FORBIDDEN);
	ck_assert(!exists(below("elsewhere/empty")));
	leave();
}
END_TEST

START_TEST(test_open_ancestor_is_refused)
{
	struct run_folder run;

	enter();
	mkdir(below("a"), 0700);
	chmod(below("a"), 0777);
	ck_assert_int_eq(run_folder_init(&run, below("a/run"), complaint, sizeof(complaint)),
	        SHOJI_ERR_FORBIDDEN);
	/* With the sticky bit, as /tmp has it, nobody else can rename what is ours. */
	chmod(below("a"), 01777);
	ck_assert_int_eq(run_folder_init(&run, below("a/run"), complaint, sizeof(complaint)), 0);
	run_folder_finish(&run);
	leave();
}
END_TEST

START_TEST(test_stranger_is_refused)
{
	if (geteuid() != 0)
		return; /* only root can give a folder away */
	enter();
	mkdir(below("run"), 0700);
	ck_assert_int_eq(chown(below("run"), STRANGER, STRANGER), 0);
	ck_assert_int_eq(init_fails(), SHOJI_ERR_FORBIDDEN);
	ck_assert_ptr_nonnull(strstr(complaint, "belongs to somebody else"));
	leave();
}
END_TEST

START_TEST(test_relative_and_long_are_refused)
{
	struct run_folder run;
	char path[RUN_FOLDER_MAX + 2];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(
	        run_folder_init(&run, path, complaint, sizeof(complaint)), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(
	        run_folder_init(&run, "run", complaint, sizeof(complaint)), SHOJI_ERR_FORBIDDEN);
}
END_TEST

START_TEST(test_data_folder)
{
	struct stat status;
	uid_t keeper = geteuid() == 0 ? STRANGER : geteuid();
	gid_t group = geteuid() == 0 ? STRANGER : getegid();

	enter();
	chmod(base, 0755);
	for (int i = 0; i < 2; i++) { /* the second time it is keeper's already */
		ck_assert_int_eq(data_folder_prepare(below("data"), keeper, group, complaint,
		                         sizeof(complaint)),
		        0);
		ck_assert_int_eq(lstat(below("data"), &status), 0);
		ck_assert_uint_eq(status.st_uid, keeper);
		ck_assert_uint_eq(status.st_mode & 07777, 0700);
	}
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(below("data"), STRANGER + 1, STRANGER), 0);
		ck_assert_int_eq(data_folder_prepare(below("data"), keeper, group, complaint,
		                         sizeof(complaint)),
		        SHOJI_ERR_FORBIDDEN);
		ck_assert_ptr_nonnull(strstr(complaint, "chown -R"));
	}
	leave();
}
END_TEST

START_TEST(test_remove_follows_no_link)
{
	enter();
	mkdir(below("kept"), 0700);
	close(open(below("kept/file"), O_CREAT | O_WRONLY, 0600));
	mkdir(below("doomed"), 0700);
	mkdir(below("doomed/a"), 0700);
	ck_assert_int_eq(symlink(below("kept"), below("doomed/a/link")), 0);
	ck_assert_int_eq(folder_remove(below("doomed"), 2), 0);
	ck_assert(!exists(below("doomed")));
	ck_assert(exists(below("kept/file")));
	/* A tree deeper than a session's is somebody's doing: it stays, and an error says so. */
	mkdir(below("deep"), 0700);
	mkdir(below("deep/a"), 0700);
	mkdir(below("deep/a/b"), 0700);
	ck_assert_int_eq(folder_remove(below("deep"), 1), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(folder_remove(below("not there"), 1), 0);
	leave();
}
END_TEST

static void note_lease(void *data, uint64_t lease_id)
{
	uint64_t *sum = data;

	*sum += lease_id;
}

START_TEST(test_session_folder)
{
	struct run_folder run;
	int lock, again, door, control;
	uint64_t sum = 0;
	uid_t owner;

	enter();
	uid_t uid = geteuid() == 0 ? STRANGER : geteuid();
	gid_t gid = geteuid() == 0 ? STRANGER : getegid();
	ck_assert_int_eq(run_folder_init(&run, below("run"), complaint, sizeof(complaint)), 0);
	ck_assert_int_eq(session_folder_make(&run, 0xabc, uid, gid), 0);
	ck_assert_int_eq(session_folder_make(&run, 0xabc, uid, gid), SHOJI_ERR_EXISTS);
	ck_assert_int_eq(session_folder_make(&run, 1, uid, gid), 0);
	mkdir(below("run/sessions/something else"), 0700);
	ck_assert_int_eq(session_folder_list(&run, note_lease, &sum), 0);
	ck_assert_uint_eq(sum, 0xabd);
	ck_assert_int_eq(session_folder_owner(&run, 0xabc, &owner), 0);
	ck_assert_uint_eq(owner, uid);

	ck_assert_int_eq(session_folder_lock(&run, 0xabc, &lock), 0);
	ck_assert_int_eq(session_folder_lock(&run, 0xabc, &again), SHOJI_ERR_EXISTS);
	close(lock);
	ck_assert_int_eq(session_folder_lock(&run, 0xabc, &lock), 0);
	close(lock);

	ck_assert_int_eq(session_folder_door(&run, 0xabc, gid, &door), 0);
	ck_assert_uint_eq(mode_of(below("run/sessions/0000000000000abc/doors/proxy.sock")), 0660);
	close(door);
	/* Anew, over the one that is there: adoption. */
	ck_assert_int_eq(session_folder_door(&run, 0xabc, gid, &door), 0);
	close(door);
	ck_assert_int_eq(session_folder_control(&run, 0xabc, &control), 0);
	ck_assert_uint_eq(mode_of(below("run/sessions/0000000000000abc/control.sock")), 0600);
	close(control);

	ck_assert_int_eq(session_folder_remove(&run, 0xabc), 0);
	ck_assert(!exists(below("run/sessions/0000000000000abc")));
	run_folder_finish(&run); /* another session's folder stays */
	ck_assert(exists(below("run/sessions/0000000000000001/rfb")));
	leave();
}
END_TEST

int main(void)
{
	return SUITE_RUN("monitor-folders", test_made_and_removed, test_one_broker,
	        test_open_folder_is_refused, test_link_is_refused, test_open_ancestor_is_refused,
	        test_stranger_is_refused, test_relative_and_long_are_refused, test_data_folder,
	        test_remove_follows_no_link, test_session_folder);
}
