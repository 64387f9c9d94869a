/* After the screen has a new size: how long nobody is shown anything of it. An X server shows the old picture in the new frame first,
 * with what it has nothing for in black; the browser paints the whole of it a moment later. Pure: counts pixels, and looks at the edges. */
#ifndef SHOJI_ENCODE_SETTLE_H
#define SHOJI_ENCODE_SETTLE_H

#include "base/message.h"
#include "encode/image.h"

#include <stdbool.h>
#include <stdint.h>

/* A browser that is busy for longer is shown as it is, */
#define SETTLE_MAX_MS 250
/* unless nothing was painted at the screen's lower right corner yet, where there was something before: so long, at most. */
#define SETTLE_BARE_MAX_MS 2000
/* The browser was so quick that its painting came with the first whole picture: then nothing follows. */
#define SETTLE_QUIET_MS 100

struct settle {
	bool is_on;
	uint64_t left; /* pixels that are still to be painted */
	uint64_t until_ms, bare_until_ms;
	bool was_bare; /* the corner, when the screen was last shown */
};

/* before: the image as it was, for its new size. */
void settle_begin(struct settle *self, const struct image *before, uint16_t width, uint16_t height,
        uint64_t now_ms);
/* Milliseconds after which settle_end() is due if nothing more comes; 0: it is painted. is_whole: each pixel was shown once. */
uint64_t settle_wait_ms(const struct settle *self, bool is_whole, uint64_t now_ms);
/* An update that came after the picture was whole for the first time. */
void settle_take(struct settle *self, const struct rect *rects, uint16_t n_rects);
/* After an update, whether it is on or not: a window that follows late is cleared late, to black. */
void settle_look(struct settle *self, const struct image *image, uint64_t now_ms);
/* Time is up. Returns for how many milliseconds more there is hope (0: it has ended); until then the next update is asked. */
uint64_t settle_end(struct settle *self, const struct image *image, uint64_t now_ms);

#endif
