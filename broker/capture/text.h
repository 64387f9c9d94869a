/* Composed text on its way into the isolated host: through the text door to the input agent, with a sentinel in the key stream that
 * says where it belongs (base/text_door.h). One item at a time: what comes after it in the input sequence waits.
 *
 * Boundary: the agent's records are the isolated host's words. A record that is not in the closed list, or too many of
 * them, end the session. */
#ifndef SHOJI_CAPTURE_TEXT_H
#define SHOJI_CAPTURE_TEXT_H

#include "base/message.h"
#include "base/session.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct text;

/* A busy browser may take so long to come to the sentinel. */
#define TEXT_DEADLINE_MS 3000
/* A click or a key may give a field the focus only after the sentinel has passed: it is sent again, so often, so far apart, or as soon
 * as the agent says that the focus takes text. What can be typed as keys is soon typed; what cannot would be refused, so a page or
 * dialog that opens on a busy machine gets about a second. */
#define TEXT_TRIES_MAX 4
#define TEXT_TRIES_UNTYPABLE_MAX 13
#define TEXT_RETRY_MS 80
/* Characters committed in a minute; far above what hands do, and what a paste of the largest commit needs. */
#define TEXT_CHARACTERS_PER_MINUTE_MAX 120000
/* Records of the agent between two calls of text_new_window(). */
#define TEXT_RECORDS_PER_WINDOW_MAX 4000

struct text_events {
	/* The sentinel has to be pressed and let go in the key stream. */
	void (*on_sentinel)(void *data);
	/* This key has to be pressed and let go; text_typed() when that is sent. */
	void (*on_type)(void *data, uint8_t key, bool has_shift);
	/* A commit's end. */
	void (*on_outcome)(void *data, uint32_t number, enum text_outcome outcome);
	/* Nothing is on its way any more: input goes on. */
	void (*on_idle)(void *data);
	void (*on_caret)(void *data, uint16_t x, uint16_t y, uint16_t width, uint16_t height);
	void (*on_takes_text)(void *data, bool takes_text);
	/* The agent is gone: nothing but keys arrives until text_set_door(). May be called from within any function here. */
	void (*on_lost)(void *data);
	/* The agent said what it must not. Nothing else is called afterwards. */
	void (*on_broken)(void *data);
};

/* Takes fd, the connected text door. events and loop are borrowed. NULL: no memory (fd is closed). */
struct text *text_new(struct loop *loop, int fd, bool has_jis_keyboard,
        const struct text_events *events, void *data);
void text_free(struct text *self);

/* Only when idle. 0, or SHOJI_ERR_FORBIDDEN: its clauses are malformed, or it is too long. */
int text_begin(struct text *self, const struct message_input_text *message);
/* A connection to the next agent; taken. 0 or SHOJI_ERR_MEMORY. */
int text_set_door(struct text *self, int fd);
/* The terminal's device pixels per CSS pixel, in 64ths (SCREEN_SCALE_*): through the same door, to the same agent. */
void text_set_scale(struct text *self, uint16_t scale);
bool text_is_idle(const struct text *self);
/* The key of on_type() has gone. */
void text_typed(struct text *self);
/* Whoever composed is gone: what is on its way is cancelled, and a pre-edit that is shown removed. */
void text_abandon(struct text *self);
void text_new_window(struct text *self);

#endif
