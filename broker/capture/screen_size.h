/* When the isolated host is asked for another screen size: never twice at once, and not more often than its own window manager
 * and browser can follow. Pure: the driver hands in the clock. */
#ifndef SHOJI_CAPTURE_SCREEN_SIZE_H
#define SHOJI_CAPTURE_SCREEN_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* Between two requests. Far below what the reader takes for a storm (READER_WINDOW_SIZES_MAX in READER_WINDOW_MS): a terminal whose
 * window is dragged about for minutes must not end its own session. */
#define SCREEN_SIZE_INTERVAL_MS 200
/* A host that answers no request is asked again then: it may have been busy, and its answer may come as a change by the server. */
#define SCREEN_SIZE_ANSWER_MS 2000

struct screen_size {
	uint16_t width, height; /* pixels: what the terminal wants */
	bool is_wanted;         /* and was not asked for yet */
	bool is_asked;          /* something was, at asked_ms */
	uint64_t asked_ms;
};

void screen_size_want(struct screen_size *self, uint16_t width, uint16_t height);

/* Milliseconds until the wanted size is to be asked for: 0 now, -1 nothing is to be done. width, height: what the screen
 * has. is_answered: nothing is on its way. */
int screen_size_due_ms(const struct screen_size *self, uint16_t width, uint16_t height,
        bool is_answered, uint64_t now_ms);
void screen_size_asked(struct screen_size *self, uint64_t now_ms);

#endif
