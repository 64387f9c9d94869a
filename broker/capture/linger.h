/* When the sentinel is let go. Chromium tells its input methods the caret's place with each key that passes through them, and at no
 * other time; what it tells with the sentinel's press is the place before the text went in. So the key stays down until the
 * page has drawn the text, and its release, of which no page hears, brings the place where the caret is now.
 *
 * Drawn is: the rows of the caret changed, and then not for a moment (a frame that was under way shows the text before). */
#ifndef SHOJI_CAPTURE_LINGER_H
#define SHOJI_CAPTURE_LINGER_H

#include "base/message.h"

#include <stddef.h>

struct loop;
struct linger;

#define LINGER_QUIET_MS 30
/* One that never stands still there: so long after it changed first. */
#define LINGER_CHANGING_MAX_MS 150
/* One that shows nothing of it, or a browser that is busy. */
#define LINGER_MAX_MS 600

/* on_over(data): let it go. loop and data are borrowed. NULL: no memory. */
struct linger *linger_new(struct loop *loop, void (*on_over)(void *data), void *data);
void linger_free(struct linger *self);

/* What became of the text is known; the key is down. */
void linger_begin(struct linger *self);
/* The key went down again, or was let go for another reason. */
void linger_cancel(struct linger *self);
/* The caret's rows, in pixels of the screen; 0 rows: unknown, and every change counts. */
void linger_set_rows(struct linger *self, uint16_t y, uint16_t height);
void linger_painted(struct linger *self, const struct rect *rects, size_t n_rects);

#endif
