/* Finds the viewer's files by path. Paths are compared with the bundle's names, never resolved: there is
 * no file system behind them. */
#include "gate/assets_served.h"

#include "base/assets.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct assets_served {
	struct assets *bundle;
	size_t n_files;
	struct asset_served *files; /* in the bundle's order */
};

static int make_etag(const struct asset *asset, char out[ETAG_MAX])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(asset->data, asset->length, digest, NULL, EVP_sha256(), NULL))
		return SHOJI_ERR_MEMORY;
	out[0] = '"';
	for (size_t i = 0; i < 16; i++)
		snprintf(out + 1 + 2 * i, 3, "%02x", digest[i]);
	memcpy(out + 33, "\"", 2);
	return 0;
}

static int fill(struct assets_served *self)
{
	self->n_files = assets_count(self->bundle);
	self->files = calloc(self->n_files ? self->n_files : 1, sizeof(*self->files));
	if (!self->files)
		return SHOJI_ERR_MEMORY;
	for (size_t i = 0; i < self->n_files; i++) {
		const struct asset *asset = assets_at(self->bundle, i);
		self->files[i] = (struct asset_served){.content_type = asset->content_type,
		        .data = asset->data,
		        .length = asset->length};
		int error = make_etag(asset, self->files[i].etag);
		if (error)
			return error;
	}
	return assets_served_find(self, "/") ? 0 : SHOJI_ERR_NOT_FOUND;
}

int assets_served_open(int fd, struct assets_served **out)
{
	struct assets_served *self = calloc(1, sizeof(*self));

	if (!self)
		return SHOJI_ERR_MEMORY;
	int error = assets_open(fd, &self->bundle);
	if (!error)
		error = fill(self);
	if (error)
		assets_served_free(self);
	else
		*out = self;
	return error;
}

void assets_served_free(struct assets_served *self)
{
	if (!self)
		return;
	free(self->files);
	assets_free(self->bundle);
	free(self);
}

const struct asset_served *assets_served_find(const struct assets_served *self, const char *path)
{
	const char *name = !strcmp(path, "/") ? "index.html" : path + 1;

	for (size_t i = 0; i < self->n_files; i++)
		if (!strcmp(assets_at(self->bundle, i)->name, name))
			return &self->files[i];
	return NULL;
}
