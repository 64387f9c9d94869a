/* Photographs as they come off the wire. */
#ifndef SHOJI_STREAM_PHOTO_READ_H
#define SHOJI_STREAM_PHOTO_READ_H

#include <stddef.h>
#include <stdint.h>

/* Reads the coefficients of one tile of width_px x height_px (1..PICTURE_TILE each way) and paints it: R,G,B,A in memory, A is
 * 255; rows of stride_px. quality is in range. Any bytes are a picture; what is missing at their end reads as 0. */
void photo_read(const uint8_t *bytes, size_t length, uint32_t quality, uint32_t *pixels,
        uint32_t stride_px, uint32_t width_px, uint32_t height_px);

#endif
