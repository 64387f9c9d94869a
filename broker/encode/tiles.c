/* A map of marked tiles. Areas were checked against the screen before they come here. */
#include "encode/tiles.h"

#include <string.h>

void tiles_resize(struct tiles *self, uint16_t width, uint16_t height)
{
	memset(self, 0, sizeof(*self));
	self->width = width;
	self->height = height;
	self->columns = TILES_SIDE(width);
	self->rows = TILES_SIDE(height);
}

void tiles_mark(struct tiles *self, const struct rect *area)
{
	if (area->width == 0 || area->height == 0)
		return;
	uint32_t last_column = (area->x + area->width - 1u) / PICTURE_TILE;
	uint32_t last_row = (area->y + area->height - 1u) / PICTURE_TILE;

	for (uint32_t row = area->y / PICTURE_TILE; row <= last_row; row++)
		for (uint32_t column = area->x / PICTURE_TILE; column <= last_column; column++) {
			self->n_marked += !self->is_marked[row][column];
			self->is_marked[row][column] = true;
		}
}

void tiles_mark_one(struct tiles *self, uint32_t column, uint32_t row)
{
	self->n_marked += !self->is_marked[row][column];
	self->is_marked[row][column] = true;
}

void tiles_mark_all(struct tiles *self)
{
	tiles_mark(self, &(struct rect){0, 0, self->width, self->height});
}

void tiles_unmark(struct tiles *self, uint32_t column, uint32_t row)
{
	self->n_marked -= self->is_marked[row][column];
	self->is_marked[row][column] = false;
}

static uint16_t rest(uint32_t start, uint32_t end)
{
	return (uint16_t)(end - start < PICTURE_TILE ? end - start : PICTURE_TILE);
}

struct rect tiles_area(const struct tiles *self, uint32_t column, uint32_t row)
{
	uint16_t x = (uint16_t)(column * PICTURE_TILE), y = (uint16_t)(row * PICTURE_TILE);

	return (struct rect){x, y, rest(x, self->width), rest(y, self->height)};
}

void tiles_set_first(struct tiles *self, enum tiles_place place, uint32_t x, uint32_t y)
{
	if (self->columns == 0)
		return;
	if (x >= self->width)
		x = self->width - 1u;
	if (y >= self->height)
		y = self->height - 1u;
	uint32_t column = x < TILES_NEAR ? 0 : (x - TILES_NEAR) / PICTURE_TILE;
	uint32_t row = y < TILES_NEAR ? 0 : (y - TILES_NEAR) / PICTURE_TILE;
	uint32_t end_column = (x + TILES_NEAR) / PICTURE_TILE + 1;
	uint32_t end_row = (y + TILES_NEAR) / PICTURE_TILE + 1;

	if (end_column > self->columns)
		end_column = self->columns;
	if (end_row > self->rows)
		end_row = self->rows;
	self->first[place] = (struct rect){(uint16_t)column, (uint16_t)row,
	        (uint16_t)(end_column - column), (uint16_t)(end_row - row)};
}
