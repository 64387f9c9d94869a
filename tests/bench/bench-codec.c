/* Measures the codec alone: replays a sequence of screens through encode's core and the viewer's decoder, checks every frame
 * pixel by pixel, and prints bytes, frames and CPU time as JSON.
 *
 *   bench-codec scroll PAGE.png [frames]   a browser window with a page scrolled smoothly: a fixed bar above, a scroll bar
 *   bench-codec torn PAGE.png [frames]     the same, each step arriving as two halves
 *   bench-codec pages PAGE.png PAGE.png    two pages, shown in turn for a second each; and a character typed now and then
 *   bench-codec replay FILE                a recording: "SHPX", u16 width, u16 height, then for each screen u16 n, n times
 *                                          u16 x, y, width, height, and each area's rows of B,G,R,X (little endian); as it
 *                                          is or in one zstd frame (pixel-record makes those)
 *
 * PAGE.png: as by  chromium --headless --no-sandbox --hide-scrollbars --window-size=1280,12000 --screenshot=PAGE.png URL */
#include "base/loop.h"
#include "encode/cache.h"
#include "encode/compressor.h"
#include "encode/frame.h"
#include "encode/history_names.h"
#include "encode/image.h"
#include "encode/mark.h"
#include "encode/slicer.h"
#include "encode/tiles.h"
#include "stream/decoder.h"
#include "stream/drawn_model.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#define SCREEN_WIDTH 1280
#define SCREEN_HEIGHT 800
#define BAR_HEIGHT 90
#define SCROLLBAR_WIDTH 15
#define FRAMES_MAX 100000
#define FRAME_MS 16
#define CACHE_SLOTS 2048

struct bench {
	uint16_t width, height;
	uint8_t *screen; /* what capture would write: B,G,R,X */
	struct image image;
	bool is_marked; /* with a watermark */
	struct mark mark;
	uint32_t *reference;
	struct tiles dirty;
	struct slicer slicer;
	struct cache cache;
	struct stream_decoder *decoder;
	struct frame_counts counts;
	uint64_t bytes, first_bytes, slices;
	uint32_t number, n_wrong;
	double encode_ms[FRAMES_MAX], search_ms[FRAMES_MAX];
	double decode_ms;
	size_t n_frames;
};

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void *need(size_t size)
{
	void *memory = aligned_alloc(64, (size + 63) & ~(size_t)63);

	if (!memory)
		abort();
	memset(memory, 0, size);
	return memory;
}

static struct {
	uint8_t *data;
	size_t length;
} sent;

static void on_slice(void *data, const uint8_t *slice, size_t length)
{
	struct bench *self = data;

	memcpy(sent.data + sent.length, &(uint32_t){(uint32_t)length}, 4);
	memcpy(sent.data + sent.length + 4, slice, length);
	sent.length += 4 + length;
	self->bytes += length;
	self->slices++;
}

static void push_begin(struct bench *self)
{
	uint8_t begin[WIRE_HEADER_BYTES + PICTURE_BEGIN_BYTES] = {
	        WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_BEGIN), 1, 0, 0, 0, 0, 0, 0, 0, /* epoch */
	        (uint8_t)self->width, (uint8_t)(self->width >> 8), (uint8_t)self->height,
	        (uint8_t)(self->height >> 8), COMPRESSOR_WINDOW_LOG, PICTURE_RESET_ALL,
	        CACHE_SLOTS & 255, CACHE_SLOTS >> 8};

	if (stream_decoder_push(self->decoder, begin, sizeof(begin)) != STREAM_BEGUN)
		abort();
}

