/* The line that must hold: what of capture's words is believed. capture has checked the same; here it is assumed to have
 * been taken over by the isolated host. Everything that passes is within the bounds that docs/security.md lists. */
#ifndef SHOJI_ENCODE_CAPTURE_CHECK_H
#define SHOJI_ENCODE_CAPTURE_CHECK_H

#include "base/message.h"

#include <stdbool.h>
#include <stdint.h>

struct capture_check {
	uint16_t width_max, height_max; /* of the pixel buffer */
	uint16_t width, height;         /* 0: no geometry yet */
	uint32_t generation;
	uint32_t sequence;
	bool has_damage; /* so that sequence counts */
};

void capture_check_init(struct capture_check *self, uint16_t width_max, uint16_t height_max);

/* Each returns 0, and remembers, or SHOJI_ERR_FORBIDDEN. */
int capture_check_geometry(struct capture_check *self, const struct message_geometry *geometry);
/* *is_old: of a geometry that is over; there is nothing to take. */
int capture_check_damage(
        struct capture_check *self, const struct message_damage *damage, bool *is_old);
int capture_check_cursor(const struct message_cursor *cursor);
int capture_check_caret(const struct capture_check *self, const struct message_caret *caret);
int capture_check_takes_text(const struct message_takes_text *takes_text);
int capture_check_text_outcome(const struct message_text_outcome *outcome);

#endif
