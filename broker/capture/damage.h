/* What changed in one update, as it goes to encode: rectangles merged to at most what a message holds. */
#ifndef SHOJI_CAPTURE_DAMAGE_H
#define SHOJI_CAPTURE_DAMAGE_H

#include "base/message.h"

#define DAMAGE_RECTS_MAX (sizeof(((struct message_damage *)0)->rects) / sizeof(struct rect))
#define DAMAGE_COPIES_MAX (sizeof(((struct message_damage *)0)->copies) / sizeof(struct copy_hint))

void damage_clear(struct message_damage *self);
/* Never loses a pixel: above DAMAGE_RECTS_MAX, neighbours in the list become their bounding box. An empty
 * rectangle is nothing. */
void damage_add(struct message_damage *self, const struct rect *rect);
/* A hint: above DAMAGE_COPIES_MAX it is dropped. The target area must be added as damage as well. */
void damage_add_copy(struct message_damage *self, const struct copy_hint *copy);

#endif
