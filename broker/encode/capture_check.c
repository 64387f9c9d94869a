/* Checks capture's values again. capture reads the isolated host; whatever it says is foreign. */
#include "encode/capture_check.h"

#include "base/error.h"
#include "base/session.h"
#include "stream/picture.h"

void capture_check_init(struct capture_check *self, uint16_t width_max, uint16_t height_max)
{
	*self = (struct capture_check){.width_max = width_max, .height_max = height_max};
}

int capture_check_geometry(struct capture_check *self, const struct message_geometry *geometry)
{
	if (geometry->width == 0 || geometry->width > self->width_max || geometry->height == 0 ||
	        geometry->height > self->height_max)
		return SHOJI_ERR_FORBIDDEN;
	/* Rising, so that damage of a size that is over can be told from damage of this one. */
	if (self->width > 0 && geometry->generation <= self->generation)
		return SHOJI_ERR_FORBIDDEN;
	self->generation = geometry->generation;
	self->width = geometry->width;
	self->height = geometry->height;
	return 0;
}

static bool is_on_screen(
        const struct capture_check *self, uint16_t x, uint16_t y, uint16_t width, uint16_t height)
{
	/* Sums of two 16-bit numbers, in int: no overflow. */
	return x + width <= self->width && y + height <= self->height;
}

static bool areas_are_on_screen(
        const struct capture_check *self, const struct message_damage *damage)
{
	for (uint16_t i = 0; i < damage->n_rects; i++) {
		const struct rect *rect = &damage->rects[i];
		if (!is_on_screen(self, rect->x, rect->y, rect->width, rect->height))
			return false;
	}
	for (uint16_t i = 0; i < damage->n_copies; i++) {
		const struct copy_hint *copy = &damage->copies[i];
		if (!is_on_screen(self, copy->x, copy->y, copy->width, copy->height) ||
		        !is_on_screen(
		                self, copy->source_x, copy->source_y, copy->width, copy->height))
			return false;
	}
	return true;
}

int capture_check_damage(
        struct capture_check *self, const struct message_damage *damage, bool *is_old)
{
	if (self->width == 0 || damage->generation > self->generation)
		return SHOJI_ERR_FORBIDDEN;
	if (self->has_damage && damage->sequence != self->sequence + 1)
		return SHOJI_ERR_FORBIDDEN;
	*is_old = damage->generation < self->generation;
	if (!*is_old && !areas_are_on_screen(self, damage))
		return SHOJI_ERR_FORBIDDEN;
	self->sequence = damage->sequence;
	self->has_damage = true;
	return 0;
}

int capture_check_cursor(const struct message_cursor *cursor)
{
	uint32_t n_pixels = (uint32_t)cursor->width * cursor->height;

	if (cursor->width > CURSOR_SIDE_MAX || cursor->height > CURSOR_SIDE_MAX ||
	        (cursor->width == 0) != (cursor->height == 0))
		return SHOJI_ERR_FORBIDDEN;
	if (n_pixels > 0 && (cursor->hot_x >= cursor->width || cursor->hot_y >= cursor->height))
		return SHOJI_ERR_FORBIDDEN;
	if (cursor->image_length != n_pixels * 3 + cursor->height * ((cursor->width + 7u) / 8))
		return SHOJI_ERR_FORBIDDEN;
	return 0;
}

int capture_check_caret(const struct capture_check *self, const struct message_caret *caret)
{
	if (self->width == 0 ||
	        !is_on_screen(self, caret->x, caret->y, caret->width, caret->height))
		return SHOJI_ERR_FORBIDDEN;
	return 0;
}

int capture_check_takes_text(const struct message_takes_text *takes_text)
{
	return takes_text->takes_text <= 2 ? 0 : SHOJI_ERR_FORBIDDEN;
}

int capture_check_text_outcome(const struct message_text_outcome *outcome)
{
	return outcome->outcome <= TEXT_OUTCOME_MAX ? 0 : SHOJI_ERR_FORBIDDEN;
}
