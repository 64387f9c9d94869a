/* Text among what changed is said by its glyphs, where that is cheaper than pixels. */
#ifndef SHOJI_ENCODE_GLYPHS_H
#define SHOJI_ENCODE_GLYPHS_H

struct frame;

/* Says areas of marked tiles, until the frame is full; what is left of them stays marked. */
void glyphs_say(struct frame *frame);

#endif
