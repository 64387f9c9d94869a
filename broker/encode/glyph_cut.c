/* Recursive X-Y cut. The pixels are a page's making: whatever they are, the depth and the number of boxes are bounded, and what cannot be cut
 * stays one box. */
#include "encode/glyph_cut.h"

#include "encode/image.h"

#include <string.h>

#define SAMPLES 1021
#define COLOURS_MAX 32
#define DEPTH_MAX 12
#define LINE_MAX 48   /* what is higher is not one line: */
#define COLUMN_GAP 6  /* it falls apart only where that many columns are blank */
#define FOLLOW_MAX 40 /* rows beyond the area */
#define PART_WIDTH_MIN 24
#define PART_HEIGHT_MIN 10
#define INSIDE_MIN 8 /* of a frame */
#define THIN_MAX 8   /* a line that goes down: it is told in pieces */

struct box {
	uint32_t x, y, right, bottom;
};

static const uint32_t *row_of(const struct glyph_cut *self, uint32_t y)
{
	return self->image->pixels + (size_t)y * self->image->width;
}

/* The most frequent colour of evenly spread samples; false: none is that of a quarter of them. */
static bool find_ground(const struct image *image, const struct box *box, uint32_t *ground)
{
	uint32_t colours[COLOURS_MAX], counts[COLOURS_MAX], n = 0, best = 0;
	uint32_t width = box->right - box->x, all = width * (box->bottom - box->y);

	for (uint32_t i = 0; i < SAMPLES; i++) {
		uint32_t at = (uint32_t)((uint64_t)i * all / SAMPLES), k = 0;
		uint32_t pixel = image->pixels[(size_t)(box->y + at / width) * image->width +
		                               box->x + at % width];
		while (k < n && colours[k] != pixel)
			k++;
		if (k == COLOURS_MAX)
			continue;
		if (k == n) {
			colours[n] = pixel;
			counts[n++] = 0;
		}
		counts[k]++;
		best = counts[k] > counts[best] ? k : best;
	}
	*ground = colours[best];
	return counts[best] * 4 >= SAMPLES;
}

static bool is_blank_row(const struct glyph_cut *self, uint32_t y, uint32_t x, uint32_t right)
{
	const uint32_t *row = row_of(self, y), ground = self->part->ground;

	while (x < right) {
		uint32_t end = right - x > 64 ? x + 64 : right, differs = 0;
		for (; x < end; x++)
			differs |= row[x] ^ ground;
		if (differs != 0)
			return false;
	}
	return true;
}

/* Cut off at the edge of the area, and not all of it could be found beyond that. */
static bool is_whole(const struct glyph_cut *self, const struct box *box)
{
	const struct rect *area = &self->part->area;

	if (box->y <= area->y &&
	        (box->y == 0 || !is_blank_row(self, box->y - 1, box->x, box->right)))
		return false;
	return box->bottom < area->y + (uint32_t)area->height ||
	       (box->bottom < self->image->height &&
	               is_blank_row(self, box->bottom, box->x, box->right));
}

static void add_leaf(struct glyph_cut *self, const struct box *box)
{
	if (self->n_leaves == GLYPH_LEAVES_MAX) {
		self->is_too_much = true;
		return;
	}
	self->leaves[self->n_leaves++] = (struct glyph_leaf){
	        .box = {(uint16_t)box->x, (uint16_t)box->y, (uint16_t)(box->right - box->x),
	                (uint16_t)(box->bottom - box->y)},
	        .line = self->line,
	        .is_whole = is_whole(self, box)};
}

/* What is no glyph: within the area, a line of its own, and not higher than may be told. */
static void add_plain(struct glyph_cut *self, const struct box *box)
{
	const struct rect *area = &self->part->area;
	uint32_t top = box->y > area->y ? box->y : area->y;
	uint32_t end = area->y + (uint32_t)area->height;
	uint32_t bottom = box->bottom < end ? box->bottom : end;
	uint32_t step = box->right - box->x <= THIN_MAX ? DRAWN_HEIGHT_MAX : bottom;

	for (; top < bottom; top += step) {
		struct box piece = {
		        box->x, top, box->right, bottom - top > step ? top + step : bottom};
		self->line++;
		add_leaf(self, &piece);
	}
	self->line++;
}

