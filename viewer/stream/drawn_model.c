/* The model's beginning: nothing is known, and every answer is as likely. */
#include "stream/drawn_model.h"

#include <stddef.h>
#include <string.h>

#define CHANCES_AT offsetof(struct drawn_model, comes_true)

void drawn_model_init(struct drawn_model *self)
{
	self->is_blank = true;
}

void drawn_model_wake(struct drawn_model *self)
{
	drawn_chance *chance = &self->comes_true[0][0][0];
	const drawn_chance *end = &self->blue[256];

	if (!self->is_blank)
		return;
	memset(self, 0, CHANCES_AT); /* is_blank too */
	while (chance < end)
		*chance++ = 32768;
	glyph_book_init(&self->glyphs);
}
