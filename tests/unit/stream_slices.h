/* Slices made by hand, for tests of the decoder. */
#ifndef SHOJI_TESTS_STREAM_SLICES_H
#define SHOJI_TESTS_STREAM_SLICES_H

#include "unit/suite.h"

#include "unit/stream_support.h"

#include "stream/picture.h"
#include "stream/wire.h"

#include <zstd.h>

#define WIDTH 320
#define HEIGHT 240

struct made {
	uint8_t bytes[WIRE_SLICE_MAX];
	size_t length;
};

static inline void put(struct made *made, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		made->bytes[made->length++] = (uint8_t)(value >> (8 * i));
}

static inline struct made header(uint8_t channel, uint8_t type)
{
	struct made made = {.length = 0};

	put(&made, WIRE_KIND(channel, type), 1);
	return made;
}

static uint16_t begin_slots = 3;

static inline int32_t push_begin_as(struct stream_decoder *decoder, uint64_t epoch, uint32_t frame,
        uint16_t width, uint16_t height, uint8_t window_log, uint8_t reset)
{
	struct made made = header(WIRE_PICTURE, WIRE_PICTURE_BEGIN);

	put(&made, epoch, 8);
	put(&made, width, 2);
	put(&made, height, 2);
	put(&made, window_log, 1);
	put(&made, reset, 1);
	put(&made, begin_slots, 2);
	put(&made, reset == PICTURE_RESET_ALL ? 0 : frame, 4);
	put(&made, frame, 4);
	return stream_decoder_push(decoder, made.bytes, made.length);
}

static inline int32_t push_begin(struct stream_decoder *decoder)
{
	return push_begin_as(decoder, 77, 10, WIDTH, HEIGHT, 20, 1);
}

/* A frame slice of those commands, in the zstd stream that `context` goes on with. */
static inline int32_t push_frame(struct stream_decoder *decoder, ZSTD_CCtx *context, uint32_t frame,
        uint8_t flags, const void *commands, size_t length)
{
	struct made made = header(WIRE_PICTURE, WIRE_PICTURE_FRAME);
	ZSTD_inBuffer in = {commands, length, 0};

	put(&made, flags, 1);
	put(&made, frame & 255, 1);
	put(&made, length, 3);
	ZSTD_outBuffer out = {made.bytes, sizeof(made.bytes), made.length};
	ck_assert_uint_eq(ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush), 0);
	return stream_decoder_push(decoder, made.bytes, out.pos);
}

static inline int32_t push_plain(
        struct stream_decoder *decoder, uint32_t frame, const void *commands, size_t length)
{
	struct made made = header(WIRE_PICTURE, WIRE_PICTURE_FRAME);

	put(&made, PICTURE_FIRST | PICTURE_LAST | PICTURE_PLAIN, 1);
	put(&made, frame & 255, 1);
	put(&made, length, 1);
	memcpy(made.bytes + made.length, commands, length);
	return stream_decoder_push(decoder, made.bytes, made.length + length);
}

static inline ZSTD_CCtx *zstd(void)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 20);
	return context;
}

#define FILL(x, y, w, h)                                                                           \
	PICTURE_FILL, (x)&255, (x) >> 8, (y)&255, (y) >> 8, (w)&255, (w) >> 8, (h)&255, (h) >> 8,  \
	        10, 20, 30

#endif