static bool add_part(struct glyph_cut *self, const struct box *box)
{
	const struct rect *area = &self->part->area;
	struct box inside = *box;
	uint32_t end = area->y + (uint32_t)area->height, ground;

	inside.y = inside.y > area->y ? inside.y : area->y;
	inside.bottom = inside.bottom < end ? inside.bottom : end;
	if (inside.y >= inside.bottom || self->n_parts == GLYPH_PARTS_MAX)
		return false;
	if (!find_ground(self->image, &inside, &ground) || ground == self->part->ground)
		return false;
	self->parts[self->n_parts++] = (struct glyph_part){
	        .area = {(uint16_t)inside.x, (uint16_t)inside.y,
	                (uint16_t)(inside.right - inside.x), (uint16_t)(inside.bottom - inside.y)},
	        .ground = ground};
	return true;
}

/* Nearly all of one colour, which is not the ground: the side of a frame. */
static bool is_side(const struct glyph_cut *self, uint32_t x, uint32_t y, uint32_t n, bool is_row)
{
	size_t step = is_row ? 1 : self->image->width;
	const uint32_t *pixel = row_of(self, y) + x, colour = pixel[n / 2 * step];
	uint32_t n_same = 0;

	for (uint32_t i = 0; i < n; i++)
		n_same += pixel[i * step] == colour;
	return colour != self->part->ground && n_same * 16 >= n * 15;
}

/* What is within a frame. Returns whether there is one. */
static bool take_frame_off(const struct glyph_cut *self, struct box *box)
{
	struct box all = *box;
	bool goes_on = true;

	while (goes_on && box->right - box->x > INSIDE_MIN && box->bottom - box->y > INSIDE_MIN) {
		uint32_t width = box->right - box->x, height = box->bottom - box->y;
		bool top = is_side(self, box->x, box->y, width, true);
		bool bottom = is_side(self, box->x, box->bottom - 1, width, true);
		bool left = is_side(self, box->x, box->y, height, false);
		bool right = is_side(self, box->right - 1, box->y, height, false);
		*box = (struct box){
		        box->x + left, box->y + top, box->right - right, box->bottom - bottom};
		goes_on = top || bottom || left || right;
	}
	return memcmp(&all, box, sizeof(all)) != 0;
}

static void cut_rows(struct glyph_cut *self, struct box box, uint32_t depth);

/* No blank row or column goes through it. */
static void cut_stuck(struct glyph_cut *self, const struct box *box, uint32_t depth)
{
	struct box inside = *box;
	bool is_large =
	        box->right - box->x > PART_WIDTH_MIN && box->bottom - box->y > PART_HEIGHT_MIN;

	if (is_large && add_part(self, box))
		return;
	if (!is_large || depth >= DEPTH_MAX || !take_frame_off(self, &inside)) {
		add_plain(self, box);
		return;
	}
	struct box sides[4] = {{box->x, box->y, box->right, inside.y},
	        {box->x, inside.y, inside.x, inside.bottom},
	        {inside.right, inside.y, box->right, inside.bottom},
	        {box->x, inside.bottom, box->right, box->bottom}};
	for (int i = 0; i < 4; i++)
		if (sides[i].x < sides[i].right && sides[i].y < sides[i].bottom)
			add_plain(self, &sides[i]);
	cut_rows(self, inside, depth + 1);
}

/* Columns of a band that are not blank, where so many blank ones end them; from self->n_spans on. */
static uint32_t find_spans(struct glyph_cut *self, const struct box *band)
{
	static uint32_t differs[PICTURE_WIDTH_MAX];
	uint32_t gap = band->bottom - band->y > LINE_MAX ? COLUMN_GAP : 1, n = self->n_spans;
	const uint32_t ground = self->part->ground, width = band->right - band->x;

	memset(differs, 0, width * sizeof(differs[0]));
	for (uint32_t y = band->y; y < band->bottom; y++) {
		const uint32_t *row = row_of(self, y) + band->x;
		for (uint32_t i = 0; i < width; i++)
			differs[i] |= row[i] ^ ground;
	}
	for (uint32_t i = 0; i < width; i++) {
		uint32_t x = band->x + i;
		if (differs[i] == 0)
			continue;
		if (n > self->n_spans && x < self->spans[n - 1][1] + gap) {
			self->spans[n - 1][1] = (uint16_t)(x + 1);
		} else if (n == GLYPH_SPANS_MAX) {
			self->is_too_much = true;
		} else {
			self->spans[n][0] = (uint16_t)x;
			self->spans[n++][1] = (uint16_t)(x + 1);
		}
	}
	return n - self->n_spans;
}

