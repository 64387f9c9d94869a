/* The processes that monitor started, and who wants to know that one of them ended. */
#ifndef SHOJI_MONITOR_CHILDREN_H
#define SHOJI_MONITOR_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct children;

/* status is wait's. Called from children_reap(), once. */
typedef void (*child_exit_fn)(void *data, pid_t pid, int status);

struct children *children_new(void); /* NULL: no memory */
/* Forgets them; the processes stay as they are. */
void children_free(struct children *self);

/* 0 or SHOJI_ERR_MEMORY. */
int children_add(struct children *self, pid_t pid, child_exit_fn on_exit, void *data);
/* Nobody wants to know any more. The process is still waited for when it ends. */
void children_forget(struct children *self, pid_t pid);
/* Waits for every process that has ended, without blocking. */
void children_reap(struct children *self);
/* How many are still running. */
size_t children_count(const struct children *self);
/* SIGKILL to all: the last step of stopping. */
void children_kill(struct children *self);

#define CHILD_EXIT_TEXT_MAX 96
/* "exit status 3", "killed by signal 31 (Bad system call)". Returns out. */
const char *child_exit_text(char out[CHILD_EXIT_TEXT_MAX], int status);

#endif
