/* Writes photographs: the other half of stream/photo_read.h. */
#ifndef SHOJI_ENCODE_PHOTO_WRITE_H
#define SHOJI_ENCODE_PHOTO_WRITE_H

#include "stream/picture.h"

#include <stddef.h>
#include <stdint.h>

/* Writes the coefficients of one tile (pixels: B,G,R,X in memory; 1..PICTURE_TILE each way) to out, and to `shown`, if it is not NULL, what the
 * viewer will see, B,G,R,255, rows of PICTURE_TILE. Returns the length; 0: it would not fit into size, 4
 * bytes of which it may only need to get there. */
size_t photo_write(uint32_t quality, const uint32_t *pixels, uint32_t stride_px, uint32_t width_px,
        uint32_t height_px, uint8_t *out, size_t size, uint32_t shown[PICTURE_TILE * PICTURE_TILE]);

#endif
