/* Draws the watermark's text. It comes from keeper, through monitor: no byte of the isolated host is in it. */
#include "encode/mark_pattern.h"

#include "encode/mark_glyphs.h"

#include <stdio.h>
#include <string.h>

#define SCALE 2 /* pixels of the screen a pixel of a glyph, each way */
#define CELL_X ((MARK_GLYPH_WIDTH + 1) * SCALE)
#define CELL_Y ((MARK_GLYPH_HEIGHT + 3) * SCALE)
/* Characters that a line may have: half a period when two blocks stand side by side, else nearly all of it. */
#define LINE_HALF 20
#define LINE_MAX 41
#define MARGIN 8

static void draw_cell(struct mark_pattern *self, uint32_t x, uint32_t y)
{
	for (uint32_t row = 0; row < SCALE; row++) {
		uint8_t *ink = self->ink[(y + row) % MARK_PERIOD_Y];
		self->has_ink[(y + row) % MARK_PERIOD_Y] = true;
		for (uint32_t column = 0; column < SCALE; column++)
			ink[(x + column) % MARK_PERIOD_X] = 1;
	}
}

static void draw_character(struct mark_pattern *self, char character, uint32_t x, uint32_t y)
{
	const uint8_t *rows = mark_glyph(character);

	for (uint32_t row = 0; row < MARK_GLYPH_HEIGHT; row++)
		for (uint32_t column = 0; column < MARK_GLYPH_WIDTH; column++)
			if (rows[row] & (0x10u >> column))
				draw_cell(self, x + column * SCALE, y + row * SCALE);
}

/* As many lines as the text needs. Returns where the next one goes. */
static uint32_t draw_text(
        struct mark_pattern *self, const char *text, uint32_t x, uint32_t y, size_t line)
{
	for (size_t i = 0; text[i]; i++) {
		if (i > 0 && i % line == 0)
			y += CELL_Y;
		draw_character(self, text[i], x + (uint32_t)(i % line) * CELL_X, y);
	}
	return y + CELL_Y;
}

void mark_pattern_draw(
        struct mark_pattern *self, const char *person, const char *address, const char *time)
{
	bool is_narrow = strlen(person) <= LINE_HALF && strlen(address) <= LINE_HALF;
	size_t line = is_narrow ? LINE_HALF : LINE_MAX;
	uint32_t y = MARGIN;

	memset(self, 0, sizeof(*self));
	y = draw_text(self, person, MARGIN, y, line);
	y = draw_text(self, address, MARGIN, y, line);
	draw_text(self, time, MARGIN, y, line);
	y = MARK_PERIOD_Y / 2 + MARGIN;
	y = draw_text(self, person, is_narrow ? MARK_PERIOD_X / 2 + MARGIN : MARGIN, y, line);
	draw_text(self, address, is_narrow ? MARK_PERIOD_X / 2 + MARGIN : MARGIN, y, line);
	for (uint32_t row = 0; row < MARK_PERIOD_Y; row++)
		memcpy(self->ink[row] + MARK_PERIOD_X, self->ink[row], MARK_INK_AT_ONCE);
}

/* Not gmtime(): it would open /etc/localtime, and encode may open nothing. The date of a day number: era, year of it and
 * day of that, with years that begin in March (the leap day is then the last). */
void mark_time(char out[MARK_TIME_BYTES], int64_t utc_s, int east_min)
{
	uint64_t local_s = (uint64_t)(utc_s + (int64_t)east_min * 60);
	uint64_t day = local_s / 86400 + 719468; /* since 0000-03-01 */
	uint64_t era = day / 146097, day_of_era = day % 146097;
	uint64_t year_of_era =
	        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	uint64_t day_of_year =
	        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint64_t month = (5 * day_of_year + 2) / 153; /* 0: March */
	unsigned date = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1);
	unsigned civil_month = (unsigned)(month < 10 ? month + 3 : month - 9);
	unsigned year = (unsigned)(era * 400 + year_of_era + (month >= 10));
	unsigned minute = (unsigned)(local_s % 86400 / 60);

	snprintf(out, MARK_TIME_BYTES, "%04u-%02u-%02u %02u:%02u", year % 10000, civil_month % 100,
	        date % 100, minute / 60 % 100, minute % 60);
}
