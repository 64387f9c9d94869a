/* The command line of bubblewrap: which walls an isolated host has, and what it sees. */
#ifndef SHOJI_SHEPHERD_BUBBLEWRAP_ARGUMENTS_H
#define SHOJI_SHEPHERD_BUBBLEWRAP_ARGUMENTS_H

#include "shepherd/engine.h"

#define BUBBLEWRAP_ARGUMENTS_MAX 512
#define BUBBLEWRAP_TEXT_MAX 16384

struct bubblewrap_arguments {
	const char *list[BUBBLEWRAP_ARGUMENTS_MAX + 1]; /* ends with NULL */
	size_t n;
	char text[BUBBLEWRAP_TEXT_MAX]; /* what had to be made */
	size_t text_used;
	int error; /* the first failure */
};

/* filter: descriptor of the seccomp program. Texts of host and setup are borrowed. 0 or SHOJI_ERR_LIMIT. */
int bubblewrap_arguments_init(
        struct bubblewrap_arguments *self, const struct engine_host *host, int filter);

/* The host's environment, NULL-terminated; texts live in self. */
#define BUBBLEWRAP_ENVIRONMENT_MAX 16
struct bubblewrap_environment {
	const char *list[BUBBLEWRAP_ENVIRONMENT_MAX + 1];
	char timezone[80];
};
void bubblewrap_environment_init(struct bubblewrap_environment *self, const char *timezone);

#endif
