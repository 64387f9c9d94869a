/* The viewer's files as they are served: by path, each with an ETag. */
#ifndef SHOJI_GATE_ASSETS_SERVED_H
#define SHOJI_GATE_ASSETS_SERVED_H

#include <stddef.h>
#include <stdint.h>

#define ETAG_MAX 40 /* bytes with NUL and quotes */

struct assets_served;

struct asset_served {
	const char *content_type;
	const uint8_t *data;
	size_t length;
	char etag[ETAG_MAX]; /* with its quotes */
};

/* fd: monitor's bundle (base/assets.h); stays the caller's. Errors as assets_open(), or SHOJI_ERR_NOT_FOUND
 * when there is no index.html. */
int assets_served_open(int fd, struct assets_served **out);
void assets_served_free(struct assets_served *self);

/* path begins with '/'; "/" is index.html. NULL: no such file. */
const struct asset_served *assets_served_find(const struct assets_served *self, const char *path);

#endif
