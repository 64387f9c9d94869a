/* What goes to a viewer beside the picture: cursor, caret, texts. Of states only the latest is kept; what became of a
 * text is told each time. */
#ifndef SHOJI_ENCODE_VALUES_H
#define SHOJI_ENCODE_VALUES_H

#include "base/message.h"
#include "stream/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALUES_OUTCOMES_MAX 256 /* texts whose outcome waits; more are a flood */

struct values {
	void *once_memory; /* borrowed: compressor_once_size() bytes */
	size_t once_size;
	bool has_cursor, has_caret;
	bool is_cursor_due, is_caret_due, is_takes_text_due;
	uint8_t cursor[WIRE_SLICE_MAX]; /* the slice */
	size_t cursor_length;
	struct message_caret caret;
	uint8_t takes_text; /* 0 no, 1 yes, 2 unknown */
	size_t n_outcomes;
	struct message_text_outcome outcomes[VALUES_OUTCOMES_MAX];
};

void values_init(struct values *self, void *once_memory, size_t once_size);
/* The messages were checked (capture_check.h). */
void values_set_cursor(struct values *self, const struct message_cursor *cursor);
void values_set_caret(struct values *self, const struct message_caret *caret);
void values_set_takes_text(struct values *self, uint8_t takes_text);
/* 0, or SHOJI_ERR_LIMIT: too many wait. */
int values_add_outcome(struct values *self, const struct message_text_outcome *outcome);
/* A new screen size: the caret was somewhere on the old one. */
void values_forget_caret(struct values *self);

/* A viewer has come and knows nothing of the states. */
void values_all_due(struct values *self);
/* Nobody is there to be told. */
void values_forget_outcomes(struct values *self);
/* Writes the next slice that is due to out (WIRE_SLICE_MAX bytes); returns its length, 0: nothing is due. */
size_t values_next(struct values *self, uint32_t capabilities, uint8_t *out);

#endif
