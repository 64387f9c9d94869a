/* A bundle of files as one block of bytes: how monitor hands gate the viewer's files, because gate
 * lives in an empty root and opens none.
 *
 *   u32 magic "SHJA", u32 version 1, then entries:
 *   string name (u16 length, never empty), string content type, u32 length, the bytes
 *   and after the last one an empty name (u16 0). Nothing follows. Little endian.
 *
 * It travels in a memfd sealed against every change, so that what was checked once stays true. */
#ifndef SHOJI_BASE_ASSETS_H
#define SHOJI_BASE_ASSETS_H

#include <stddef.h>
#include <stdint.h>

#define ASSET_NAME_MAX 255         /* bytes; "index.html", "lib/decoder.wasm": no leading slash */
#define ASSET_CONTENT_TYPE_MAX 127 /* bytes */
#define ASSETS_MAX 1024            /* entries */
#define ASSETS_BYTES_MAX (64 * 1024 * 1024)

struct asset {
	char name[ASSET_NAME_MAX + 1];
	char content_type[ASSET_CONTENT_TYPE_MAX + 1];
	const uint8_t *data; /* borrowed from the bundle */
	size_t length;
};

struct assets;

/* ---- writing (monitor) ---- */

struct assets_writer {
	int fd; /* owned until assets_writer_finish() */
	size_t n_entries;
	size_t length;
	int error; /* the first failure; later calls do nothing */
};

/* Begins a bundle in a new memfd. Returns 0 or SHOJI_ERR_SYSTEM. */
int assets_writer_init(struct assets_writer *self);
/* Failures are remembered: SHOJI_ERR_LIMIT (name, type, count or bytes), SHOJI_ERR_SYSTEM. */
void assets_writer_add(struct assets_writer *self, const char *name, const char *content_type,
        const void *data, size_t length);
/* Ends and seals the bundle. Returns 0 and *fd (the caller's), or the first failure: then nothing
 * is left. */
int assets_writer_finish(struct assets_writer *self, int *fd);

/* ---- reading (gate) ---- */

/* Maps a bundle. fd stays the caller's and may be closed at once. A bundle that is not sealed
 * against writing and shrinking is refused (SHOJI_ERR_FORBIDDEN); else SHOJI_ERR_MALFORMED,
 * SHOJI_ERR_LIMIT, SHOJI_ERR_SYSTEM or SHOJI_ERR_MEMORY. */
int assets_open(int fd, struct assets **out);
/* The same over bytes, which are borrowed until assets_free(). */
int assets_parse(const uint8_t *data, size_t length, struct assets **out);
void assets_free(struct assets *self);

/* NULL: no file of that name. */
const struct asset *assets_find(const struct assets *self, const char *name);
size_t assets_count(const struct assets *self);
/* The n-th entry in the bundle's order; index below assets_count(). */
const struct asset *assets_at(const struct assets *self, size_t index);

/* One file's bytes in a sealed memfd (certificate, key, list of policies). Returns 0 and *fd or
 * SHOJI_ERR_SYSTEM. */
int memfd_sealed(const char *name, const void *data, size_t length, int *fd);

#endif
