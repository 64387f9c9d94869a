/* What was dear to say is remembered by both ends, and said again in a few bytes where it comes back: photographs that are scrolled away and
 * back, or that a page repeats, at any place of the screen. */
#ifndef SHOJI_ENCODE_AGAIN_H
#define SHOJI_ENCODE_AGAIN_H

#include "base/message.h"

struct frame;

/* While a frame is made. Shows again what is held of the tiles that are marked; those that are whole by it are marked no longer. */
void again_show(struct frame *frame);
/* That area was dear to say, and the viewer shows it exactly. */
void again_note(struct frame *frame, const struct rect *area);
/* After all that the frame says: has the viewer remember what was noted. */
void again_remember(struct frame *frame);

#endif
