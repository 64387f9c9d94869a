/* egress alone: what main.c does for the role, for tests that play everybody else.
 * Usage: egress-process UID ROOT, with monitor's channel as descriptor 3. UID 0: not confined to a user
 * and a root, and checked for leaks at the end, which needs /proc. */
#include "base/role.h"
#include "egress/egress.h"

#include <stdlib.h>
#include <sys/prctl.h>

static bool is_confined;

/* LeakSanitizer's own question. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return is_confined;
}

int main(int argc, char **argv)
{
	struct role_start start = {.name = "egress"};

	if (argc != 3)
		return 2;
	start.identity.uid = (uid_t)strtoul(argv[1], NULL, 10);
	start.identity.gid = (gid_t)start.identity.uid;
	start.identity.root = argv[2];
	is_confined = start.identity.uid != 0;
	int status = egress_run(&start);
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* LeakSanitizer looks at us by ptrace */
	return status;
}
