/* Draws the watermark's text. It comes from keeper, through monitor: no byte of the isolated host is in it. */
#include "encode/mark_pattern.h"

#include "base/session.h"
#include "encode/mark_glyphs.h"

#include <stdio.h>
#include <string.h>

/* Dots. */
#define CELL_X (MARK_GLYPH_WIDTH + 1)
#define CELL_Y (MARK_GLYPH_HEIGHT + 3)
#define MARGIN 4
/* Characters that a line may have: half a period when two blocks stand side by side, else nearly all of it. */
#define LINE_HALF 20
#define LINE_MAX 41

struct drawing {
	struct mark_pattern *pattern;
	uint16_t dot;
	size_t line; /* characters */
};

static void draw_dot(const struct drawing *self, uint32_t x, uint32_t y)
{
	struct mark_pattern *pattern = self->pattern;

	for (uint32_t row = 0; row < self->dot; row++) {
		uint32_t at = (y * self->dot + row) % pattern->period_y;
		uint8_t *ink = pattern->ink + (size_t)at * pattern->stride;
		pattern->has_ink[at] = true;
		for (uint32_t column = 0; column < self->dot; column++)
			ink[(x * self->dot + column) % pattern->period_x] = 1;
	}
}

static void draw_character(const struct drawing *self, char character, uint32_t x, uint32_t y)
{
	const uint8_t *rows = mark_glyph(character);

	for (uint32_t row = 0; row < MARK_GLYPH_HEIGHT; row++)
		for (uint32_t column = 0; column < MARK_GLYPH_WIDTH; column++)
			if (rows[row] & (0x10u >> column))
				draw_dot(self, x + column, y + row);
}

/* As many lines as the text needs. Returns where the next one goes. */
static uint32_t draw_text(const struct drawing *self, const char *text, uint32_t x, uint32_t y)
{
	for (size_t i = 0; text[i]; i++) {
		if (i > 0 && i % self->line == 0)
			y += CELL_Y;
		draw_character(self, text[i], x + (uint32_t)(i % self->line) * CELL_X, y);
	}
	return y + CELL_Y;
}

static void clear(struct mark_pattern *self, uint16_t dot)
{
	self->period_x = (uint16_t)(MARK_PERIOD_DOTS_X * dot);
	self->period_y = (uint16_t)(MARK_PERIOD_DOTS_Y * dot);
	self->stride = (uint16_t)(self->period_x + MARK_INK_AT_ONCE);
	memset(self->has_ink, 0, sizeof(self->has_ink));
	memset(self->ink, 0, (size_t)self->period_y * self->stride);
}

void mark_pattern_draw(struct mark_pattern *self, const struct mark_words *words, uint16_t dot)
{
	bool is_narrow = strlen(words->person) <= LINE_HALF && strlen(words->address) <= LINE_HALF;
	struct drawing drawing = {self, dot, is_narrow ? LINE_HALF : LINE_MAX};
	uint32_t second_x = is_narrow ? MARK_PERIOD_DOTS_X / 2 + MARGIN : MARGIN;
	uint32_t y = MARGIN;

	clear(self, dot);
	y = draw_text(&drawing, words->person, MARGIN, y);
	y = draw_text(&drawing, words->address, MARGIN, y);
	draw_text(&drawing, words->time, MARGIN, y);
	y = MARK_PERIOD_DOTS_Y / 2 + MARGIN;
	y = draw_text(&drawing, words->person, second_x, y);
	draw_text(&drawing, words->address, second_x, y);
	for (uint32_t row = 0; row < self->period_y; row++) {
		uint8_t *ink = self->ink + (size_t)row * self->stride;
		memcpy(ink + self->period_x, ink, MARK_INK_AT_ONCE);
	}
}

uint16_t mark_dot(uint16_t scale)
{
	uint32_t dot = ((uint32_t)scale * MARK_DOT_MIN + SCREEN_SCALE_ONE / 2) / SCREEN_SCALE_ONE;

	return (uint16_t)(dot < MARK_DOT_MIN   ? MARK_DOT_MIN
	                  : dot > MARK_DOT_MAX ? MARK_DOT_MAX
	                                       : dot);
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
