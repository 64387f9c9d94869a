/* zstd's encoder in memory that is fixed at the start: encode allocates nothing of its size afterwards. */
#ifndef SHOJI_ENCODE_COMPRESSOR_H
#define SHOJI_ENCODE_COMPRESSOR_H

#include <stddef.h>
#include <stdint.h>

struct compressor;

/* Level and window by measurement: docs/protocol.md, "What was tried". */
#define COMPRESSOR_LEVEL 1
#define COMPRESSOR_WINDOW_LOG 17

/* What a flush may add to n bytes of input: a frame header, and a header for each of at most a few blocks. */
#define COMPRESSOR_SLACK 64

size_t compressor_size(void);
/* memory: 8-byte aligned, compressor_size() bytes, borrowed. Begins a new zstd stream with that window; what the
 * memory held is forgotten. NULL: zstd finds something wrong, which is a bug. */
struct compressor *compressor_begin(void *memory, size_t size, uint32_t window_log);
/* Compresses in and flushes. out has room for in_length + COMPRESSOR_SLACK. Returns the bytes written; 0: zstd
 * failed. in_length at most 64 KiB. */
size_t compressor_flush(struct compressor *self, const uint8_t *in, size_t in_length, uint8_t *out,
        size_t out_size);

/* For things that stand alone (cursors): one zstd frame, a context of its own. */
size_t compressor_once_size(void);
/* Returns the bytes written to out, 0 when they do not fit. memory as above, only borrowed for the call. */
size_t compressor_once(void *memory, size_t size, const uint8_t *in, size_t in_length, uint8_t *out,
        size_t out_size);

#endif
