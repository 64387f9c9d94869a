/* An engine starts and stops isolated hosts. One file per engine; a new one is that file and a line in engine.c. */
#ifndef SHOJI_SHEPHERD_ENGINE_H
#define SHOJI_SHEPHERD_ENGINE_H

#include "base/message.h"
#include "shepherd/guest_files.h"

#include <stdbool.h>
#include <sys/types.h>

/* Everything borrowed. */
struct engine_host {
	const struct message_shepherd_setup *setup;
	const struct guest_files *files;
	int rfb_listener;  /* becomes descriptor 0 of the host's first process */
	int text_listener; /* inherited by it under its number */
	int errors;        /* becomes the engine's standard error */
	int standing; /* inherited by the host's first process, which closes it when it stands */
	bool has_own_uid; /* a slot's; otherwise that of whoever started the broker */
	const int *limit_fds;
	size_t n_limit_fds;
};

struct engine {
	const char *name;
	/* Starts the host as a child of this process: *pid. It ends with the host, with the status of the host's
	 * first process. 0 or a negative code. */
	int (*start)(const struct engine_host *host, pid_t *pid);
	/* Ends the host at once, with everything in it. The children are waited for by the caller. */
	void (*kill)(pid_t pid);
};

/* NULL: there is none of that name. */
const struct engine *engine_find(const char *name);

extern const struct engine engine_bubblewrap;

#endif
