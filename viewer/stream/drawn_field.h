/* The pixels of one PICTURE_DRAWN with those beside it from which they are guessed: two rows above, four columns on each side. */
#ifndef SHOJI_STREAM_DRAWN_FIELD_H
#define SHOJI_STREAM_DRAWN_FIELD_H

#include "stream/picture.h"

#include <stdint.h>

#define DRAWN_ABOVE 2
#define DRAWN_LEFT 4
#define DRAWN_RIGHT 4
#define DRAWN_STRIDE (DRAWN_LEFT + DRAWN_WIDTH_MAX + DRAWN_RIGHT)

struct drawn_field {
	uint32_t colours[(DRAWN_ABOVE + DRAWN_HEIGHT_MAX) *
	                 DRAWN_STRIDE]; /* red | green << 8 | blue << 16 */
	uint8_t greens[(DRAWN_ABOVE + DRAWN_HEIGHT_MAX) * DRAWN_STRIDE]; /* of the same */
};

#endif
