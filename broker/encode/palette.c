/* Finds the index of each pixel's colour. Colours come from the isolated host: any that it likes, in any order; the worst that it gets
 * is a stream that needs more bytes. */
#include "encode/palette.h"

#include <string.h>

/* Every so many areas what was counted is halved, so that a palette follows from one page to the next. */
#define AGEING_AREAS 32
/* How much more often than the rarest of the palette a colour must have been met to take its place. */
#define MARGIN 1

/* Above this part of an area's pixels it is a photograph, which is better predicted (docs/protocol.md, "What was tried"). */
#define ESCAPES_DIVISOR 3
_Static_assert(PALETTE_ESCAPED_MAX *ESCAPES_DIVISOR >= PICTURE_PIXELS_MAX - ESCAPES_DIVISOR,
        "room for them");

static uint32_t head_of(uint32_t colour)
{
	return (colour * 0x9e3779b1u) >> 22 & (PALETTE_HEADS - 1);
}

void palette_init(struct palette *self)
{
	memset(self, 0, sizeof(*self));
	memset(self->heads, 0xff, sizeof(self->heads));
}

static int find(const struct palette *self, uint32_t colour)
{
	int index = self->heads[head_of(colour)];

	while (index >= 0 && self->colours[index] != colour)
		index = self->next[index];
	return index;
}

static void link_in(struct palette *self, int index)
{
	int16_t *head = &self->heads[head_of(self->colours[index])];

	self->next[index] = *head;
	*head = (int16_t)index;
}

static void link_out(struct palette *self, int index)
{
	int16_t *at = &self->heads[head_of(self->colours[index])];

	while (*at != index)
		at = &self->next[*at];
	*at = self->next[index];
}

/* Of those that the area has not used: what was written of it must keep its meaning. -1: it has used all. */
static int rarest(const struct palette *self)
{
	int best = -1;

	for (int i = 0; i < PALETTE_COLOURS; i++)
		if (self->used[i] != self->n_areas &&
		        (best < 0 || self->weights[i] < self->weights[best]))
			best = i;
	return best;
}

static int replace(struct palette *self, int index, uint32_t colour, uint16_t weight)
{
	bool is_first = index == self->n_colours;

	self->added[self->n_added++] = (struct palette_change){
	        (uint8_t)index, is_first, self->colours[index], self->weights[index]};
	if (is_first)
		self->n_colours++;
	else
		link_out(self, index);
	self->colours[index] = colour;
	self->weights[index] = weight;
	link_in(self, index);
	return index;
}

/* A colour that the palette does not have. It is let in when it was met often enough: one area of rare colours must not drive
 * out the shades of which all text is made. */
static int knock(struct palette *self, uint32_t colour)
{
	struct palette_candidate *candidate = &self->candidates[head_of(colour)];

	if (self->n_added == PALETTE_COLOURS)
		return -1;
	if (self->n_colours < PALETTE_COLOURS)
		return replace(self, self->n_colours, colour, 1);
	if (candidate->colour != colour)
		*candidate = (struct palette_candidate){colour, 0};
	candidate->weight++;
	if (self->rarest >= 0 && self->used[self->rarest] == self->n_areas)
		self->rarest = rarest(self);
	if (self->rarest < 0 || candidate->weight < MARGIN + self->weights[self->rarest])
		return -1;
	return replace(self, self->rarest, colour, candidate->weight);
}

static uint8_t look_up(struct palette *self, uint32_t colour)
{
	int index = find(self, colour);

	if (index < 0)
		index = knock(self, colour);
	if (index < 0)
		return PICTURE_ESCAPE;
	self->used[index] = self->n_areas;
	self->weights[index] += self->weights[index] < UINT16_MAX;
	return (uint8_t)index;
}

static void age(struct palette *self)
{
	if (++self->n_areas % AGEING_AREAS == 0) {
		for (uint32_t i = 0; i < PALETTE_COLOURS; i++)
			self->weights[i] /= 2;
		for (uint32_t i = 0; i < PALETTE_HEADS; i++)
			self->candidates[i].weight /= 2;
	}
	self->rarest = rarest(self);
}

static void take_back(struct palette *self)
{
	while (self->n_added > 0) {
		const struct palette_change *change = &self->added[--self->n_added];
		link_out(self, change->index);
		self->colours[change->index] = change->colour;
		self->weights[change->index] = change->weight;
		if (change->is_first)
			self->n_colours--;
		else
			link_in(self, change->index);
	}
}

/* false: there are too many. */
static bool escape(struct palette *self, uint32_t colour, size_t max)
{
	if (self->n_escaped == max)
		return false;
	self->escaped[self->n_escaped++] = colour;
	return true;
}

bool palette_index(struct palette *self, const uint32_t *pixels, uint32_t stride_px, uint32_t width,
        uint32_t height, uint8_t *indices)
{
	size_t max = (size_t)width * height / ESCAPES_DIVISOR;
	uint32_t last = ~pixels[0];
	uint8_t index = PICTURE_ESCAPE;

	age(self);
	self->n_added = 0;
	self->n_escaped = 0;
	for (uint32_t row = 0; row < height; row++, pixels += stride_px)
		for (uint32_t i = 0; i < width; i++) {
			if (pixels[i] != last)
				index = look_up(self, last = pixels[i]);
			if (index == PICTURE_ESCAPE && !escape(self, last, max)) {
				take_back(self);
				return false;
			}
			*indices++ = index;
		}
	return true;
}
