/* The checking of the audit log. Every byte is foreign here. */
#include "keeper/audit_verify.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_BYTES (256 * 1024)

struct audit_verify {
	int folder_fd;
	int fd;
	char (*names)[AUDIT_FILE_NAME_BYTES];
	int n_files, file;
	uint64_t line;
	struct audit_head head;
	size_t length; /* bytes in buffer */
	char buffer[STEP_BYTES];
};

struct audit_verify *audit_verify_new(int folder_fd)
{
	struct audit_verify *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->folder_fd = folder_fd;
	self->fd = -1;
	audit_head_init(&self->head);
	self->n_files = audit_log_list(folder_fd, &self->names);
	if (self->n_files < 0) {
		free(self);
		return NULL;
	}
	return self;
}

void audit_verify_free(struct audit_verify *self)
{
	if (!self)
		return;
	if (self->fd >= 0)
		close(self->fd);
	free(self->names);
	free(self);
}

static int found_fault(
        struct audit_verify *self, struct audit_verdict *verdict, uint64_t line, const char *fault)
{
	verdict->is_good = false;
	verdict->line = line;
	if (self->file < self->n_files)
		memcpy(verdict->file, self->names[self->file], AUDIT_FILE_NAME_BYTES);
	snprintf(verdict->fault, sizeof(verdict->fault), "%s", fault);
	return 1;
}

/* The lines that are whole in the buffer. 1: a fault was found. */
static int check_lines(struct audit_verify *self, struct audit_verdict *verdict)
{
	size_t at = 0;

	for (;;) {
		const char *line = self->buffer + at;
		const char *end = memchr(line, '\n', self->length - at);
		if (!end)
			break;
		self->line++;
		enum audit_fault fault = audit_chain_check(&self->head, line, (size_t)(end - line));
		if (fault != AUDIT_LINE_GOOD)
			return found_fault(self, verdict, self->line, audit_fault_text(fault));
		at += (size_t)(end - line) + 1;
	}
	memmove(self->buffer, self->buffer + at, self->length - at);
	self->length -= at;
	if (self->length > AUDIT_LINE_MAX)
		return found_fault(
		        self, verdict, self->line + 1, audit_fault_text(AUDIT_LINE_NOT_JSON));
	return 0;
}

static int finish(
        struct audit_verify *self, const struct audit_head *now, struct audit_verdict *verdict)
{
	if (self->head.number < now->number)
		return found_fault(self, verdict, 0, "lines are missing at the end of the log");
	if (self->head.number > now->number)
		return found_fault(self, verdict, 0,
		        "the log holds lines at its end that keeper did not write");
	if (strcmp(self->head.hash, now->hash) != 0)
		return found_fault(self, verdict, 0, "the last line was replaced");
	verdict->is_good = true;
	return 1;
}

/* keeper may have begun a new month's file since the names were listed. */
static int list_again(struct audit_verify *self, struct audit_verdict *verdict)
{
	char(*names)[AUDIT_FILE_NAME_BYTES];
	int n_files = audit_log_list(self->folder_fd, &names);

	if (n_files < self->n_files) {
		if (n_files >= 0)
			free(names);
		return found_fault(self, verdict, 0, "a file went away");
	}
	free(self->names);
	self->names = names;
	self->n_files = n_files;
	return 0;
}

/* The end is judged in the step that reached it: a commit between two steps would look like missing lines. */
static int end_of_file(
        struct audit_verify *self, const struct audit_head *now, struct audit_verdict *verdict)
{
	if (self->length > 0)
		return found_fault(self, verdict, self->line + 1, "the line is incomplete");
	close(self->fd);
	self->fd = -1;
	self->file++;
	self->line = 0;
	if (self->file < self->n_files)
		return 0;
	if (self->head.number < now->number && list_again(self, verdict))
		return 1;
	return self->file < self->n_files ? 0 : finish(self, now, verdict);
}

int audit_verify_step(
        struct audit_verify *self, const struct audit_head *now, struct audit_verdict *verdict)
{
	*verdict = (struct audit_verdict){
	        .n_records = self->head.number, .n_files = (uint64_t)self->n_files};
	if (self->fd < 0 && self->file == self->n_files)
		return finish(self, now, verdict);
	if (self->fd < 0)
		self->fd = openat(self->folder_fd, self->names[self->file],
		        O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (self->fd < 0)
		return found_fault(self, verdict, 0, "the file cannot be read");
	ssize_t n = read(self->fd, self->buffer + self->length, STEP_BYTES - self->length);
	if (n < 0)
		return errno == EINTR ? 0
		                      : found_fault(self, verdict, self->line + 1,
		                                "the file cannot be read");
	if (n == 0)
		return end_of_file(self, now, verdict);
	self->length += (size_t)n;
	int is_done = check_lines(self, verdict);
	verdict->n_records = self->head.number;
	return is_done;
}
