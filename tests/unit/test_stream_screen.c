/* The screen: moves that overlap in every direction, colours, and a list of changes that never forgets one. */
#include "unit/suite.h"

#include "unit/stream_support.h"

#define WIDTH 40
#define HEIGHT 30

static _Alignas(16) uint8_t pixels[WIDTH * HEIGHT * 4];
static uint8_t before[WIDTH * HEIGHT * 4];
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

/* What encode leaves of each pixel, as the formula of predict.h has it, written out once more. */
static void rest_of(const uint8_t *rgba, uint32_t width, uint32_t x, uint32_t y, uint8_t rest[3])
{
	int planes[4][3]; /* the pixel, left, above, above left */
	bool has_left = x > 0, has_above = y > 0;
	uint32_t places[4] = {y * width + x, has_left ? y * width + x - 1 : (y - has_above) * width,
	        has_above ? (y - 1) * width + x : y * width + x - has_left, 0};

	places[3] = has_left && has_above ? (y - 1) * width + x - 1
	            : has_left            ? places[1]
	                                  : places[2];
	for (int i = 0; i < 4; i++) {
		const uint8_t *pixel = rgba + places[i] * 4;
		planes[i][0] = pixel[1];
		planes[i][1] = (uint8_t)(pixel[0] - pixel[1]);
		planes[i][2] = (uint8_t)(pixel[2] - pixel[1]);
	}
	for (int i = 0; i < 3; i++) {
		int a = planes[1][i], b = planes[2][i], guess = a + b - planes[3][i];
		int low = a < b ? a : b, high = a < b ? b : a;
		guess = guess < low ? low : guess > high ? high : guess;
		if (!has_left && !has_above)
			guess = 0;
		rest[i] = (uint8_t)(planes[0][i] - guess);
	}
}

START_TEST(predicted_pixels)
{
	static uint8_t rests[WIDTH * HEIGHT * 3];
	struct screen_rect all = {0, 0, WIDTH, HEIGHT};

	start();
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			rest_of(before, WIDTH, x, y, rests + (y * WIDTH + x) * 3);
	memset(pixels, 0, sizeof(pixels));
	screen_put_predicted(&screen, &all, rests);
	ck_assert_mem_eq(pixels, before, sizeof(pixels));
}
END_TEST

int main(void)
{
	return SUITE_RUN("stream screen", moves_that_overlap, areas_on_the_screen,
	        changes_are_all_listed, predicted_pixels, neighbours_are_listed_as_one);
}
