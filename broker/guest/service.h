/* One program that shoji-guest-init keeps running. */
#ifndef SHOJI_GUEST_SERVICE_H
#define SHOJI_GUEST_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SERVICE_ARGUMENTS_MAX 48
#define SERVICE_BACKOFF_MIN_MS 250
#define SERVICE_BACKOFF_MAX_MS 30000
/* One that ran for so long is taken to be well: its next crash waits the minimum again. */
#define SERVICE_WELL_AFTER_MS 60000

struct service {
	const char *arguments[SERVICE_ARGUMENTS_MAX +
	                      1]; /* borrowed; the first is the program's path */
	int stdin_fd;             /* -1: /dev/null */
	pid_t pid;                /* 0: not running */
	uint64_t started_ms;
	uint64_t backoff_ms;
	uint64_t restart_at_ms; /* 0: not waiting */
};

/* Adds arguments until NULL. They are the program's own constants and must fit (ensured). */
void service_add(struct service *self, ...) __attribute__((sentinel));
/* Forks and executes: no signal blocked, stdout and stderr as ours. 0 or -1. */
int service_start(struct service *self, uint64_t now_ms);
/* It has ended: decides when it is started again. */
void service_ended(struct service *self, uint64_t now_ms);
/* Starts it if its time has come. Milliseconds until it does, -1: not waiting. */
int service_tend(struct service *self, uint64_t now_ms);

#endif
