/* Waits for monitor's children. An exit status is a number that the kernel made: nothing here is
 * foreign. */
#include "monitor/children.h"

#include "base/error.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct child {
	struct child *next;
	pid_t pid;
	child_exit_fn on_exit; /* NULL: nobody wants to know */
	void *data;
};

struct children {
	struct child *first;
};

struct children *children_new(void)
{
	return calloc(1, sizeof(struct children));
}

void children_free(struct children *self)
{
	if (!self)
		return;
	while (self->first) {
		struct child *child = self->first;
		self->first = child->next;
		free(child);
	}
	free(self);
}

int children_add(struct children *self, pid_t pid, child_exit_fn on_exit, void *data)
{
	struct child *child = calloc(1, sizeof(*child));

	if (!child)
		return SHOJI_ERR_MEMORY;
	*child = (struct child){.next = self->first, .pid = pid, .on_exit = on_exit, .data = data};
	self->first = child;
	return 0;
}

void children_forget(struct children *self, pid_t pid)
{
	for (struct child *child = self->first; child; child = child->next)
		if (child->pid == pid)
			child->on_exit = NULL;
}

static struct child *take(struct children *self, pid_t pid)
{
	for (struct child **at = &self->first; *at; at = &(*at)->next) {
		struct child *child = *at;
		if (child->pid != pid)
			continue;
		*at = child->next;
		return child;
	}
	return NULL;
}

void children_reap(struct children *self)
{
	int status;
	pid_t pid;

	/* Signals merge: one SIGCHLD may stand for several. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *child = take(self, pid);
		if (child && child->on_exit)
			child->on_exit(child->data, pid, status);
		free(child);
	}
}

size_t children_count(const struct children *self)
{
	size_t n = 0;

	for (const struct child *child = self->first; child; child = child->next)
		n++;
	return n;
}

void children_kill(struct children *self)
{
	/* Not waited for yet, so the numbers are still ours. */
	for (struct child *child = self->first; child; child = child->next)
		kill(child->pid, SIGKILL);
}

const char *child_exit_text(char out[CHILD_EXIT_TEXT_MAX], int status)
{
	if (WIFSIGNALED(status))
		snprintf(out, CHILD_EXIT_TEXT_MAX, "killed by signal %d (%s)", WTERMSIG(status),
		        strsignal(WTERMSIG(status)));
	else
		snprintf(out, CHILD_EXIT_TEXT_MAX, "exit status %d", WEXITSTATUS(status));
	return out;
}
