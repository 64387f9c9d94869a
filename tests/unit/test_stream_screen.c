/* The screen: moves that overlap in every direction, colours, and a list of changes that never forgets one. */
#include "unit/suite.h"

#include "unit/stream_support.h"

#define WIDTH 40
#define HEIGHT 30

static uint8_t pixels[WIDTH * HEIGHT * 4], before[WIDTH * HEIGHT * 4];
static struct screen screen;

static void start(void)
{
	uint64_t state = 7;

	screen_init(&screen, pixels, WIDTH, HEIGHT);
	for (size_t i = 0; i < sizeof(pixels); i++)
		pixels[i] = i % 4 == 3 ? 255 : (uint8_t)support_random(&state);
	memcpy(before, pixels, sizeof(pixels));
}

START_TEST(moves_that_overlap)
{
	for (int dy = -9; dy <= 9; dy++)
		for (int dx = -9; dx <= 9; dx++) {
			struct screen_rect to = {(uint16_t)(10 + dx), (uint16_t)(10 + dy), 20, 10};
			unsigned n_wrong = 0;
			start();
			screen_copy(&screen, 10, 10, &to);
			for (int y = 0; y < HEIGHT; y++)
				for (int x = 0; x < WIDTH; x++) {
					bool is_in = x >= to.x && x < to.x + to.width &&
					             y >= to.y && y < to.y + to.height;
					const uint8_t *from =
					        is_in ? before + ((y - dy) * WIDTH + x - dx) * 4
					              : before + (y * WIDTH + x) * 4;
					n_wrong +=
					        memcmp(pixels + (y * WIDTH + x) * 4, from, 4) != 0;
				}
			ck_assert_uint_eq(n_wrong, 0);
		}
}
END_TEST

START_TEST(areas_on_the_screen)
{
	start();
	ck_assert(screen_holds(&screen, &(struct screen_rect){0, 0, WIDTH, HEIGHT}));
	ck_assert(!screen_holds(&screen, &(struct screen_rect){1, 0, WIDTH, HEIGHT}));
	ck_assert(!screen_holds(&screen, &(struct screen_rect){0, 1, WIDTH, HEIGHT}));
	ck_assert(!screen_holds(&screen, &(struct screen_rect){0, 0, 0, 1}));
	ck_assert(!screen_holds(&screen, &(struct screen_rect){0, 0, 1, 0}));
	ck_assert(!screen_holds(&screen, &(struct screen_rect){65535, 0, 65535, 1}));
	ck_assert(!screen_holds(&screen, &(struct screen_rect){0, 65535, 1, 65535}));
}
END_TEST

static bool is_marked(unsigned x, unsigned y)
{
	for (uint16_t i = 0; i < screen.n_rects; i++) {
		const struct screen_rect *rect = &screen.rects[i];
		if (x >= rect->x && x < (unsigned)rect->x + rect->width && y >= rect->y &&
		        y < (unsigned)rect->y + rect->height)
			return true;
	}
	return false;
}

START_TEST(changes_are_all_listed)
{
	static const uint8_t red[3] = {200, 1, 2};
	uint64_t state = 99;

	start();
	for (int i = 0; i < 300; i++) {
		struct screen_rect area = {(uint16_t)support_below(&state, WIDTH - 3),
		        (uint16_t)support_below(&state, HEIGHT - 3), 3, 2};
		screen_fill(&screen, &area, red);
		ck_assert_uint_le(screen.n_rects, SCREEN_RECTS_MAX);
	}
	for (unsigned y = 0; y < HEIGHT; y++)
		for (unsigned x = 0; x < WIDTH; x++)
			if (memcmp(pixels + (y * WIDTH + x) * 4, before + (y * WIDTH + x) * 4, 4) !=
			        0)
				ck_assert_msg(is_marked(x, y), "%u, %u is not listed", x, y);
}
END_TEST

START_TEST(neighbours_are_listed_as_one)
{
	static const uint8_t black[3];

	start();
	screen_fill(&screen, &(struct screen_rect){0, 0, 10, 5}, black);
	screen_fill(&screen, &(struct screen_rect){10, 0, 10, 5}, black);
	ck_assert_uint_eq(screen.n_rects, 1);
	screen_fill(&screen, &(struct screen_rect){30, 20, 1, 1}, black);
	ck_assert_uint_eq(screen.n_rects, 2);
}
END_TEST

int main(void)
{
	return SUITE_RUN("stream screen", moves_that_overlap, areas_on_the_screen,
	        changes_are_all_listed, neighbours_are_listed_as_one);
}
