/* Stands between zstd's encoder and the rest. What goes in are pixels, any pixels. */
#define ZSTD_STATIC_LINKING_ONLY /* contexts in the caller's memory; libzstd is linked statically for that */
#include "encode/compressor.h"

#include <zstd.h>

#define ONCE_LEVEL 3

static ZSTD_CCtx *context_of(struct compressor *self)
{
	return (ZSTD_CCtx *)(void *)self;
}

size_t compressor_size(void)
{
	ZSTD_compressionParameters parameters = ZSTD_getCParams(COMPRESSOR_LEVEL, 0, 0);

	parameters.windowLog = COMPRESSOR_WINDOW_LOG;
	return (ZSTD_estimateCStreamSize_usingCParams(parameters) + 7) & ~(size_t)7;
}

struct compressor *compressor_begin(void *memory, size_t size, uint32_t window_log)
{
	ZSTD_CCtx *context = ZSTD_initStaticCStream(memory, size);

	if (!context ||
	        ZSTD_isError(ZSTD_CCtx_setParameter(
	                context, ZSTD_c_compressionLevel, COMPRESSOR_LEVEL)) ||
	        ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, (int)window_log)))
		return NULL;
	return (struct compressor *)(void *)context;
}

size_t compressor_flush(
        struct compressor *self, const uint8_t *in, size_t in_length, uint8_t *out, size_t out_size)
{
	ZSTD_inBuffer source = {.src = in, .size = in_length};
	ZSTD_outBuffer target = {.dst = out, .size = out_size};
	size_t left = ZSTD_compressStream2(context_of(self), &target, &source, ZSTD_e_flush);

	/* Anything left over means that out was too small, or an error. */
	return left == 0 && source.pos == in_length ? target.pos : 0;
}

size_t compressor_once_size(void)
{
	return (ZSTD_estimateCCtxSize(ONCE_LEVEL) + 7) & ~(size_t)7;
}

size_t compressor_once(void *memory, size_t size, const uint8_t *in, size_t in_length, uint8_t *out,
        size_t out_size)
{
	ZSTD_CCtx *context = ZSTD_initStaticCCtx(memory, size);
	size_t written =
	        context ? ZSTD_compressCCtx(context, out, out_size, in, in_length, ONCE_LEVEL) : 0;

	return ZSTD_isError(written) ? 0 : written;
}
