/* The arithmetic of photographs: colours, the 8x8 cosine transform, quantisation. Integers only and the same on every
 * machine, so that encode knows to the bit what a viewer shows. Knows nothing of bytes on the wire. */
#ifndef SHOJI_STREAM_PHOTO_TRANSFORM_H
#define SHOJI_STREAM_PHOTO_TRANSFORM_H

#include "stream/picture.h"

#include <stdint.h>

#define PHOTO_BLOCK 8 /* samples each way */
#define PHOTO_BLOCK_SAMPLES 64
#define PHOTO_PLANES 3       /* Y, Co, Cg; the latter two at half the size each way */
#define PHOTO_BLOCKS_MAX 64  /* of one plane */
#define PHOTO_LEVEL_MAX 2047 /* a quantised coefficient: -2047..2047 */

/* The samples of one plane of one tile: rows of PICTURE_TILE. Y is centred at 0. */
struct photo_plane {
	_Alignas(16) int16_t samples[PICTURE_TILE * PICTURE_TILE];
	uint16_t columns, rows; /* of blocks; what lies beyond the tile repeats its edge */
};

/* Quantised coefficients of one plane, block by block, each in the order of photo_zigzag. */
struct photo_levels {
	_Alignas(16) int16_t level[PHOTO_BLOCKS_MAX][PHOTO_BLOCK_SAMPLES];
	uint8_t n_levels[PHOTO_BLOCKS_MAX]; /* those from here on are 0 */
};

/* photo_zigzag[i]: which sample (row x 8 + column) the i-th coefficient belongs to. */
extern const uint8_t photo_zigzag[PHOTO_BLOCK_SAMPLES];

/* How wide a step is, times 8, for one coefficient of a plane. quality: PHOTO_QUALITY_MIN..PHOTO_QUALITY_MAX. */
uint32_t photo_step(uint32_t quality, uint32_t plane, uint32_t coefficient);

/* Sets columns and rows of the plane for a tile of that size (1..PICTURE_TILE each way). */
void photo_plane_resize(
        struct photo_plane *self, uint32_t plane, uint32_t width_px, uint32_t height_px);

/* Pixels are words: blue, green, red from the lowest byte on (B,G,R,X in memory); rows of stride_px. Y, Co, Cg of the
 * tile, the colours averaged over two by two. */
void photo_from_pixels(struct photo_plane planes[PHOTO_PLANES], const uint32_t *pixels,
        uint32_t stride_px, uint32_t width_px, uint32_t height_px);
/* The way back. red_shift: 16 for words as above, 0 for R,G,B,A in memory. The highest byte becomes 255. */
void photo_to_pixels(const struct photo_plane planes[PHOTO_PLANES], uint32_t red_shift,
        uint32_t *pixels, uint32_t stride_px, uint32_t width_px, uint32_t height_px);

void photo_quantise(const struct photo_plane *plane, uint32_t index, uint32_t quality,
        struct photo_levels *levels);
void photo_dequantise(const struct photo_levels *levels, uint32_t index, uint32_t quality,
        struct photo_plane *plane);

#endif
