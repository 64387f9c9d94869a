/* What goes to viewers beside the picture: cursor, caret, texts. Of states only the latest is kept; what became of a
 * text is told each time, and only to the person. */
#ifndef SHOJI_ENCODE_VALUES_H
#define SHOJI_ENCODE_VALUES_H

#include "base/message.h"
#include "stream/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALUES_OUTCOMES_MAX 256 /* texts whose outcome waits */

struct values {
	void *once_memory; /* borrowed: compressor_once_size() bytes */
	size_t once_size;
	bool has_caret; /* on the screen as it is now */
	/* Counted up at each change; 0: there was none yet. */
	uint32_t cursor_version, caret_version, takes_text_version;
	uint8_t cursor[WIRE_SLICE_MAX]; /* the slice */
	size_t cursor_length;
	struct message_caret caret;
	uint8_t takes_text; /* 0 no, 1 yes, 2 unknown */
};

/* What one viewer was told, and is to be told. */
struct values_told {
	uint32_t cursor_version, caret_version, takes_text_version;
	size_t n_outcomes;
	struct message_text_outcome outcomes[VALUES_OUTCOMES_MAX];
};

void values_init(struct values *self, void *once_memory, size_t once_size);
/* The messages were checked (capture_check.h). */
void values_set_cursor(struct values *self, const struct message_cursor *cursor);
void values_set_caret(struct values *self, const struct message_caret *caret);
void values_set_takes_text(struct values *self, uint8_t takes_text);
/* When too many wait, the oldest is not told: its viewer does not read, and takes what is left to be said. */
void values_add_outcome(struct values_told *told, const struct message_text_outcome *outcome);
/* A new screen size: the caret was somewhere on the old one. */
void values_forget_caret(struct values *self);

/* A viewer has come and knows nothing, or left. */
void values_told_nothing(struct values_told *told);
bool values_are_due(
        const struct values *self, const struct values_told *told, uint32_t capabilities);
/* Writes the next slice that is due to out (WIRE_SLICE_MAX bytes); returns its length, 0: nothing is due. */
size_t values_next(
        const struct values *self, struct values_told *told, uint32_t capabilities, uint8_t *out);

#endif