static void bench_start(struct bench *self, uint16_t width, uint16_t height)
{
	struct stream_limits limits = {width, height, COMPRESSOR_WINDOW_LOG, CACHE_SLOTS};
	static uint64_t cache_key[TILE_NAME_KEY_WORDS];
	size_t n_pixels = (size_t)width * height;

	self->width = width;
	self->height = height;
	self->screen = need(n_pixels * 4);
	self->reference = need(n_pixels * 4);
	for (size_t i = 0; i < n_pixels; i++)
		self->reference[i] = IMAGE_SEEN;
	image_resize(&self->image, need(n_pixels * 4), width, height);
	mark_init(&self->mark, &(struct mark_memory){need(n_pixels * 4), need(n_pixels * 4),
	                               need(sizeof(struct mark_pattern))});
	mark_resize(&self->mark, width, height);
	mark_set(&self->mark, &self->image,
	        &(struct mark_words){"tanaka", "192.0.2.7", "2026-11-21 14:05"}, MARK_DOT_MIN);
	tiles_resize(&self->dirty, width, height);
	for (size_t i = 0; i < TILE_NAME_KEY_WORDS; i++)
		cache_key[i] = (i + 1) * 0x9e3779b97f4a7c15u; /* secret from nobody here */
	cache_init(&self->cache, cache_key);
	cache_begin(&self->cache, CACHE_SLOTS, 0);
	slicer_init(&self->slicer, on_slice, self);
	self->slicer.is_line_fast = true;
	self->slicer.history = need(sizeof(struct history_names));
	slicer_begin_stream(&self->slicer,
	        compressor_begin(need(compressor_size()), compressor_size(), COMPRESSOR_WINDOW_LOG),
	        need(sizeof(struct drawn_model)));
	size_t size = stream_decoder_size(&limits);
	self->decoder = stream_decoder_init(need(size), size, &limits);
	sent.data = need(n_pixels * 4 + (1 << 20));
	if (!self->slicer.compressor || !self->decoder)
		abort();
	push_begin(self);
}

static void decode_sent(struct bench *self)
{
	double start_ms = cpu_ms();

	for (size_t at = 0; at < sent.length;) {
		uint32_t length;
		memcpy(&length, sent.data + at, 4);
		if (stream_decoder_push(self->decoder, sent.data + at + 4, length) < 0)
			self->n_wrong++;
		at += 4 + length;
	}
	self->decode_ms += cpu_ms() - start_ms;
}

static bool is_exact(const struct bench *self)
{
	const uint8_t *shown = stream_decoder_screen(self->decoder)->pixels;

	const uint8_t *drawn =
	        self->is_marked ? (const uint8_t *)self->mark.shown.pixels : self->screen;

	for (size_t i = 0; i < (size_t)self->width * self->height; i++, shown += 4)
		if (shown[0] != drawn[i * 4 + 2] || shown[1] != drawn[i * 4 + 1] ||
		        shown[2] != drawn[i * 4])
			return false;
	return true;
}

