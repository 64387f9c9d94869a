/* zstd's decoder in memory that is fixed beforehand: nothing is allocated while foreign bytes are
 * read. */
#ifndef SHOJI_STREAM_INFLATE_H
#define SHOJI_STREAM_INFLATE_H

#include <stddef.h>
#include <stdint.h>

struct inflate;

/* Bytes that an inflate of that window needs. */
size_t inflate_size(uint32_t window_log_max);
/* memory: 8-byte aligned, inflate_size() bytes, borrowed for good. NULL: zstd finds it too small.
 */
struct inflate *inflate_init(void *memory, size_t size, uint32_t window_log_max);

/* A new zstd stream whose window may be 2^window_log bytes, at most that of inflate_init(). */
int32_t inflate_begin(struct inflate *self, uint32_t window_log);
/* Feeds at most *in_length bytes and takes at most *out_length; both are set to what was used.
 * Returns STREAM_MORE or STREAM_ERR_MALFORMED. */
int32_t inflate_some(struct inflate *self, const uint8_t *in, size_t *in_length, uint8_t *out,
        size_t *out_length);
/* One whole zstd frame that yields exactly out_length bytes. STREAM_MORE, or STREAM_ERR_MALFORMED.
 */
int32_t inflate_whole(
        struct inflate *self, const uint8_t *in, size_t in_length, uint8_t *out, size_t out_length);

#endif
