/* What every part of monitor that deals with sessions stands on. Owned by monitor.c, borrowed by
 * all others. */
#ifndef SHOJI_MONITOR_CONTEXT_H
#define SHOJI_MONITOR_CONTEXT_H

#include "monitor/run_folder.h"

#include <stdbool.h>

struct children;
struct config;
struct films;
struct limits;
struct loop;
struct roles;

struct monitor_context {
	const struct config *config;
	struct loop *loop;
	struct children *children;
	struct limits *limits;
	struct roles *roles;
	struct films *films;
	struct run_folder run;
	bool is_isolated;           /* sessions have uids of their own */
	const char *program_folder; /* where this program and the isolated host's files lie */
	const char *empty_folder;
	int policies; /* memfd: the isolated browser's managed policies */
};

#endif
