/* Tells photographs from everything that has to stay exact. */
#ifndef SHOJI_ENCODE_PHOTO_DETECT_H
#define SHOJI_ENCODE_PHOTO_DETECT_H

#include "base/message.h"

#include <stdbool.h>

struct image;

/* Whether a tile (at most PICTURE_TILE each way, on the image) is a photograph and nothing but one. In doubt it is not: text,
 * also over a picture, is never to be taken for one. What is just around the tile is looked at as well. */
bool photo_detect(const struct image *image, const struct rect *tile);

#endif
