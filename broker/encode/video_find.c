/* Groups cells by flooding. Stands on no boundary. */
#include "encode/video_find.h"

#include <string.h>

/* Cells so far apart still belong together: parts of a moving picture stand still for a while. */
#define REACH 2
/* An area is moving pictures only if so much of it is hot, in percent. */
#define HOT_PERCENT_MIN 35

struct search {
	const struct video_cells *cells;
	uint32_t now_ms;
	uint32_t n_waiting;
	uint16_t waiting[VIDEO_ROWS_MAX *
	                 VIDEO_COLUMNS_MAX]; /* cells whose neighbours are to be looked at */
	bool is_seen[VIDEO_ROWS_MAX][VIDEO_COLUMNS_MAX];
};

static bool counts(const struct search *self, uint32_t row, uint32_t column)
{
	const struct video_cell *cell = &self->cells->cells[row][column];

	return !self->is_seen[row][column] &&
	       (cell->is_live || video_cell_is_hot(cell, self->now_ms));
}

static void look_at(struct search *self, uint32_t row, uint32_t column)
{
	if (!counts(self, row, column))
		return;
	self->is_seen[row][column] = true;
	self->waiting[self->n_waiting++] = (uint16_t)(row * VIDEO_COLUMNS_MAX + column);
}

static uint32_t less(uint32_t value, uint32_t by)
{
	return value > by ? value - by : 0;
}

static void look_around(struct search *self, uint32_t row, uint32_t column)
{
	uint32_t bottom = row + REACH < self->cells->rows ? row + REACH : self->cells->rows - 1u;
	uint32_t right =
	        column + REACH < self->cells->columns ? column + REACH : self->cells->columns - 1u;

	for (uint32_t y = less(row, REACH); y <= bottom; y++)
		for (uint32_t x = less(column, REACH); x <= right; x++)
			look_at(self, y, x);
}

struct box {
	uint32_t left, top, right, bottom;
};

static void add_cell(struct box *box, struct video_found *found, const struct video_cell *cell,
        uint32_t x, uint32_t y)
{
	found->n_hot++;
	if (cell->region != 0)
		found->region = cell->region;
	struct video_box part = video_cell_box(cell);
	if (part.right == 0)
		return;
	box->left = x + part.left < box->left ? x + part.left : box->left;
	box->top = y + part.top < box->top ? y + part.top : box->top;
	box->right = x + part.right > box->right ? x + part.right : box->right;
	box->bottom = y + part.bottom > box->bottom ? y + part.bottom : box->bottom;
}

static struct video_found flood(struct search *self, uint32_t row, uint32_t column)
{
	struct video_found found = {0};
	struct box box = {UINT32_MAX, UINT32_MAX, 0, 0};

	self->n_waiting = 0;
	look_at(self, row, column);
	for (uint32_t i = 0; i < self->n_waiting; i++) {
		uint32_t y = self->waiting[i] / VIDEO_COLUMNS_MAX;
		uint32_t x = self->waiting[i] % VIDEO_COLUMNS_MAX;
		add_cell(&box, &found, &self->cells->cells[y][x], x * VIDEO_CELL, y * VIDEO_CELL);
		look_around(self, y, x);
	}
	if (box.right > box.left)
		found.area = (struct rect){(uint16_t)box.left, (uint16_t)box.top,
		        (uint16_t)(box.right - box.left), (uint16_t)(box.bottom - box.top)};
	return found;
}

static bool is_enough(const struct video_found *found)
{
	uint32_t n_cells =
	        (uint32_t)found->area.width * found->area.height / (VIDEO_CELL * VIDEO_CELL);

	return found->area.width >= VIDEO_WIDTH_MIN && found->area.height >= VIDEO_HEIGHT_MIN &&
	       found->n_hot * 100 >= n_cells * HOT_PERCENT_MIN;
}

static size_t insert(
        struct video_found found[VIDEO_FOUND_MAX], size_t n, const struct video_found *one)
{
	size_t at = n;

	while (at > 0 && found[at - 1].n_hot < one->n_hot)
		at--;
	if (at == VIDEO_FOUND_MAX)
		return n;
	size_t n_after = n < VIDEO_FOUND_MAX ? n - at : VIDEO_FOUND_MAX - 1 - at;
	memmove(found + at + 1, found + at, n_after * sizeof(*found));
	found[at] = *one;
	return n < VIDEO_FOUND_MAX ? n + 1 : n;
}

/* A box of changes may reach beyond the screen's last, cut-off cells only by mistake; cut it there. */
static void cut(struct rect *area, uint16_t width, uint16_t height)
{
	struct rect screen = {0, 0, width, height};

	if (!video_intersect(area, &screen, area))
		*area = (struct rect){0};
}

size_t video_find(const struct video_cells *cells, uint16_t width, uint16_t height, uint32_t now_ms,
        struct video_found found[VIDEO_FOUND_MAX])
{
	static struct search search;
	size_t n = 0;

	search.cells = cells;
	search.now_ms = now_ms;
	memset(search.is_seen, 0, sizeof(search.is_seen[0]) * cells->rows);
	for (uint32_t row = 0; row < cells->rows; row++)
		for (uint32_t column = 0; column < cells->columns; column++) {
			if (!counts(&search, row, column))
				continue;
			struct video_found one = flood(&search, row, column);
			cut(&one.area, width, height);
			if (is_enough(&one))
				n = insert(found, n, &one);
		}
	return n;
}
