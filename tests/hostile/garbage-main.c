/* garbage-capture as a program.
 *
 * Usage: garbage-capture [--seed=N] [--after-ms=N] [--uid=N] [--gid=N] [--root=FOLDER]
 * monitor's channel is descriptor 3, as every role's. */
#include "hostile/garbage.h"

#include <stdlib.h>
#include <string.h>

static bool take_option(const char *argument, const char *name, const char **value)
{
	size_t length = strlen(name);

	if (strncmp(argument, name, length) != 0)
		return false;
	*value = argument + length;
	return true;
}

static void take_argument(struct role_start *start, const char *argument)
{
	const char *value;

	if (take_option(argument, "--seed=", &value)) {
		garbage_options.has_seed = true;
		garbage_options.seed = strtoull(value, NULL, 10);
	} else if (take_option(argument, "--after-ms=", &value)) {
		garbage_options.after_ms = strtoull(value, NULL, 10);
	} else if (take_option(argument, "--uid=", &value)) {
		start->identity.uid = (uid_t)strtoul(value, NULL, 10);
	} else if (take_option(argument, "--gid=", &value)) {
		start->identity.gid = (gid_t)strtoul(value, NULL, 10);
	} else if (take_option(argument, "--root=", &value)) {
		start->identity.root = value;
	}
}

int main(int argc, char **argv)
{
	struct role_start start = {.name = "capture"};

	for (int i = 1; i < argc; i++)
		take_argument(&start, argv[i]);
	return garbage_run(&start);
}
