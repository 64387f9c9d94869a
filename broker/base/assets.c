/* Writes and reads a bundle of files. monitor writes what lies in the viewer's folder; gate reads
 * it. The reader stands inside gate's confinement and checks every length although monitor is
 * trusted: a folder with a strange file must not become a crash of gate. */
#include "base/assets.h"

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x414a4853u /* "SHJA" */
#define VERSION 1
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

struct assets {
	void *mapping; /* NULL: the bytes are borrowed */
	size_t mapping_bytes;
	size_t n_entries;
	struct asset *entries; /* owned; ASSETS_MAX at most */
};

static int write_all(int fd, const void *data, size_t length)
{
	const uint8_t *at = data;

	while (length > 0) {
		ssize_t n = write(fd, at, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return SHOJI_ERR_SYSTEM;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

int memfd_sealed(const char *name, const void *data, size_t length, int *fd)
{
	int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error = file < 0 ? SHOJI_ERR_SYSTEM : write_all(file, data, length);

	/* At the beginning again: a reader that uses read() needs no seek. */
	if (!error && (fcntl(file, F_ADD_SEALS, SEALS) < 0 || lseek(file, 0, SEEK_SET) < 0))
		error = SHOJI_ERR_SYSTEM;
	if (!error)
		*fd = file;
	else if (file >= 0)
		close(file);
	return error;
}

/* ---- writing ---- */

static void put(struct assets_writer *self, const void *data, size_t length)
{
	if (self->error)
		return;
	if (length > ASSETS_BYTES_MAX - self->length) {
		self->error = SHOJI_ERR_LIMIT;
		return;
	}
	self->error = write_all(self->fd, data, length);
	self->length += length;
}

int assets_writer_init(struct assets_writer *self)
{
	uint8_t head[8];
	struct bytes_writer writer;

	*self = (struct assets_writer){
	        .fd = memfd_create("assets", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
	if (self->fd < 0)
		return SHOJI_ERR_SYSTEM;
	bytes_writer_init(&writer, head, sizeof(head));
	bytes_put_u32(&writer, MAGIC);
	bytes_put_u32(&writer, VERSION);
	put(self, head, writer.length);
	return 0;
}

void assets_writer_add(struct assets_writer *self, const char *name, const char *content_type,
        const void *data, size_t length)
{
	uint8_t head[2 + ASSET_NAME_MAX + 2 + ASSET_CONTENT_TYPE_MAX + 4];
	struct bytes_writer writer;

	bytes_writer_init(&writer, head, sizeof(head));
	bytes_put_string(&writer, name, ASSET_NAME_MAX);
	bytes_put_string(&writer, content_type, ASSET_CONTENT_TYPE_MAX);
	bytes_put_u32(&writer, (uint32_t)length);
	/* An empty name would end the bundle. */
	if (!self->error && (writer.error || !name[0] || length > ASSETS_BYTES_MAX ||
	                            self->n_entries == ASSETS_MAX))
		self->error = SHOJI_ERR_LIMIT;
	put(self, head, writer.length);
	put(self, data, length);
	self->n_entries++;
}

int assets_writer_finish(struct assets_writer *self, int *fd)
{
	static const uint8_t end[2];

	put(self, end, sizeof(end));
	if (!self->error && fcntl(self->fd, F_ADD_SEALS, SEALS) < 0)
		self->error = SHOJI_ERR_SYSTEM;
	if (!self->error)
		*fd = self->fd;
	else
		close(self->fd);
	self->fd = -1;
	return self->error;
}

/* ---- reading ---- */

/* 1: an entry; 0: the end of the bundle, with nothing after it; or SHOJI_ERR_MALFORMED. */
static int read_entry(struct bytes_reader *reader, struct asset *out)
{
	bytes_get_string(reader, out->name, ASSET_NAME_MAX);
	if (reader->error)
		return reader->error;
	if (!out->name[0])
		return bytes_reader_finish(reader);
	bytes_get_string(reader, out->content_type, ASSET_CONTENT_TYPE_MAX);
	out->length = bytes_get_u32(reader);
	out->data = bytes_get_raw(reader, out->length);
	return reader->error ? reader->error : 1;
}

static int read_entries(struct assets *self, struct bytes_reader *reader)
{
	if (bytes_get_u32(reader) != MAGIC || bytes_get_u32(reader) != VERSION || reader->error)
		return SHOJI_ERR_MALFORMED;
	for (;;) {
		struct asset entry;
		int result = read_entry(reader, &entry);
		if (result <= 0)
			return result;
		if (self->n_entries == ASSETS_MAX)
			return SHOJI_ERR_LIMIT;
		if (assets_find(self, entry.name))
			return SHOJI_ERR_MALFORMED; /* which of the two would be served? */
		struct asset *grown =
		        realloc(self->entries, (self->n_entries + 1) * sizeof(*self->entries));
		if (!grown)
			return SHOJI_ERR_MEMORY;
		self->entries = grown;
		self->entries[self->n_entries++] = entry;
	}
}

int assets_parse(const uint8_t *data, size_t length, struct assets **out)
{
	struct bytes_reader reader;
	struct assets *self = calloc(1, sizeof(*self));

	if (!self)
		return SHOJI_ERR_MEMORY;
	bytes_reader_init(&reader, data, length);
	int error = length > ASSETS_BYTES_MAX ? SHOJI_ERR_LIMIT : read_entries(self, &reader);
	if (error) {
		assets_free(self);
		return error;
	}
	*out = self;
	return 0;
}

int assets_open(int fd, struct assets **out)
{
	struct stat status;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || fstat(fd, &status) < 0)
		return SHOJI_ERR_SYSTEM;
	if ((seals & (F_SEAL_WRITE | F_SEAL_SHRINK)) != (F_SEAL_WRITE | F_SEAL_SHRINK))
		return SHOJI_ERR_FORBIDDEN;
	if (status.st_size <= 0)
		return SHOJI_ERR_MALFORMED;
	if (status.st_size > ASSETS_BYTES_MAX)
		return SHOJI_ERR_LIMIT;
	void *mapping = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (mapping == MAP_FAILED)
		return SHOJI_ERR_SYSTEM;
	int error = assets_parse(mapping, (size_t)status.st_size, out);
	if (error) {
		munmap(mapping, (size_t)status.st_size);
		return error;
	}
	(*out)->mapping = mapping;
	(*out)->mapping_bytes = (size_t)status.st_size;
	return 0;
}

void assets_free(struct assets *self)
{
	if (!self)
		return;
	if (self->mapping)
		munmap(self->mapping, self->mapping_bytes);
	free(self->entries);
	free(self);
}

const struct asset *assets_find(const struct assets *self, const char *name)
{
	for (size_t i = 0; i < self->n_entries; i++)
		if (!strcmp(self->entries[i].name, name))
			return &self->entries[i];
	return NULL;
}

size_t assets_count(const struct assets *self)
{
	return self->n_entries;
}

const struct asset *assets_at(const struct assets *self, size_t index)
{
	ensure(index < self->n_entries);
	return &self->entries[index];
}
