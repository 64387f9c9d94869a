/* Collects what goes into an isolated host by content. Reads only what the installation put there; what
 * is read is never parsed. */
#include "shepherd/guest_files.h"

#include "base/error.h"
#include "base/guest.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 4

static struct guest_file *add(struct guest_files *self, const char *path)
{
	struct guest_file *file;

	if (self->n_files == GUEST_FILES_MAX)
		return NULL;
	file = &self->files[self->n_files];
	*file = (struct guest_file){.fd = -1};
	if (snprintf(file->path, sizeof(file->path), "%s", path) >= (int)sizeof(file->path))
		return NULL;
	return file;
}

int guest_files_add_fd(struct guest_files *self, const char *path, int fd)
{
	struct guest_file *file = add(self, path);

	if (!file) {
		close(fd);
		return SHOJI_ERR_LIMIT;
	}
	file->fd = fd;
	self->n_files++;
	return 0;
}

int guest_files_add_text(struct guest_files *self, const char *path, const char *text)
{
	size_t length = strlen(text);
	int fd = memfd_create("guest-file", MFD_CLOEXEC);

	if (fd < 0)
		return SHOJI_ERR_SYSTEM;
	if (write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0) {
		close(fd);
		return SHOJI_ERR_SYSTEM;
	}
	return guest_files_add_fd(self, path, fd);
}

/* At most so much: policies are a few KiB. */
#define COPY_BYTES_MAX (1024 * 1024)

int guest_files_add_copy(struct guest_files *self, const char *path, int fd)
{
	int copy = memfd_create("guest-file", MFD_CLOEXEC);
	char bytes[4096];
	off_t at = 0;
	ssize_t n = -1;

	if (copy < 0)
		return SHOJI_ERR_SYSTEM;
	while (at <= COPY_BYTES_MAX && (n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		if (write(copy, bytes, (size_t)n) != n)
			break;
		at += n;
	}
	if (n != 0 || lseek(copy, 0, SEEK_SET) != 0) {
		close(copy);
		return n > 0 ? SHOJI_ERR_LIMIT : SHOJI_ERR_SYSTEM;
	}
	return guest_files_add_fd(self, path, copy);
}

static int add_program(struct guest_files *self, int folder, const char *name)
{
	char path[GUEST_FILE_PATH_MAX];
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		log_error(0, "cannot open %s in the folder of the programs: %m", name);
		return SHOJI_ERR_SYSTEM;
	}
	snprintf(path, sizeof(path), "%s/%s", GUEST_PROGRAMS, name);
	int error = guest_files_add_fd(self, path, fd);
	if (!error)
		self->files[self->n_files - 1].is_program = true;
	return error;
}

static int add_folder(
        struct guest_files *self, int parent, const char *name, const char *inside, int depth);

static int add_entry(
        struct guest_files *self, int folder, const char *name, const char *inside, int depth)
{
	char path[GUEST_FILE_PATH_MAX];
	struct stat status;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", inside, name) >= (int)sizeof(path))
		return SHOJI_ERR_LIMIT;
	if (fstatat(folder, name, &status, 0) < 0)
		return SHOJI_ERR_SYSTEM;
	if (S_ISDIR(status.st_mode))
		return add_folder(self, folder, name, path, depth + 1);
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? SHOJI_ERR_SYSTEM : guest_files_add_fd(self, path, fd);
}

static int add_folder(
        struct guest_files *self, int parent, const char *name, const char *inside, int depth)
{
	struct dirent *entry;
	int error = 0;
	int fd = depth > DEPTH_MAX ? -1 : openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list) {
		if (fd >= 0)
			close(fd);
		return SHOJI_ERR_SYSTEM;
	}
	while (!error && (entry = readdir(list)))
		if (entry->d_name[0] != '.')
			error = add_entry(self, dirfd(list), entry->d_name, inside, depth);
	closedir(list);
	return error;
}

int guest_files_open(struct guest_files *self, const char *program_folder)
{
	int folder = open(program_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error;

	memset(self, 0, sizeof(*self));
	if (folder < 0) {
		log_error(0, "cannot open the folder of the programs: %m");
		return SHOJI_ERR_SYSTEM;
	}
	error = add_program(self, folder, GUEST_INIT);
	if (!error)
		error = add_program(self, folder, GUEST_FORWARD);
	if (!error)
		error = add_program(self, folder, GUEST_AGENT);
	if (!error)
		error = add_folder(self, folder, "guest", GUEST_DATA, 0);
	close(folder);
	if (error) {
		log_error(
		        0, "cannot read what the isolated host needs: %s", shoji_error_text(error));
		guest_files_finish(self);
	}
	return error;
}

void guest_files_finish(struct guest_files *self)
{
	for (size_t i = 0; i < self->n_files; i++)
		close(self->files[i].fd);
	self->n_files = 0;
}
