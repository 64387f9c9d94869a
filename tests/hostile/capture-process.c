/* A process that is capture and nothing else, for the tests: what monitor starts as `shoji-broker --role=capture`.
 *
 * Usage: capture-process [UID GID ROOT]. Without them it stays who it is, as under a broker that was not started as
 * root. */
#include "capture/capture.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
	struct role_start start = {.name = "capture"};

	if (argc == 4) {
		start.identity.uid = (uid_t)strtoul(argv[1], NULL, 10);
		start.identity.gid = (gid_t)strtoul(argv[2], NULL, 10);
		start.identity.root = argv[3];
	}
	return capture_run(&start);
}
