/* Collects what gate serves. The folder is the administrator's; only kinds of files that a viewer
 * has are taken, so that something that lies there by mistake is not published. */
#include "monitor/viewer_files.h"

#include "base/assets.h"
#include "base/error.h"
#include "base/log.h"
#include "monitor/read_file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 4
#define FILE_BYTES_MAX (16 * 1024 * 1024)
#define NAME_BYTES_MAX (ASSET_NAME_MAX + 1)

const char *viewer_file_type(const char *name)
{
	static const struct {
		const char *ending;
		const char *type;
	} types[] = {
	        {".html", "text/html; charset=utf-8"},
	        {".css", "text/css; charset=utf-8"},
	        {".js", "text/javascript; charset=utf-8"},
	        {".mjs", "text/javascript; charset=utf-8"},
	        {".json", "application/json"},
	        {".wasm", "application/wasm"},
	        {".svg", "image/svg+xml"},
	        {".png", "image/png"},
	        {".ico", "image/x-icon"},
	        {".woff2", "font/woff2"},
	        {".txt", "text/plain; charset=utf-8"},
	};
	const char *ending = strrchr(name, '.');

	for (size_t i = 0; ending && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(ending, types[i].ending))
			return types[i].type;
	return NULL;
}

struct walk {
	struct assets_writer writer;
	const char *folder;
	bool has_index;
	char *complaint;
	size_t size;
};

static int join(char out[PATH_MAX], const char *folder, const char *name)
{
	return snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX ? 0 : SHOJI_ERR_LIMIT;
}

static int add_file(struct walk *self, const char *path, const char *name)
{
	const char *type = viewer_file_type(name);
	size_t length;
	char *bytes;

	if (!type) {
		log_debug(0, "%s: not a file of the viewer; left out", path);
		return 0;
	}
	int error = read_file(path, FILE_BYTES_MAX, &bytes, &length, self->complaint, self->size);
	if (error)
		return error;
	assets_writer_add(&self->writer, name, type, bytes, length);
	self->has_index |= !strcmp(name, "index.html");
	free(bytes);
	return 0;
}

static int add_folder(struct walk *self, const char *below, int depth);

static int add_entry(struct walk *self, const char *below, const char *name, int depth)
{
	char path[PATH_MAX];
	char full_name[NAME_BYTES_MAX];
	struct stat status;

	if (name[0] == '.')
		return 0;
	int length =
	        snprintf(full_name, sizeof(full_name), "%s%s%s", below, below[0] ? "/" : "", name);
	if (length >= (int)sizeof(full_name) || join(path, self->folder, full_name)) {
		snprintf(self->complaint, self->size, "%s/%s: its name is too long", below, name);
		return SHOJI_ERR_LIMIT;
	}
	if (lstat(path, &status) < 0) {
		snprintf(self->complaint, self->size, "%s: %s", path, strerror(errno));
		return SHOJI_ERR_SYSTEM;
	}
	if (S_ISDIR(status.st_mode) && depth > 0)
		return add_folder(self, full_name, depth - 1);
	return S_ISREG(status.st_mode) ? add_file(self, path, full_name) : 0;
}

static int add_folder(struct walk *self, const char *below, int depth)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	int error = join(path, self->folder, below);

	DIR *folder = error ? NULL : opendir(path);
	if (!folder) {
		snprintf(self->complaint, self->size, "%s: %s", path, strerror(errno));
		return SHOJI_ERR_SYSTEM;
	}
	while (!error && (entry = readdir(folder)))
		error = add_entry(self, below, entry->d_name, depth);
	closedir(folder);
	return error;
}

int viewer_files_load(const char *folder, int *fd, char *complaint, size_t size)
{
	struct walk walk = {.folder = folder, .complaint = complaint, .size = size};
	int bundle = -1;

	if (assets_writer_init(&walk.writer)) {
		snprintf(complaint, size, "cannot hold the viewer's files in memory: %s",
		        strerror(errno));
		return SHOJI_ERR_SYSTEM;
	}
	int error = add_folder(&walk, "", DEPTH_MAX);
	int finish_error = assets_writer_finish(&walk.writer, &bundle);
	if (!error && finish_error) {
		error = finish_error;
		snprintf(complaint, size, "%s: too many or too large files for a viewer", folder);
	}
	if (!error && !walk.has_index) {
		error = SHOJI_ERR_NOT_FOUND;
		snprintf(complaint, size,
		        "%s: has no index.html; set gate.viewer_folder to the viewer's files",
		        folder);
	}
	if (error && bundle >= 0)
		close(bundle);
	if (!error)
		*fd = bundle;
	return error;
}
