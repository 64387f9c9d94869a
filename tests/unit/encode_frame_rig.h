/* What the tests of frames share: encode's core from a screen that a test paints to the native decoder, whose picture is compared with the
 * image after every frame, pixel by pixel. */
#ifndef SHOJI_TESTS_ENCODE_FRAME_RIG_H
#define SHOJI_TESTS_ENCODE_FRAME_RIG_H

#include "unit/suite.h"

#include "unit/stream_support.h"

#include "encode/cache.h"
#include "encode/compressor.h"
#include "stream/drawn_model.h"

#include "encode/frame.h"
#include "encode/history_names.h"
#include "encode/image.h"
#include "encode/slicer.h"
#include "encode/tiles.h"

#define WIDTH 517 /* no multiple of a tile */
#define HEIGHT 397
#define N_PIXELS (WIDTH * HEIGHT)

static struct core {
	struct image image;
	struct tiles dirty;
	struct slicer slicer;
	struct cache cache;
	struct stream_decoder *decoder;
	struct frame_counts counts;
	uint32_t number;
	size_t frame_bytes, n_slices;
	int32_t status;
	uint8_t *compressor_memory;
	struct drawn_model drawn;
	struct history_names history;
	uint32_t pixels[N_PIXELS], reference[N_PIXELS];
	uint8_t screen[N_PIXELS * 4];
} core;

static inline void on_slice(void *data, const uint8_t *slice, size_t length)
{
	(void)data;
	ck_assert_uint_le(length, WIRE_SLICE_MAX);
	core.frame_bytes += length;
	core.n_slices++;
	core.status = stream_decoder_push(core.decoder, slice, length);
	ck_assert_int_ge(core.status, 0);
}

static inline void start(void)
{
	uint8_t begin[WIRE_HEADER_BYTES + PICTURE_BEGIN_BYTES] = {
	        WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_BEGIN), 1, 0, 0, 0, 0, 0, 0, 0, WIDTH & 255,
	        WIDTH >> 8, HEIGHT & 255, HEIGHT >> 8, COMPRESSOR_WINDOW_LOG, 1,
	        SUPPORT_CACHE_SLOTS & 255, SUPPORT_CACHE_SLOTS >> 8, 0, 0, 0, 0};
	static uint64_t cache_key[TILE_NAME_KEY_WORDS];
	uint64_t state = 77;

	memset(&core, 0, sizeof(core));
	image_resize(&core.image, core.pixels, WIDTH, HEIGHT);
	tiles_resize(&core.dirty, WIDTH, HEIGHT);
	for (size_t i = 0; i < N_PIXELS; i++)
		core.reference[i] = IMAGE_SEEN;
	for (size_t i = 0; i < TILE_NAME_KEY_WORDS; i++)
		cache_key[i] = (uint64_t)support_random(&state) << 32 | support_random(&state);
	cache_init(&core.cache, cache_key);
	cache_begin(&core.cache, SUPPORT_CACHE_SLOTS, 0);
	slicer_init(&core.slicer, on_slice, NULL);
	core.compressor_memory = aligned_alloc(64, (compressor_size() + 63) & ~(size_t)63);
	core.slicer.history = &core.history;
	slicer_begin_stream(&core.slicer,
	        compressor_begin(core.compressor_memory, compressor_size(), COMPRESSOR_WINDOW_LOG),
	        &core.drawn);
	ck_assert_ptr_nonnull(core.slicer.compressor);
	core.decoder = support_decoder_new(WIDTH, HEIGHT);
	ck_assert_int_eq(stream_decoder_push(core.decoder, begin, sizeof(begin)), STREAM_BEGUN);
}

static inline void finish(void)
{
	free(core.compressor_memory);
	free(core.decoder);
}

/* Not an assertion a pixel: Check writes each one down. */
static inline void check_exact(void)
{
	const uint8_t *shown = stream_decoder_screen(core.decoder)->pixels;
	size_t n_wrong = 0;

	for (size_t i = 0; i < N_PIXELS; i++) {
		uint32_t pixel = IMAGE_SEEN | (uint32_t)shown[i * 4] << 16 |
		                 (uint32_t)shown[i * 4 + 1] << 8 | shown[i * 4 + 2];
		n_wrong += pixel != core.image.pixels[i] || pixel != core.reference[i];
	}
	ck_assert_msg(n_wrong == 0, "%zu wrong pixels in frame %u", n_wrong, core.number);
}

static inline bool frame(const struct scroll_offset *hints, size_t n_hints)
{
	core.frame_bytes = core.n_slices = 0;
	core.cache.now_ms += 16;
	bool is_made = frame_make(&core.image, core.reference, &core.cache, NULL, &core.dirty,
	        hints, n_hints, &core.slicer, core.number + 1, &core.counts);
	ck_assert(!core.slicer.has_failed);
	ck_assert_uint_eq(core.dirty.n_marked, 0);
	if (is_made) {
		core.number++;
		ck_assert_int_eq(core.status, STREAM_FRAME);
	}
	check_exact();
	return is_made;
}

static inline void put_pixel(uint32_t x, uint32_t y, uint32_t pixel)
{
	memcpy(core.screen + ((size_t)y * WIDTH + x) * 4, &pixel, 4);
}

static inline void damage(struct rect area)
{
	image_take(&core.image, core.screen, WIDTH * 4, &area);
	tiles_mark(&core.dirty, &area);
}

static inline void draw_page(struct rect area, uint32_t from_x, uint32_t from_y)
{
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++)
			put_pixel(x, y, support_page_pixel(x + from_x, y + from_y));
	damage(area);
}

static const struct rect all = {0, 0, WIDTH, HEIGHT};

#endif
