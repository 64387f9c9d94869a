/* How PICTURE_PREDICTED guesses a pixel from those before it: shared by encode, which sends what is left of a pixel, and the
 * decoder, which adds it.
 *
 * Each of G, R - G, B - G (modulo 256) is guessed from its neighbours left (a), above (b) and above left (c) within the area by the
 * median of a, b and a + b - c (Martucci 1990, as in LOCO-I): an edge follows the side that it comes from. Outside of the area everything
 * is the nearest pixel inside that is known: the first row is guessed from the left, the first column from above, the first pixel is 0. */
#ifndef SHOJI_STREAM_PREDICT_H
#define SHOJI_STREAM_PREDICT_H

#include <stdint.h>

static inline int picture_median(int a, int b, int c)
{
	int low = a < b ? a : b, high = a < b ? b : a, slope = a + b - c;

	/* Equal to the median of the three, without a branch that depends on pixels. */
	slope = slope < low ? low : slope;
	return slope > high ? high : slope;
}

#endif
