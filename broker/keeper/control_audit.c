/* shojictl audit: reads the log's files, whose bytes somebody may have changed. */
#include "base/error.h"
#include "base/log.h"
#include "keeper/audit_verify.h"
#include "keeper/control.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_MAX 1000

/* ---- verify: a step a turn, so that sign-ins go on meanwhile ---- */

static struct {
	struct audit_verify *verify;
	struct timer *timer;
	struct keeper *keeper;
	control_client_id client;
	json_t *record;
} running;

static void finish_verify(const struct audit_verdict *verdict)
{
	struct keeper *keeper = running.keeper;
	json_t *data = json_pack("{s:b, s:I, s:I, s:s}", "good", verdict->is_good, "records",
	        (json_int_t)verdict->n_records, "files", (json_int_t)verdict->n_files, "head",
	        keeper->audit.head.hash);

	if (data && !verdict->is_good) {
		json_object_set_new(data, "file", json_string(verdict->file));
		json_object_set_new(data, "line", json_integer((json_int_t)verdict->line));
		json_object_set_new(data, "fault", json_string(verdict->fault));
		log_error(0, "the audit log is damaged at %s line %llu: %s", verdict->file,
		        (unsigned long long)verdict->line, verdict->fault);
	}
	if (running.record && data) {
		json_object_set_new(running.record, "good", json_boolean(verdict->is_good));
		json_object_set_new(
		        running.record, "records", json_integer((json_int_t)verdict->n_records));
	}
	journal_record(keeper->journal, RECORD_FACT, running.record);
	running.record = NULL;
	control_succeed(keeper->control, running.client, data);
	control_audit_stop();
}

void control_audit_stop(void)
{
	audit_verify_free(running.verify);
	timer_free(running.timer);
	json_decref(running.record);
	memset(&running, 0, sizeof(running));
}

static void on_verify_timer(void *data)
{
	struct audit_verdict verdict;

	(void)data;
	if (audit_verify_step(running.verify, &running.keeper->audit.head, &verdict)) {
		finish_verify(&verdict);
		return;
	}
	control_keep_alive(running.keeper->control, running.client);
	timer_set_ms(running.timer, 0);
}

void control_audit_verify(const struct control_call *call)
{
	if (running.verify) {
		control_fail(call->control, call->client, "busy",
		        "the audit log is being verified already; try again");
		return;
	}
	running.keeper = call->keeper;
	running.client = call->client;
	running.verify = audit_verify_new(call->keeper->audit.folder_fd);
	running.timer = timer_new(call->keeper->loop, on_verify_timer, NULL);
	running.record = json_pack("{s:s}", "event", "audit_verify");
	control_sign(call, running.record);
	if (!running.verify || !running.timer) {
		control_audit_stop();
		control_fail(
		        call->control, call->client, "unavailable", "the audit log cannot be read");
		return;
	}
	timer_set_ms(running.timer, 0);
}

/* ---- tail ---- */

struct tail {
	json_t *items; /* newest first while it is collected */
	size_t n_wanted;
};

/* Lines of one file from its end on. A line that is no JSON is shown as what it is. */
static int tail_file(struct tail *self, int fd)
{
	struct stat status;
	char *bytes = NULL;
	int error = 0;

	if (fstat(fd, &status) < 0)
		return SHOJI_ERR_SYSTEM;
	size_t size = (size_t)status.st_size;
	size_t size_max =
	        (self->n_wanted - json_array_size(self->items) + 1) * (AUDIT_LINE_MAX + 1);
	off_t from = size > size_max ? (off_t)(size - size_max) : 0;
	size = size > size_max ? size_max : size;
	bytes = malloc(size + 1);
	if (!bytes)
		return SHOJI_ERR_MEMORY;
	ssize_t n = pread(fd, bytes, size, from);
	if (n < 0)
		error = SHOJI_ERR_SYSTEM;
	size_t end = error ? 0 : (size_t)n;
	while (end > 0 && json_array_size(self->items) < self->n_wanted) {
		size_t start = end - 1;
		while (start > 0 && bytes[start - 1] != '\n')
			start--;
		if (start == 0 && from > 0)
			break; /* its beginning was not read */
		json_t *record = json_loadb(bytes + start, end - start, 0, NULL);
		json_array_append_new(
		        self->items, record ? record : json_pack("{s:s}", "event", "unreadable"));
		end = start;
	}
	free(bytes);
	return error;
}

static json_t *reversed(json_t *items)
{
	json_t *out = json_array();

	for (size_t i = json_array_size(items); i > 0; i--)
		json_array_append(out, json_array_get(items, i - 1));
	json_decref(items);
	return out;
}

void control_audit_tail(const struct control_call *call)
{
	json_int_t wanted = json_integer_value(json_object_get(call->request, "n"));
	struct tail tail = {.items = json_array()};
	char(*names)[AUDIT_FILE_NAME_BYTES] = NULL;
	int folder_fd = call->keeper->audit.folder_fd;

	if (wanted < 1 || wanted > TAIL_MAX) {
		json_decref(tail.items);
		control_fail(call->control, call->client, "bad_request",
		        "from 1 to %d records can be shown", TAIL_MAX);
		return;
	}
	tail.n_wanted = (size_t)wanted;
	int n = audit_log_list(folder_fd, &names);
	int error = n < 0 ? n : 0;
	for (int i = n; !error && i > 0 && json_array_size(tail.items) < tail.n_wanted; i--) {
		int fd = openat(folder_fd, names[i - 1], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		error = fd < 0 ? SHOJI_ERR_SYSTEM : tail_file(&tail, fd);
		if (fd >= 0)
			close(fd);
	}
	free(names);
	if (!error) {
		control_list(call->control, call->client, reversed(tail.items));
		return;
	}
	json_decref(tail.items);
	control_fail(call->control, call->client, "unavailable", "the audit log cannot be read");
}
