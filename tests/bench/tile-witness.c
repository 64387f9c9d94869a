/* Whether what a viewer shows of a page is the page, tile by tile, while it is scrolled. The page is learned from the isolated
 * display at rest: the hashes of every 32x32 pixels that begin at a multiple of 32 across and at any row down. A tile of the
 * viewer is right if it is one of those of its column: then it shows the page at some scroll position. Bench tool:
 * stands outside the product.
 *
 * usage: DISPLAY=:N tile-witness learn X,Y,WIDTH,HEIGHT FILE        adds what the area shows now
 *        tile-witness watch X,Y,WIDTH,HEIGHT MS EVERY_MS FILE       prints READY; what it shows in that time
 *        tile-witness picture X,Y,WIDTH,HEIGHT FILE                 the area as it is: B,G,R,X
 *        tile-witness compare LEARNED SHOWN                         prints JSON: how much of SHOWN is in LEARNED
 *
 * A tile of few colours is text or interface, one of many a photograph: they are counted apart. FILE: entries of
 * u32 place (shown: row and column; learned: column), u32 is text, u64 hash. */
#include "bench/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TILE 32
#define SLOTS (1u << 22)
/* Antialiased text has at most this many in a tile (16 levels of a few pairs of colours). */
#define TEXT_COLOURS_MAX 160

struct entry {
	uint32_t place, is_text;
	uint64_t hash; /* 0: no entry */
};

struct set {
	struct entry *entries; /* SLOTS of them */
	size_t n;
};

static struct entry *slot(struct set *set, uint32_t place, uint64_t hash)
{
	uint64_t at = (hash ^ (uint64_t)place * 0x9e3779b97f4a7c15u) >> 20;

	for (;; at++) {
		struct entry *entry = &set->entries[at % SLOTS];
		if (entry->hash == 0 || (entry->hash == hash && entry->place == place))
			return entry;
	}
}

static uint64_t hash_tile(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++) {
			uint32_t pixel;
			memcpy(&pixel, pixels + y * stride + (size_t)x * 4, 4);
			hash = (hash ^ (pixel & 0xffffff)) * 0x100000001b3u;
			hash ^= hash >> 29;
		}
	return hash ? hash : 1;
}

static bool has_few_colours(const uint8_t *pixels, size_t stride)
{
	static uint32_t seen[1024]; /* colour + 1, by its hash */
	size_t n = 0;

	memset(seen, 0, sizeof(seen));
	for (uint32_t y = 0; y < TILE; y++)
		for (uint32_t x = 0; x < TILE && n <= TEXT_COLOURS_MAX; x++) {
			uint32_t pixel, at;
			memcpy(&pixel, pixels + y * stride + (size_t)x * 4, 4);
			pixel = (pixel & 0xffffff) + 1;
			for (at = pixel * 2654435761u >> 22; seen[at] && seen[at] != pixel;)
				at = (at + 1) % 1024;
			n += seen[at] == 0;
			seen[at] = pixel;
		}
	return n <= TEXT_COLOURS_MAX;
}

/* step: rows from one tile to the next. */
static void take_tiles(struct set *set, const struct watch *watch, uint32_t step, bool has_row)
{
	uint32_t width = watch->areas[0].width, height = watch->areas[0].height;
	size_t stride = (size_t)width * 4;

	for (uint32_t y = 0; y + TILE <= height; y += step)
		for (uint32_t x = 0; x + TILE <= width; x += TILE) {
			const uint8_t *pixels = watch->now + y * stride + (size_t)x * 4;
			uint32_t place = (has_row ? y << 16 : 0) | x;
			uint64_t hash = hash_tile(pixels, stride, TILE, TILE);
			struct entry *entry = slot(set, place, hash);
			if (entry->hash || set->n > SLOTS / 2)
				continue;
			*entry = (struct entry){place, has_few_colours(pixels, stride), hash};
			set->n++;
		}
}

static int write_set(const struct set *set, const char *path, const char *mode)
{
	FILE *file = fopen(path, mode);

	if (!file)
		return 1;
	for (size_t i = 0; i < SLOTS; i++)
		if (set->entries[i].hash)
			fwrite(&set->entries[i], sizeof(struct entry), 1, file);
	return fclose(file) == 0 ? 0 : 1;
}

static int learn(struct set *set, const char *area_text, const char *path)
{
	struct watch_area area;
	struct watch watch;

	if (!watch_area_read(area_text, &area))
		return 2;
	watch_open(&watch, &area, 1);
	take_tiles(set, &watch, 1, false);
	watch_close(&watch);
	return write_set(set, path, "ab");
}

static int watch_tiles(struct set *set, char **words)
{
	struct watch_area area;
	struct watch watch;

	if (!watch_area_read(words[0], &area) || atof(words[2]) <= 0)
		return 2;
	watch_open(&watch, &area, 1);
	/* Whoever started us may begin now. */
	printf("READY\n");
	fflush(stdout);
	double now_ms = watch_now_ms(), end_ms = now_ms + atof(words[1]), next_ms = now_ms;
	while (watch_wait(&watch, end_ms)) {
		if (watch_now_ms() < next_ms || !watch_take(&watch))
			continue;
		take_tiles(set, &watch, TILE, true);
		next_ms = watch_now_ms() + atof(words[2]);
	}
	watch_close(&watch);
	return write_set(set, words[3], "wb");
}

static int write_picture(const char *area_text, const char *path)
{
	struct watch_area area;
	struct watch watch;
	FILE *file = fopen(path, "wb");

	if (!file || !watch_area_read(area_text, &area))
		return 2;
	watch_open(&watch, &area, 1);
	fwrite(watch.now, 1, watch.size_bytes, file);
	watch_close(&watch);
	return fclose(file) == 0 ? 0 : 1;
}

static int compare(struct set *set, const char *learned, const char *shown)
{
	FILE *of_page = fopen(learned, "rb"), *of_viewer = fopen(shown, "rb");
	struct entry entry;
	size_t n[2] = {0}, n_right[2] = {0};

	if (!of_page || !of_viewer)
		return 1;
	while (fread(&entry, sizeof(entry), 1, of_page) == 1)
		*slot(set, entry.place, entry.hash) = entry;
	while (fread(&entry, sizeof(entry), 1, of_viewer) == 1) {
		n[entry.is_text != 0]++;
		n_right[entry.is_text != 0] +=
		        slot(set, entry.place & 0xffff, entry.hash)->hash != 0;
	}
	fclose(of_page);
	fclose(of_viewer);
	printf("{\"text_tiles\": %zu, \"text_exact\": %zu, \"photo_tiles\": %zu, \"photo_exact\": "
	       "%zu}\n",
	        n[1], n_right[1], n[0], n_right[0]);
	return 0;
}

int main(int argc, char **argv)
{
	struct set set = {calloc(SLOTS, sizeof(struct entry)), 0};

	if (set.entries && argc == 6 && strcmp(argv[1], "watch") == 0)
		return watch_tiles(&set, argv + 2);
	if (set.entries && argc == 4 && strcmp(argv[1], "learn") == 0)
		return learn(&set, argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "picture") == 0)
		return write_picture(argv[2], argv[3]);
	if (set.entries && argc == 4 && strcmp(argv[1], "compare") == 0)
		return compare(&set, argv[2], argv[3]);
	fprintf(stderr,
	        "usage: tile-witness watch X,Y,WIDTH,HEIGHT MS FILE | compare HOST VIEWER\n");
	return 2;
}
