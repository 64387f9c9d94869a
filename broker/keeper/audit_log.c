/* The audit log's files. Their bytes were ours once; what is read back may have been cut by a crash or
 * changed by somebody with access to the disk. */
#include "keeper/audit_log.h"

#include "base/error.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 4096 /* three centuries */

static bool is_log_name(const char *name)
{
	return strlen(name) == strlen("audit-YYYYMM.jsonl") && strncmp(name, "audit-", 6) == 0 &&
	       strspn(name + 6, "0123456789") == 6 && strcmp(name + 12, ".jsonl") == 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

int audit_log_list(int folder_fd, char (**names)[AUDIT_FILE_NAME_BYTES])
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	char(*found)[AUDIT_FILE_NAME_BYTES] = calloc(FILES_MAX, AUDIT_FILE_NAME_BYTES);
	struct dirent *entry;
	int n = 0;

	if (!folder || !found) {
		if (folder)
			closedir(folder);
		else if (fd >= 0)
			close(fd);
		free(found);
		return folder ? SHOJI_ERR_MEMORY : SHOJI_ERR_SYSTEM;
	}
	while (n < FILES_MAX && (entry = readdir(folder)))
		if (is_log_name(entry->d_name))
			memcpy(found[n++], entry->d_name, strlen(entry->d_name) + 1);
	closedir(folder);
	qsort(found, (size_t)n, AUDIT_FILE_NAME_BYTES, compare_names);
	*names = found;
	return n;
}