static void cut_columns(struct glyph_cut *self, const struct box *band, uint32_t depth)
{
	uint32_t first = self->n_spans, n = find_spans(self, band);

	self->n_spans += n;
	for (uint32_t i = first; i < first + n && !self->is_too_much; i++) {
		struct box box = {self->spans[i][0], band->y, self->spans[i][1], band->bottom};
		while (is_blank_row(self, box.y, box.x, box.right))
			box.y++;
		while (is_blank_row(self, box.bottom - 1, box.x, box.right))
			box.bottom--;
		bool is_all = n == 1 && memcmp(&box, band, sizeof(box)) == 0;
		if (box.right - box.x <= GLYPH_SIDE_MAX && box.bottom - box.y <= GLYPH_SIDE_MAX)
			add_leaf(self, &box);
		else if (depth >= DEPTH_MAX || (is_all && depth > 0))
			cut_stuck(self, &box, depth);
		else
			cut_rows(self, box, depth + 1);
	}
	self->n_spans = first;
}

/* A line that the area's edge goes through is followed to where it ends. */
static void follow(const struct glyph_cut *self, struct box *box)
{
	const struct rect *area = &self->part->area;
	uint32_t y = box->y, bottom = box->bottom, height = self->image->height;

	while (box->y == area->y && y > 0 && box->y - y < FOLLOW_MAX &&
	        !is_blank_row(self, y, box->x, box->right))
		y--;
	while (box->bottom == area->y + (uint32_t)area->height && bottom < height &&
	        bottom - box->bottom < FOLLOW_MAX &&
	        !is_blank_row(self, bottom - 1, box->x, box->right))
		bottom++;
	if (is_blank_row(self, y, box->x, box->right))
		box->y = y;
	if (is_blank_row(self, bottom - 1, box->x, box->right))
		box->bottom = bottom;
}

static void cut_rows(struct glyph_cut *self, struct box box, uint32_t depth)
{
	struct box band = box;

	follow(self, &box);
	for (uint32_t y = box.y; y < box.bottom && !self->is_too_much; y = band.bottom + 1) {
		while (y < box.bottom && is_blank_row(self, y, box.x, box.right))
			y++;
		band.y = y;
		while (y < box.bottom && !is_blank_row(self, y, box.x, box.right))
			y++;
		band.bottom = y;
		if (band.y == band.bottom)
			break;
		self->line++;
		cut_columns(self, &band, depth + (band.y == box.y && band.bottom == box.bottom));
	}
}

bool glyph_cut(struct glyph_cut *self, const struct image *image, const struct rect *area)
{
	struct box box = {area->x, area->y, area->x + (uint32_t)area->width,
	        area->y + (uint32_t)area->height};

	self->image = image;
	self->n_parts = 1;
	self->n_leaves = 0;
	self->n_spans = 0;
	self->is_too_much = false;
	self->line = 0;
	self->parts[0] = (struct glyph_part){.area = *area};
	if (!find_ground(image, &box, &self->parts[0].ground))
		return false;
	for (uint32_t i = 0; i < self->n_parts && !self->is_too_much; i++) {
		struct glyph_part *part = &self->parts[i];
		const struct rect *at = &part->area;
		self->part = part;
		part->first = self->n_leaves;
		cut_rows(self,
		        (struct box){at->x, at->y, at->x + (uint32_t)at->width,
		                at->y + (uint32_t)at->height},
		        0);
		part->n_leaves = self->n_leaves - part->first;
	}
	return !self->is_too_much;
}
