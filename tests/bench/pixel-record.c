/* Records what an X display shows, once, for bench-codec to replay: each picture that differs from the one before, as the
 * smallest area that holds every changed pixel. Bench tool: stands outside the product.
 *
 * usage: DISPLAY=:N pixel-record X,Y,WIDTH,HEIGHT MS PICTURES_MAX FILE
 *   Prints READY once the first picture is taken. FILE is bench-codec's format (bench-codec.c) in one zstd frame with a
 *   window of 2^27, so that what was scrolled costs next to nothing. */
#include "bench/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define WINDOW_LOG 27
#define LEVEL 9

struct record {
	FILE *file;
	ZSTD_CCtx *stream;
	struct watch_area area;
};

static void put(struct record *self, const void *data, size_t length, ZSTD_EndDirective how)
{
	static uint8_t out[1 << 17];
	ZSTD_inBuffer in = {data, length, 0};
	size_t left;

	do {
		ZSTD_outBuffer to = {out, sizeof(out), 0};
		left = ZSTD_compressStream2(self->stream, &to, &in, how);
		if (ZSTD_isError(left) || fwrite(out, 1, to.pos, self->file) != to.pos) {
			fprintf(stderr, "pixel-record: cannot write\n");
			exit(1);
		}
	} while (how == ZSTD_e_end ? left > 0 : in.pos < in.size);
}

static void put_u16(struct record *self, uint16_t value)
{
	put(self, (const uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8)}, 2, ZSTD_e_continue);
}

static bool row_differs(const struct watch *watch, size_t y)
{
	size_t stride = (size_t)watch->areas[0].width * 4;

	return memcmp(watch->now + y * stride, watch->before + y * stride, stride) != 0;
}

static bool column_differs(const struct watch *watch, size_t x, size_t top, size_t bottom)
{
	size_t stride = (size_t)watch->areas[0].width * 4;

	for (size_t y = top; y < bottom; y++)
		if (memcmp(watch->now + y * stride + x * 4, watch->before + y * stride + x * 4,
		            4) != 0)
			return true;
	return false;
}

/* They differ somewhere. */
static void put_changed(struct record *self, const struct watch *watch)
{
	size_t top = 0, bottom = self->area.height, left = 0, right = self->area.width;

	while (!row_differs(watch, top))
		top++;
	while (!row_differs(watch, bottom - 1))
		bottom--;
	while (!column_differs(watch, left, top, bottom))
		left++;
	while (!column_differs(watch, right - 1, top, bottom))
		right--;
	put_u16(self, 1);
	put_u16(self, (uint16_t)left);
	put_u16(self, (uint16_t)top);
	put_u16(self, (uint16_t)(right - left));
	put_u16(self, (uint16_t)(bottom - top));
	for (size_t y = top; y < bottom; y++)
		put(self, watch->now + (y * self->area.width + left) * 4, (right - left) * 4,
		        ZSTD_e_continue);
}

static void record_begin(struct record *self, const char *path)
{
	self->file = fopen(path, "wb");
	self->stream = ZSTD_createCCtx();
	if (!self->file || !self->stream ||
	        ZSTD_isError(
	                ZSTD_CCtx_setParameter(self->stream, ZSTD_c_compressionLevel, LEVEL)) ||
	        ZSTD_isError(ZSTD_CCtx_setParameter(self->stream, ZSTD_c_windowLog, WINDOW_LOG)) ||
	        ZSTD_isError(ZSTD_CCtx_setParameter(
	                self->stream, ZSTD_c_enableLongDistanceMatching, 1))) {
		fprintf(stderr, "pixel-record: cannot begin\n");
		exit(1);
	}
	put(self, "SHPX", 4, ZSTD_e_continue);
	put_u16(self, self->area.width);
	put_u16(self, self->area.height);
}

/* Compressing takes longer than a picture stands: pictures are kept until the end. */
static uint8_t **kept;

int main(int argc, char **argv)
{
	struct record record = {0};
	struct watch watch;
	size_t n = 0, n_max = argc == 5 ? strtoul(argv[3], NULL, 10) : 0;

	if (n_max == 0 || n_max > 1000 || !watch_area_read(argv[1], &record.area)) {
		fprintf(stderr, "usage: pixel-record X,Y,WIDTH,HEIGHT MS PICTURES_MAX FILE\n");
		return 2;
	}
	kept = calloc(n_max + 1, sizeof(*kept));
	watch_open(&watch, &record.area, 1);
	printf("READY\n");
	fflush(stdout);
	double end_ms = watch_now_ms() + atof(argv[2]);
	kept[n++] = memcpy(malloc(watch.size_bytes), watch.now, watch.size_bytes);
	while (n <= n_max && watch_wait(&watch, end_ms))
		if (watch_take(&watch))
			kept[n++] = memcpy(malloc(watch.size_bytes), watch.now, watch.size_bytes);
	record_begin(&record, argv[4]);
	struct watch pair = {.areas = {record.area}, .size_bytes = watch.size_bytes};
	put_u16(&record, 1);
	put_u16(&record, 0);
	put_u16(&record, 0);
	put_u16(&record, record.area.width);
	put_u16(&record, record.area.height);
	put(&record, kept[0], watch.size_bytes, ZSTD_e_continue);
	for (size_t i = 1; i < n; i++) {
		pair.before = kept[i - 1];
		pair.now = kept[i];
		put_changed(&record, &pair);
	}
	put_u16(&record, 0);
	put(&record, NULL, 0, ZSTD_e_end);
	fclose(record.file);
	printf("{\"pictures\": %zu}\n", n);
	watch_close(&watch);
	return 0;
}
