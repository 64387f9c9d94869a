/* Stands between zstd's decoder and the rest: foreign bytes go in here. */
#define ZSTD_STATIC_LINKING_ONLY /* contexts in the caller's memory; libzstd is linked statically  \
                                    for that */
#include "stream/inflate.h"

#include "stream/decoder.h"

#include <zstd.h>

struct inflate; /* is a ZSTD_DStream */

static ZSTD_DStream *context_of(struct inflate *self)
{
	return (ZSTD_DStream *)(void *)self;
}

size_t inflate_size(uint32_t window_log_max)
{
	return (ZSTD_estimateDStreamSize((size_t)1 << window_log_max) + 7) & ~(size_t)7;
}

struct inflate *inflate_init(void *memory, size_t size, uint32_t window_log_max)
{
	ZSTD_DStream *context = ZSTD_initStaticDStream(memory, size);

	if (!context || ZSTD_isError(ZSTD_DCtx_setParameter(
	                        context, ZSTD_d_windowLogMax, (int)window_log_max)))
		return NULL;
	return (struct inflate *)(void *)context;
}

int32_t inflate_begin(struct inflate *self, uint32_t window_log)
{
	ZSTD_DStream *context = context_of(self);

	if (ZSTD_isError(ZSTD_DCtx_reset(context, ZSTD_reset_session_only)) ||
	        ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, (int)window_log)))
		return STREAM_ERR_LIMIT;
	return STREAM_MORE;
}

int32_t inflate_some(struct inflate *self, const uint8_t *in, size_t *in_length, uint8_t *out,
        size_t *out_length)
{
	ZSTD_inBuffer source = {.src = in, .size = *in_length};
	ZSTD_outBuffer target = {.dst = out, .size = *out_length};
	size_t result = ZSTD_decompressStream(context_of(self), &target, &source);

	/* 0 is the end of a zstd frame, which the stream of a connection never has. */
	if (ZSTD_isError(result) || result == 0)
		return STREAM_ERR_MALFORMED;
	*in_length = source.pos;
	*out_length = target.pos;
	return STREAM_MORE;
}

int32_t inflate_whole(
        struct inflate *self, const uint8_t *in, size_t in_length, uint8_t *out, size_t out_length)
{
	size_t result = ZSTD_decompressDCtx(context_of(self), out, out_length, in, in_length);

	return ZSTD_isError(result) || result != out_length ? STREAM_ERR_MALFORMED : STREAM_MORE;
}