/* The areas of screen changed. */
static void bench_frame(struct bench *self, const struct rect *areas, size_t n_areas)
{
	double start_ms = cpu_ms();

	for (size_t i = 0; i < n_areas; i++) {
		image_take(&self->image, self->screen, self->width * 4u, &areas[i]);
		tiles_mark(&self->dirty, &areas[i]);
	}
	struct mark_result marked = {.n_offsets = 0};
	if (self->is_marked) {
		image_look(&self->image);
		mark_take(&self->mark, &self->image, areas, n_areas, &marked);
		for (size_t i = 0; i < marked.n_areas; i++)
			tiles_mark(&self->dirty, &marked.areas[i]);
	}
	uint64_t searched_us = self->counts.search_us;
	sent.length = 0;
	self->cache.now_ms += FRAME_MS;
	bool is_made = frame_make(self->is_marked ? &self->mark.shown : &self->image,
	        self->reference, &self->cache, NULL, &self->dirty, marked.offsets, marked.n_offsets,
	        &self->slicer, self->number + 1, &self->counts);
	if (!is_made || self->n_frames == FRAMES_MAX)
		return;
	self->number++;
	self->encode_ms[self->n_frames] = cpu_ms() - start_ms;
	self->search_ms[self->n_frames++] = (double)(self->counts.search_us - searched_us) / 1e3;
	if (self->n_frames == 1)
		self->first_bytes = self->bytes;
	decode_sent(self);
	self->n_wrong += !is_exact(self);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int report(struct bench *self, const char *what)
{
	size_t n = self->n_frames - 1; /* the key frame is told apart */
	double key_ms = self->encode_ms[0], sum_ms = 0;

	if (self->n_frames < 2)
		return 1;
	qsort(self->encode_ms + 1, n, sizeof(double), by_value);
	qsort(self->search_ms + 1, n, sizeof(double), by_value);
	for (size_t i = 1; i <= n; i++)
		sum_ms += self->encode_ms[i];
	printf("{\"what\": \"%s\", \"width\": %u, \"height\": %u, \"frames\": %zu, \"bytes\": "
	       "%llu, "
	       "\"key_frame_bytes\": %llu, \"slices\": %llu, \"copies\": %llu, \"rects\": %llu, "
	       "\"stored\": %llu, \"shown\": %llu, "
	       "\"key_frame_ms\": %.2f, \"encode_ms_mean\": %.3f, \"encode_ms_p50\": %.3f, "
	       "\"encode_ms_p95\": %.3f, \"search_ms_p50\": %.3f, \"search_ms_p95\": %.3f, "
	       "\"decode_ms_mean\": %.3f, "
	       "\"zstd_bytes\": %zu, \"wrong_frames\": %u}\n",
	        what, self->width, self->height, n, (unsigned long long)self->bytes,
	        (unsigned long long)self->first_bytes, (unsigned long long)self->slices,
	        (unsigned long long)self->counts.copies, (unsigned long long)self->counts.rects,
	        (unsigned long long)self->counts.stored, (unsigned long long)self->counts.shown,
	        key_ms, sum_ms / (double)n, self->encode_ms[1 + n / 2],
	        self->encode_ms[1 + n * 95 / 100], self->search_ms[1 + n / 2],
	        self->search_ms[1 + n * 95 / 100], self->decode_ms / (double)self->n_frames,
	        compressor_size(), self->n_wrong);
	return self->n_wrong != 0;
}

/* ---- a browser window that scrolls ---- */

struct page {
	uint8_t *pixels; /* B,G,R,A */
	uint32_t width, height;
};

static int load_page(struct page *page, const char *path)
{
	png_image png = {.version = PNG_IMAGE_VERSION};

	if (!png_image_begin_read_from_file(&png, path))
		return -1;
	png.format = PNG_FORMAT_BGRA;
	*page = (struct page){need(PNG_IMAGE_SIZE(png)), png.width, png.height};
	return png_image_finish_read(&png, NULL, page->pixels, 0, NULL) ? 0 : -1;
}

static void draw_scrollbar(struct bench *self, uint32_t offset, uint32_t length)
{
	uint32_t shown = SCREEN_HEIGHT - BAR_HEIGHT;
	uint32_t thumb = BAR_HEIGHT + offset * shown / length, size = shown * shown / length + 20;

	for (uint32_t y = BAR_HEIGHT; y < SCREEN_HEIGHT; y++)
		memset(self->screen +
		                ((size_t)y * SCREEN_WIDTH + SCREEN_WIDTH - SCROLLBAR_WIDTH) * 4,
		        y >= thumb && y < thumb + size ? 0xa8 : 0xf1, (size_t)SCROLLBAR_WIDTH * 4);
}

static void draw_page(
        struct bench *self, const struct page *page, uint32_t offset, uint32_t first, uint32_t end)
{
	for (uint32_t y = first; y < end; y++)
		memcpy(self->screen + (size_t)y * SCREEN_WIDTH * 4,
		        page->pixels + (size_t)(offset + y - BAR_HEIGHT) * page->width * 4,
		        (size_t)(SCREEN_WIDTH - SCROLLBAR_WIDTH) * 4);
}

/* Wheel notches of 100 pixels, each eased over 9 frames. */
static uint32_t eased_step(size_t frame)
{
	static const uint8_t steps[] = {4, 12, 19, 20, 16, 12, 9, 5, 3};

	return steps[frame % sizeof(steps)];
}

static int scroll(struct bench *self, const char *path, size_t n_frames, bool is_torn)
{
	struct page page;
	uint32_t offset = 0, middle = (BAR_HEIGHT + SCREEN_HEIGHT) / 2;

	if (load_page(&page, path) || page.width < SCREEN_WIDTH ||
	        page.height < 2 * SCREEN_HEIGHT) {
		fprintf(stderr, "%s: needs a PNG of at least %d x %d\n", path, SCREEN_WIDTH,
		        2 * SCREEN_HEIGHT);
		return 1;
	}
	bench_start(self, SCREEN_WIDTH, SCREEN_HEIGHT);
	memset(self->screen, 0xdd, (size_t)SCREEN_WIDTH * BAR_HEIGHT * 4);
	struct rect all = {0, 0, SCREEN_WIDTH, SCREEN_HEIGHT};
	for (size_t i = 0; i <= n_frames; i++) {
		uint32_t length = page.height - SCREEN_HEIGHT;
		draw_scrollbar(self, offset, length);
		draw_page(self, &page, offset, BAR_HEIGHT, is_torn ? middle : SCREEN_HEIGHT);
		if (is_torn && i > 0)
			bench_frame(self, &all, 1);
		draw_page(self, &page, offset, BAR_HEIGHT, SCREEN_HEIGHT);
		bench_frame(self, &all, 1);
		offset = offset + eased_step(i) > length ? 0 : offset + eased_step(i);
	}
	return report(self, is_torn ? "torn" : "scroll");
}

/* ---- two pages in turn, and typing ---- */

#define VISITS 6
#define CHARACTERS 40

static void show_page(struct bench *self, const struct page *page)
{
	struct rect all = {0, 0, SCREEN_WIDTH, SCREEN_HEIGHT};

	self->cache.now_ms += 1000;
	draw_scrollbar(self, 0, page->height - SCREEN_HEIGHT);
	draw_page(self, page, 0, BAR_HEIGHT, SCREEN_HEIGHT);
	bench_frame(self, &all, 1);
}

/* Characters of the page's first lines appear one after the other in a white line, a caret behind them. */
static void type_character(struct bench *self, const struct page *page, uint32_t i)
{
	struct rect area = {(uint16_t)(100 + i * 16), 600, 18, 22};

	for (uint32_t y = 0; y < area.height; y++) {
		uint8_t *out = self->screen + ((size_t)(area.y + y) * SCREEN_WIDTH + area.x) * 4;
		memcpy(out, page->pixels + ((size_t)(200 + y) * page->width + area.x) * 4,
		        (size_t)16 * 4);
		memset(out + (size_t)16 * 4, 0, 4); /* the caret */
		memset(out + (size_t)17 * 4, 0xff, 4);
	}
	self->cache.now_ms += 150;
	bench_frame(self, &area, 1);
}

static int pages(struct bench *self, const char *first, const char *second)
{
	struct page both[2];
	uint64_t bytes[VISITS + 1] = {0};

	if (load_page(&both[0], first) || load_page(&both[1], second) ||
	        both[0].width < SCREEN_WIDTH || both[1].width < SCREEN_WIDTH ||
	        both[0].height < SCREEN_HEIGHT || both[1].height < SCREEN_HEIGHT)
		return 1;
	bench_start(self, SCREEN_WIDTH, SCREEN_HEIGHT);
	memset(self->screen, 0xdd, (size_t)SCREEN_WIDTH * BAR_HEIGHT * 4);
	for (uint32_t i = 0; i < VISITS; i++) {
		show_page(self, &both[i % 2]);
		bytes[i + 1] = self->bytes;
	}
	for (uint32_t y = 590; y < 630; y++)
		memset(self->screen + (size_t)y * SCREEN_WIDTH * 4, 0xff, (size_t)1200 * 4);
	struct rect line = {0, 590, 1200, 40};
	bench_frame(self, &line, 1);
	uint64_t before = self->bytes;
	for (uint32_t i = 0; i < CHARACTERS; i++)
		type_character(self, &both[0], i);
	printf("{\"first_visits\": [%llu, %llu], \"later_visits\": [%llu, %llu, %llu, %llu], "
	       "\"bytes_a_character\": %.1f}\n",
	        (unsigned long long)bytes[1], (unsigned long long)(bytes[2] - bytes[1]),
	        (unsigned long long)(bytes[3] - bytes[2]),
	        (unsigned long long)(bytes[4] - bytes[3]),
	        (unsigned long long)(bytes[5] - bytes[4]),
	        (unsigned long long)(bytes[6] - bytes[5]),
	        (double)(self->bytes - before) / CHARACTERS);
	return report(self, "pages");
}

/* ---- a recording ---- */

struct packed {
	FILE *file;
	ZSTD_DStream *stream;
	uint8_t bytes[1 << 16];
	ZSTD_inBuffer in;
};

static ssize_t unpack(void *data, char *to, size_t size)
{
	struct packed *self = data;
	ZSTD_outBuffer out = {to, size, 0};

	while (out.pos == 0) {
		if (self->in.pos == self->in.size) {
			self->in.size = fread(self->bytes, 1, sizeof(self->bytes), self->file);
			self->in.pos = 0;
			if (self->in.size == 0)
				return 0;
		}
		if (ZSTD_isError(ZSTD_decompressStream(self->stream, &out, &self->in)))
			return -1;
	}
	return (ssize_t)out.pos;
}

/* A recording as it is, whether it was packed or not. */
static FILE *open_recording(const char *path)
{
	static struct packed packed;
	uint8_t magic[4] = {0};
	FILE *file = fopen(path, "rb");

	if (!file || fread(magic, 1, 4, file) != 4)
		return NULL;
	rewind(file);
	if (memcmp(magic, "SHPX", 4) == 0)
		return file;
	packed = (struct packed){.file = file, .stream = ZSTD_createDStream()};
	packed.in.src = packed.bytes;
	ZSTD_DCtx_setParameter(packed.stream, ZSTD_d_windowLogMax, 27);
	return fopencookie(&packed, "rb", (cookie_io_functions_t){.read = unpack});
}

static uint16_t get_u16(FILE *file)
{
	int low = getc(file), high = getc(file);

	return high == EOF ? 0 : (uint16_t)(low | high << 8);
}

static bool read_area(struct bench *self, FILE *file, struct rect *area)
{
	*area = (struct rect){get_u16(file), get_u16(file), get_u16(file), get_u16(file)};
	if (area->x + area->width > self->width || area->y + area->height > self->height)
		return false;
	for (uint32_t row = 0; row < area->height; row++)
		if (fread(self->screen + ((size_t)(area->y + row) * self->width + area->x) * 4, 4,
		            area->width, file) != area->width)
			return false;
	return true;
}

static int replay(struct bench *self, const char *path)
{
	FILE *file = open_recording(path);
	char magic[4];
	uint16_t n_areas;

	if (!file || fread(magic, 1, 4, file) != 4 || memcmp(magic, "SHPX", 4) != 0)
		return 1;
	uint16_t width = get_u16(file), height = get_u16(file);
	if (width == 0 || width > PICTURE_WIDTH_MAX || height == 0 || height > PICTURE_HEIGHT_MAX)
		return 1;
	bench_start(self, width, height);
	while ((n_areas = get_u16(file)) > 0) {
		static struct rect areas[UINT16_MAX];
		for (uint16_t i = 0; i < n_areas; i++)
			if (!read_area(self, file, &areas[i]))
				return 1;
		bench_frame(self, areas, n_areas);
	}
	fclose(file);
	return report(self, "replay");
}

int main(int argc, char **argv)
{
	static struct bench bench;
	if (argc > 3 && strcmp(argv[argc - 1], "--mark") == 0) {
		bench.is_marked = true;
		argc--;
	}
	size_t n_frames = argc > 3 ? strtoul(argv[3], NULL, 10) : 278;

	if (argc >= 3 && n_frames > 0 && strcmp(argv[1], "scroll") == 0)
		return scroll(&bench, argv[2], n_frames, false);
	if (argc >= 3 && n_frames > 0 && strcmp(argv[1], "torn") == 0)
		return scroll(&bench, argv[2], n_frames, true);
	if (argc == 4 && strcmp(argv[1], "pages") == 0)
		return pages(&bench, argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "replay") == 0)
		return replay(&bench, argv[2]);
	fprintf(stderr,
	        "usage: %s scroll|torn PAGE.png [frames] | pages PAGE.png PAGE.png | replay FILE; "
	        "then "
	        "perhaps --mark\n",
	        argv[0]);
	return 2;
}
