/* Collects the damage of one update. Its rectangles were checked against the geometry by the reader. */
#include "capture/damage.h"

#include <stdbool.h>

void damage_clear(struct message_damage *self)
{
	self->n_rects = 0;
	self->n_copies = 0;
}

static struct rect bounding_box(const struct rect *a, const struct rect *b)
{
	unsigned left = a->x < b->x ? a->x : b->x;
	unsigned top = a->y < b->y ? a->y : b->y;
	unsigned right_a = a->x + a->width, right_b = b->x + b->width;
	unsigned bottom_a = a->y + a->height, bottom_b = b->y + b->height;
	unsigned right = right_a > right_b ? right_a : right_b;
	unsigned bottom = bottom_a > bottom_b ? bottom_a : bottom_b;

	return (struct rect){.x = (uint16_t)left,
	        .y = (uint16_t)top,
	        .width = (uint16_t)(right - left),
	        .height = (uint16_t)(bottom - top)};
}

/* Xvnc cuts a large area into bands: glued together again they are one rectangle. */
static bool continues(const struct rect *above, const struct rect *below)
{
	return above->x == below->x && above->width == below->width &&
	       above->y + above->height == below->y;
}

static void halve(struct message_damage *self)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i + 1 < self->n_rects; i += 2)
		self->rects[n++] = bounding_box(&self->rects[i], &self->rects[i + 1]);
	if (self->n_rects % 2)
		self->rects[n++] = self->rects[self->n_rects - 1];
	self->n_rects = n;
}

void damage_add(struct message_damage *self, const struct rect *rect)
{
	if (rect->width == 0 || rect->height == 0)
		return;
	if (self->n_rects > 0 && continues(&self->rects[self->n_rects - 1], rect)) {
		struct rect *last = &self->rects[self->n_rects - 1];
		*last = bounding_box(last, rect);
		return;
	}
	if (self->n_rects == DAMAGE_RECTS_MAX)
		halve(self);
	self->rects[self->n_rects++] = *rect;
}

void damage_add_copy(struct message_damage *self, const struct copy_hint *copy)
{
	if (copy->width == 0 || copy->height == 0 || self->n_copies == DAMAGE_COPIES_MAX)
		return;
	self->copies[self->n_copies++] = *copy;
}
