/* A digest of a picture, short enough to be computed by a web page as well: two 32-bit sums over the pixels in
 * reading order, each pixel as blue | green << 8 | red << 16, after width and height as two such values.
 *
 *   a = imul(a ^ pixel, 0x01000193)                          begins with 0x811c9dc5
 *   b = imul(rotl(b ^ pixel, 13), 0x85ebca6b) + 0x9e3779b9   begins with 0x9747b28c
 *
 * It is told as 16 hex digits, a first. For finding differences, not for security. */
#ifndef SHOJI_TESTS_PIXEL_DIGEST_H
#define SHOJI_TESTS_PIXEL_DIGEST_H

#include <stddef.h>
#include <stdint.h>

static inline void pixel_digest_add(uint32_t sums[2], uint32_t pixel)
{
	uint32_t b = sums[1] ^ pixel;

	sums[0] = (sums[0] ^ pixel) * 0x01000193u;
	sums[1] = (b << 13 | b >> 19) * 0x85ebca6bu + 0x9e3779b9u;
}

/* Rows of B,G,R,X, stride_bytes apart; X does not count. */
static inline uint64_t pixel_digest(
        const uint8_t *pixels, uint32_t width, uint32_t height, size_t stride_bytes)
{
	uint32_t sums[2] = {0x811c9dc5u, 0x9747b28cu};

	pixel_digest_add(sums, width);
	pixel_digest_add(sums, height);
	for (uint32_t y = 0; y < height; y++) {
		const uint8_t *row = pixels + y * stride_bytes;
		for (uint32_t x = 0; x < width; x++, row += 4)
			pixel_digest_add(
			        sums, row[0] | (uint32_t)row[1] << 8 | (uint32_t)row[2] << 16);
	}
	return (uint64_t)sums[0] << 32 | sums[1];
}

#endif