static int open_newest(struct audit_log *self)
{
	char(*names)[AUDIT_FILE_NAME_BYTES];
	struct stat status;
	int n = audit_log_list(self->folder_fd, &names);

	if (n < 0)
		return n;
	if (n > 0)
		memcpy(self->name, names[n - 1], AUDIT_FILE_NAME_BYTES);
	free(names);
	if (n == 0)
		return 0;
	self->fd = openat(self->folder_fd, self->name, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (self->fd < 0 || fstat(self->fd, &status) < 0)
		return SHOJI_ERR_SYSTEM;
	self->length = status.st_size;
	return 0;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return SHOJI_ERR_SYSTEM;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

/* The file's end, at most one line and a half of it. Returns its length. */
static ssize_t read_end(const struct audit_log *self, char *out, size_t size)
{
	off_t from = self->length > (off_t)size ? self->length - (off_t)size : 0;

	return pread(self->fd, out, size, from);
}

/* Puts the incomplete line beside the log: what a crash left is evidence too, never mended in silence. */
static int save_cut(
        struct audit_log *self, const char *bytes, size_t length, struct audit_found *found)
{
	found->was_cut = true;
	found->cut_at = (uint64_t)self->length - length;
	found->cut_bytes = length;
	memcpy(found->cut_file, self->name, sizeof(found->cut_file));
	snprintf(found->cut_saved_as, sizeof(found->cut_saved_as), "%.18s.cut-%llu", self->name,
	        (unsigned long long)found->cut_at);
	int fd = openat(self->folder_fd, found->cut_saved_as,
	        O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return SHOJI_ERR_SYSTEM;
	int error = write_all(fd, bytes, length);
	if (!error && (fsync(fd) < 0 || fsync(self->folder_fd) < 0))
		error = SHOJI_ERR_SYSTEM;
	close(fd);
	if (error)
		return error;
	self->length = (off_t)found->cut_at;
	if (ftruncate(self->fd, self->length) < 0 || fsync(self->fd) < 0)
		return SHOJI_ERR_SYSTEM;
	log_warning(0, "the audit log %s ended in an incomplete line; its %zu bytes are kept in %s",
	        self->name, length, found->cut_saved_as);
	return 0;
}

static void read_last_line(
        struct audit_log *self, const char *line, size_t length, struct audit_found *found)
{
	json_t *record = json_loadb(line, length, 0, NULL);
	const char *prev = json_string_value(json_object_get(record, "prev"));
	const char *event = json_string_value(json_object_get(record, "event"));
	struct audit_head head;

	audit_head_init(&head);
	head.number = (uint64_t)json_integer_value(json_object_get(record, "number")) - 1;
	if (prev && strlen(prev) == AUDIT_HASH_TEXT)
		memcpy(head.hash, prev, AUDIT_HASH_TEXT);
	if (audit_chain_check(&head, line, length) == AUDIT_LINE_GOOD) {
		self->head = head;
		found->was_stopped = event && strcmp(event, "broker_stop") == 0;
	} else {
		found->is_damaged = true;
		found->damage = "the last line is not what was written";
	}
	json_decref(record);
}

static int read_state(struct audit_log *self, struct audit_found *found)
{
	static char end[2 * (AUDIT_LINE_MAX + 1)];
	ssize_t n = read_end(self, end, sizeof(end));

	if (n < 0)
		return SHOJI_ERR_SYSTEM;
	size_t length = (size_t)n;
	while (length > 0 && end[length - 1] != '\n')
		length--;
	if (length == 0 && self->length > (off_t)sizeof(end)) {
		found->is_damaged = true;
		found->damage = "the last line is longer than any that keeper writes";
		return 0;
	}
	if (length < (size_t)n) {
		int error = save_cut(self, end + length, (size_t)n - length, found);
		if (error)
			return error;
	}
	size_t start = length > 0 ? length - 1 : 0;
	while (start > 0 && end[start - 1] != '\n')
		start--;
	if (length > 0)
		read_last_line(self, end + start, length - 1 - start, found);
	return 0;
}

/* The file of this month may be empty (cut at its first line): the chain then goes on from the one before. */
static int read_chain(struct audit_log *self, struct audit_found *found)
{
	char(*names)[AUDIT_FILE_NAME_BYTES];
	int n = audit_log_list(self->folder_fd, &names);
	int error = n < 0 ? n : 0;

	for (int i = n - 1; !error && i >= 0; i--) {
		struct audit_log file = {.folder_fd = self->folder_fd, .fd = -1};
		struct stat status;
		audit_head_init(&file.head);
		memcpy(file.name, names[i], AUDIT_FILE_NAME_BYTES);
		file.fd = openat(
		        self->folder_fd, names[i], O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
		if (file.fd < 0 || fstat(file.fd, &status) < 0) {
			error = SHOJI_ERR_SYSTEM;
		} else {
			file.length = status.st_size;
			error = read_state(&file, found);
		}
		if (file.fd >= 0)
			close(file.fd);
		if (i == n - 1)
			self->length = file.length;
		self->head = file.head;
		if (file.head.number > 0 || found->is_damaged)
			break;
	}
	if (n >= 0)
		free(names);
	return error;
}

/* The line that ends at *at (newline included), which is moved to its beginning. Its length without newline, or -1. */
static ssize_t line_before(int fd, off_t *at, char line[AUDIT_LINE_MAX + 2])
{
	size_t size = *at < AUDIT_LINE_MAX + 2 ? (size_t)*at : AUDIT_LINE_MAX + 2;
	ssize_t n = pread(fd, line, size, *at - (off_t)size);

	if (n != (ssize_t)size || size == 0 || line[size - 1] != '\n')
		return -1;
	size_t start = size - 1;
	while (start > 0 && line[start - 1] != '\n')
		start--;
	if (start == 0 && (off_t)size < *at)
		return -1; /* longer than any that keeper writes */
	size_t length = size - 1 - start;
	memmove(line, line + start, length);
	*at -= (off_t)length + 1;
	return (ssize_t)length;
}

/* head is where the chain stands after this line; true: it is, and *head is where it stood before. */
static bool step_back(struct audit_head *head, const char *line, size_t length)
{
	json_t *record = json_loadb(line, length, 0, NULL);
	const char *prev = json_string_value(json_object_get(record, "prev"));
	struct audit_head before = {.number = head->number - 1};
	bool is_good = prev && strlen(prev) == AUDIT_HASH_TEXT;

	if (is_good) {
		memcpy(before.hash, prev, AUDIT_HASH_TEXT + 1);
		struct audit_head after = before;
		is_good = audit_chain_check(&after, line, length) == AUDIT_LINE_GOOD &&
		          strcmp(after.hash, head->hash) == 0;
	}
	json_decref(record);
	if (is_good)
		*head = before;
	return is_good;
}

static bool walk_back_file(
        int folder_fd, const char *name, struct audit_head *head, const struct audit_head *known)
{
	char line[AUDIT_LINE_MAX + 2];
	struct stat status;
	int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool is_good = fd >= 0 && fstat(fd, &status) == 0;

	for (off_t at = is_good ? status.st_size : 0;
	        is_good && at > 0 && head->number > known->number;) {
		ssize_t length = line_before(fd, &at, line);
		is_good = length >= 0 && step_back(head, line, (size_t)length);
	}
	if (fd >= 0)
		close(fd);
	return is_good;
}

/* Whether the chain, walked back from its end, comes through the line that the database knows. */
static bool is_continuation(const struct audit_log *self, const struct audit_head *known)
{
	char(*names)[AUDIT_FILE_NAME_BYTES];
	struct audit_head head = self->head;
	int n = audit_log_list(self->folder_fd, &names);
	bool is_good = n > 0;

	for (int i = n - 1; is_good && i >= 0 && head.number > known->number; i--)
		is_good = walk_back_file(self->folder_fd, names[i], &head, known);
	if (n >= 0)
		free(names);
	return is_good && head.number == known->number && strcmp(head.hash, known->hash) == 0;
}

/* The database knows how far the log was: cut-off lines cannot be told from the chain alone, and lines that were
 * written anew with one more behind them would look like a commit that the database missed. */
static void compare_with_known(
        struct audit_log *self, const struct audit_head *known, struct audit_found *found)
{
	const char *damage = NULL;

	if (self->head.number < known->number)
		damage = "lines are missing at the end of the log";
	else if (self->head.number == known->number && strcmp(self->head.hash, known->hash) != 0)
		damage = "the last line was replaced";
	else if (self->head.number > known->number && !is_continuation(self, known))
		damage = "lines were replaced, and others added behind them";
	if (!damage)
		return;
	if (!found->is_damaged)
		found->damage = damage;
	found->is_damaged = true;
	self->head = *known;
}

int audit_log_open(struct audit_log *self, const char *path, const struct audit_head *known,
        struct audit_found *found)
{
	int error = 0;

	*self = (struct audit_log){.folder_fd = -1, .fd = -1};
	*found = (struct audit_found){0};
	audit_head_init(&self->head);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		error = SHOJI_ERR_SYSTEM;
	if (!error)
		self->folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (self->folder_fd < 0)
		error = SHOJI_ERR_SYSTEM;
	if (!error)
		error = open_newest(self);
	if (!error)
		error = read_chain(self, found);
	if (error) {
		log_error(0,
		        "cannot open the audit log in %s: %m; it must belong to keeper's account",
		        path);
		audit_log_close(self);
		return error;
	}
	compare_with_known(self, known, found);
	if (found->is_damaged)
		log_error(0, "the audit log is damaged: %s; run 'shojictl audit verify'",
		        found->damage);
	return 0;
}

void audit_log_close(struct audit_log *self)
{
	if (self->fd >= 0)
		close(self->fd);
	if (self->folder_fd >= 0)
		close(self->folder_fd);
	self->fd = self->folder_fd = -1;
}

static int open_month(struct audit_log *self, unsigned month)
{
	char name[AUDIT_FILE_NAME_BYTES];
	struct stat status;

	snprintf(name, sizeof(name), "audit-%06u.jsonl", month % 1000000);
	/* After a clock was set back, the newest file goes on: order in the log is the order of its files. */
	if (self->fd >= 0 && strcmp(name, self->name) <= 0)
		return 0;
	int fd = openat(
	        self->folder_fd, name, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return SHOJI_ERR_SYSTEM;
	if (fstat(fd, &status) < 0 || fsync(self->folder_fd) < 0) {
		close(fd);
		return SHOJI_ERR_SYSTEM;
	}
	if (self->fd >= 0)
		close(self->fd);
	self->fd = fd;
	self->length = status.st_size;
	memcpy(self->name, name, sizeof(name));
	return 0;
}

/* Takes back what a failed write of ours left; the same records are written again later. */
static int drop_rest(struct audit_log *self)
{
	if (!self->has_rest)
		return 0;
	if (ftruncate(self->fd, self->length) < 0)
		return SHOJI_ERR_SYSTEM;
	self->has_rest = false;
	return 0;
}

int audit_log_write(struct audit_log *self, unsigned month, const char *lines, size_t length,
        const struct audit_head *head)
{
	int error = drop_rest(self);

	if (!error)
		error = open_month(self, month);
	if (error)
		return error;
	self->has_rest = true;
	error = write_all(self->fd, lines, length);
	if (!error && fdatasync(self->fd) < 0)
		error = SHOJI_ERR_SYSTEM;
	if (error) {
		int saved_errno = errno;
		drop_rest(self);
		errno = saved_errno;
		return error;
	}
	self->has_rest = false;
	self->length += (off_t)length;
	self->head = *head;
	return 0;
}
