/* Judges what encode takes for photographs, on the pictures that photo-corpus.mjs makes: pairs of a page with writing and without it.
 * Where the two differ there is writing. Pages are cut into screens of many heights, so that letters are cut by edges as well.
 * Bench tool: stands outside the product.
 *
 * usage: photo-detector WRITTEN.png PLAIN.png ...     prints JSON: tiles of writing and of pictures, how many are taken for photographs,
 *                                                     and the processor's time a tile */
#include "encode/image.h"
#include "encode/photo_detect.h"
#include "stream/picture.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LEGIBLE 48 /* of 255 off its ground */

struct page {
	uint32_t *pixels; /* B,G,R,A */
	uint32_t width, height;
};

struct counts {
	size_t writing, writing_taken; /* tiles with a pixel of it */
	size_t ground, ground_taken;   /* tiles of pictures and nothing else */
	double us;
};

static int load(struct page *page, const char *path)
{
	png_image png = {.version = PNG_IMAGE_VERSION};

	if (!png_image_begin_read_from_file(&png, path))
		return -1;
	png.format = PNG_FORMAT_BGRA;
	*page = (struct page){malloc(PNG_IMAGE_SIZE(png)), png.width, png.height};
	return page->pixels && png_image_finish_read(&png, NULL, page->pixels, 0, NULL) ? 0 : -1;
}

static bool is_writing(uint32_t a, uint32_t b)
{
	for (uint32_t shift = 0; shift < 24; shift += 8)
		if (abs((int)(a >> shift & 255) - (int)(b >> shift & 255)) >= LEGIBLE)
			return true;
	return false;
}

static struct image screen_of(const struct page *page, uint32_t top, uint32_t height)
{
	return (struct image){page->pixels + (size_t)top * page->width, (uint16_t)page->width,
	        (uint16_t)height, true};
}

static bool detect(const struct image *screen, const struct rect *tile, struct counts *counts)
{
	struct timespec start, end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	bool is_taken = photo_detect(screen, tile);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	counts->us += (double)(end.tv_sec - start.tv_sec) * 1e6 +
	              (double)(end.tv_nsec - start.tv_nsec) / 1e3;
	return is_taken;
}

static void judge_tile(const struct image *written, const struct image *plain,
        const struct rect *tile, struct counts *counts)
{
	size_t n_writing = 0, n_paper = 0;

	for (uint32_t y = tile->y; y < tile->y + (uint32_t)tile->height; y++)
		for (uint32_t x = tile->x; x < tile->x + (uint32_t)tile->width; x++) {
			size_t at = (size_t)y * written->width + x;
			n_writing += is_writing(written->pixels[at], plain->pixels[at]);
			n_paper += (plain->pixels[at] & 0xffffff) == 0xffffff;
		}
	if (n_writing > 0) {
		counts->writing++;
		counts->writing_taken += detect(written, tile, counts);
	}
	if (n_paper == 0) {
		counts->ground++;
		counts->ground_taken += detect(plain, tile, counts);
	}
}

static void judge_screen(
        const struct image *written, const struct image *plain, struct counts *counts)
{
	for (uint32_t y = 0; y < written->height; y += PICTURE_TILE)
		for (uint32_t x = 0; x < written->width; x += PICTURE_TILE) {
			uint32_t width = written->width - x, height = written->height - y;
			struct rect tile = {(uint16_t)x, (uint16_t)y,
			        (uint16_t)(width < PICTURE_TILE ? width : PICTURE_TILE),
			        (uint16_t)(height < PICTURE_TILE ? height : PICTURE_TILE)};
			judge_tile(written, plain, &tile, counts);
		}
}

static int judge_pair(const char *written_path, const char *plain_path, struct counts *counts)
{
	struct page written, plain;
	uint32_t height = 131;

	if (load(&written, written_path) || load(&plain, plain_path) ||
	        written.width != plain.width || written.height != plain.height) {
		fprintf(stderr, "%s, %s: not a pair of pictures\n", written_path, plain_path);
		return 1;
	}
	for (uint32_t top = 0; top < written.height;
	        top += height, height = 90 + height * 7 % 331) {
		uint32_t rest = written.height - top, shown = rest < height ? rest : height;
		struct image with = screen_of(&written, top, shown);
		struct image without = screen_of(&plain, top, shown);
		judge_screen(&with, &without, counts);
	}
	free(written.pixels);
	free(plain.pixels);
	return 0;
}

int main(int argc, char **argv)
{
	struct counts counts = {0};

	if (argc < 3 || argc % 2 == 0) {
		fprintf(stderr, "usage: %s WRITTEN.png PLAIN.png ...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i += 2)
		if (judge_pair(argv[i], argv[i + 1], &counts))
			return 1;
	printf("{\"tiles_with_writing\": %zu, \"taken_for_photographs\": %zu, "
	       "\"tiles_of_pictures\": %zu, "
	       "\"found\": %zu, \"us_a_tile\": %.1f}\n",
	        counts.writing, counts.writing_taken, counts.ground, counts.ground_taken,
	        counts.us / (double)(counts.writing + counts.ground));
	return 0;
}
