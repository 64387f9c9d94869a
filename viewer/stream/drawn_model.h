/* What the pixels of text and drawings are expected to be: what stood beside the same neighbours before, and chances that learn how often
 * that comes true. Both ends of a stream hold one and change it alike; it begins anew at BEGIN.
 *
 * Three tables tell the colour that came after a neighbourhood, from eleven pixels (far) to four (close). A glyph that was met
 * before is so known after its first pixels, wherever it stands. */
#ifndef SHOJI_STREAM_DRAWN_MODEL_H
#define SHOJI_STREAM_DRAWN_MODEL_H

#include "stream/glyph_book.h"

#include <stdbool.h>
#include <stdint.h>

#define DRAWN_FAR_BITS 18
#define DRAWN_NEAR_BITS 18
#define DRAWN_CLOSE_BITS 16
#define DRAWN_SURE_MAX 15
#define DRAWN_RUN_BITS 11 /* a run's length is below 2^11 */
#define DRAWN_TINTS 9

/* u24 colour, u4 how often it came true (0: nothing is known), u4 of the neighbourhood's hash. */
typedef uint32_t drawn_entry;

/* The chance of a 1, of 65536. */
typedef uint16_t drawn_chance;

struct drawn_model {
	bool is_blank; /* nothing is known; what that is in the tables is written when they are first used: they are 2.5 MB */
	drawn_entry far[1 << DRAWN_FAR_BITS];
	drawn_entry near[1 << DRAWN_NEAR_BITS];
	drawn_entry close[1 << DRAWN_CLOSE_BITS];
	/* Of a green the red and blue that it had last, after a colour of each tint, and after any. */
	uint32_t paired[256][DRAWN_TINTS];
	uint32_t paired_last[256];
	uint32_t tint; /* of the last colour that was told */
	drawn_chance comes_true[3][DRAWN_SURE_MAX + 1][16];
	drawn_chance is_above[4], is_left[4];
	drawn_chance breaks[DRAWN_RUN_BITS + 1];
	drawn_chance run_size[DRAWN_RUN_BITS + 1][DRAWN_RUN_BITS + 1];
	drawn_chance is_paired[DRAWN_TINTS], is_paired_last[DRAWN_TINTS];
	drawn_chance green[256]
	                  [256]; /* by the greens left and above, four bits each; then a tree */
	drawn_chance red[256], blue[256];
	struct glyph_book glyphs; /* whole glyphs, for PICTURE_GLYPHS */
};

/* Nothing is known any more. */
void drawn_model_init(struct drawn_model *self);

/* Before the tables are used. */
void drawn_model_wake(struct drawn_model *self);

/* Neither side may become impossible. */
static inline void drawn_learn(drawn_chance *self, uint32_t bit, uint32_t shift)
{
	if (bit)
		*self = (drawn_chance)(*self + ((65536u - 32u - *self) >> shift));
	else
		*self = (drawn_chance)(*self - ((*self - 32u) >> shift));
}

#endif
