/* A stage for monitor: a folder of its own in which a broker runs whose roles are stand-ins (monitor_roles.h). They write what they are
 * told into one journal, and take orders from files: the test waits for lines of it. Whatever does not come in time fails the test. */
#ifndef SHOJI_TESTS_UNIT_MONITOR_STAGE_H
#define SHOJI_TESTS_UNIT_MONITOR_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

extern struct monitor_stage {
	char folder[64];
	pid_t broker;
	unsigned sessions_offset; /* of the sessions' accounts from the test's first; 12 of them */
} stage;

/* ---- the folder ---- */
/* The path of a file in it: good for four calls. */
const char *stage_path(const char *name);
/* Writes a file, which appears at once. */
void stage_put(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* All that the roles wrote: until the next call. */
char *stage_journal(void);
size_t stage_count(const char *line);
/* Waits until the journal holds the line (n times). */
void stage_await(const char *line);
void stage_await_times(const char *line, size_t n);
/* The process of the last one of that role that began. */
pid_t stage_pid_of(const char *role);
bool stage_log_has(const char *words);
/* No sanitizer and no ensure() has spoken. */
void stage_check_log(void);

/* ---- the broker ---- */
/* Makes the folder. */
void stage_prepare(void);
/* Starts the broker. Whether it came to READY. */
bool stage_launch(void);
/* Both. */
void stage_begin(void);
void stage_check_alive(void);
size_t stage_open_fds(void);
/* Ends it as an operator does; with all that it started, the run folder and the folder. */
void stage_stop_broker(void);
void stage_stop(void);
void stage_kill_broker(void);
/* Waits for the process: its status. */
int stage_wait_for(pid_t pid);
/* Whatever the broker started is gone. */
void stage_check_no_process(void);

/* ---- sessions ---- */
void stage_start_session(int lease_id, int slot);
void stage_await_ended(int lease_id, int reason);

#endif
