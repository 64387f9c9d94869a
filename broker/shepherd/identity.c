/* Dropping root before bubblewrap is executed. (Started by root with --uid, bubblewrap's host still was uid 0 outside,
 * and read /etc/shadow through a read-only bind.) */
#include "shepherd/identity.h"

#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *step)
{
	log_error(0, "cannot become the isolated host's user: %s: %m", step);
	return SHOJI_ERR_SYSTEM;
}

static int become(uid_t uid)
{
	if (setgroups(0, NULL) < 0)
		return fail("setgroups");
	if (setresgid(uid, uid, uid) < 0)
		return fail("setresgid");
	if (setresuid(uid, uid, uid) < 0)
		return fail("setresuid");
	if (setuid(0) == 0 || setgid(0) == 0) {
		errno = EPERM;
		return fail("root could be had back");
	}
	return 0;
}

int identity_take(uid_t uid)
{
	int error = 0;

	if (uid == 0) {
		errno = EPERM;
		return fail("an isolated host never runs as root");
	}
	if (uid != geteuid())
		error = become(uid);
	if (error)
		return error;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail("dumpable");
	return 0;
}

bool identity_may_order(int fd, uid_t started_by)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	return peer.uid == 0 || peer.uid == started_by;
}
