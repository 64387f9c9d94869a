/* What a display shows of the film of pages/video.js: which of its pictures, by the number in their upper edge, and
 * how like two displays' pictures of one number are. Bench tool: stands outside the product.
 *
 * usage: DISPLAY=:N film-witness watch X,Y,WIDTH,HEIGHT MS EVERY FILE
 *            prints READY, then JSON: pictures shown (each number once for each time that it came), and milliseconds;
 *            FILE: of each number that EVERY divides, u32 number and rows of B,G,R,X
 *        film-witness compare WIDTH HEIGHT HOST VIEWER
 *            prints JSON: pairs of one number, and the mean and the smallest SSIM of their luma
 *        DISPLAY=:N film-witness rests X,Y,WIDTH,HEIGHT ROWS N
 *            watches the upper ROWS until the film has rested N times; prints READY, then JSON: of each rest the time of the last
 *            change before it (milliseconds of the machine's clock) and a hash of all that is shown then */
#include "bench/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOCK 16 /* as in pages/video.js */
#define BITS 12
/* A picture may be on its way to the display in parts: it is kept once its number has stood for so long. */
#define WHOLE_AFTER_MS 8
#define WINDOW 8
#define STEP 4
#define PICTURES_MAX 64
/* Nothing changed for so long: the film rests (pages/video.js rests a second each time). */
#define REST_MS 600
#define RESTS_WITHIN_MS 120000

static int number_of(const uint8_t *pixels, uint32_t width)
{
	int number = 0;

	for (uint32_t bit = 0; bit < BITS; bit++) {
		const uint8_t *middle =
		        pixels + ((size_t)(BLOCK / 2) * width + bit * BLOCK + BLOCK / 2) * 4;
		number |= (middle[1] > 127) << bit;
	}
	return number;
}

static void keep(const struct watch_area *area, int number, FILE *file)
{
	struct watch whole;

	nanosleep(&(struct timespec){.tv_nsec = WHOLE_AFTER_MS * 1000000}, NULL);
	watch_open(&whole, area, 1);
	if (number_of(whole.now, area->width) == number) {
		fwrite(&(uint32_t){(uint32_t)number}, 4, 1, file);
		fwrite(whole.now, 1, whole.size_bytes, file);
	}
	watch_close(&whole);
}

static int watch_film(char **words)
{
	struct watch_area area, edge;
	struct watch watch;
	int every = atoi(words[2]), before, n_kept = 0;
	size_t n_shown = 0;
	FILE *file = fopen(words[3], "wb");

	if (!file || every < 1 || !watch_area_read(words[0], &area))
		return 2;
	edge = area;
	edge.width = BLOCK * BITS;
	edge.height = BLOCK;
	watch_open(&watch, &edge, 1);
	before = number_of(watch.now, edge.width);
	printf("READY\n");
	fflush(stdout);
	double start_ms = watch_now_ms(), end_ms = start_ms + atof(words[1]);
	while (watch_wait(&watch, end_ms)) {
		watch_take(&watch);
		int number = number_of(watch.now, edge.width);
		if (number == before)
			continue;
		before = number;
		n_shown++;
		if (number % every == 0 && n_kept++ < PICTURES_MAX)
			keep(&area, number, file);
	}
	printf("{\"shown\": %zu, \"ms\": %.1f}\n", n_shown, watch_now_ms() - start_ms);
	watch_close(&watch);
	return fclose(file) == 0 ? 0 : 1;
}

/* Whether the area changes within that time. */
static bool is_drawn_within(struct watch *watch, double ms)
{
	double end_ms = watch_now_ms() + ms;

	while (watch_wait(watch, end_ms))
		if (watch_take(watch))
			return true;
	return false;
}

/* FNV-1a, of B,G,R. */
static uint64_t hash_of(const struct watch_area *area)
{
	uint64_t hash = 0xcbf29ce484222325u;
	struct watch whole;

	watch_open(&whole, area, 1);
	for (size_t i = 0; i < whole.size_bytes; i++)
		if (i % 4 != 3)
			hash = (hash ^ whole.now[i]) * 0x100000001b3u;
	watch_close(&whole);
	return hash;
}

static int watch_rests(char **words)
{
	struct watch_area area, upper;
	struct watch watch;
	int n_rests = atoi(words[2]);

	if (!watch_area_read(words[0], &area) || atoi(words[1]) < 1 || atoi(words[1]) > area.height)
		return 2;
	upper = area;
	upper.height = (uint16_t)atoi(words[1]);
	watch_open(&watch, &upper, 1);
	printf("READY\n");
	fflush(stdout);
	printf("[");
	double start_ms = watch_now_ms();
	for (int n = 0; n < n_rests && watch_now_ms() - start_ms < RESTS_WITHIN_MS;) {
		double last_ms;
		if (!is_drawn_within(&watch, REST_MS))
			continue;
		do
			last_ms = watch_now_ms();
		while (is_drawn_within(&watch, REST_MS));
		printf("%s{\"ms\": %.1f, \"hash\": \"%016llx\"}", n > 0 ? ", " : "", last_ms,
		        (unsigned long long)hash_of(&area));
		n++;
	}
	printf("]\n");
	watch_close(&watch);
	return 0;
}

static double luma(const uint8_t *pixel)
{
	return 0.299 * pixel[2] + 0.587 * pixel[1] + 0.114 * pixel[0];
}

/* Wang, Bovik, Sheikh, Simoncelli 2004, with a window of 8x8 of equal weights. */
static double ssim_window(const uint8_t *a, const uint8_t *b, size_t stride)
{
	const double c1 = 6.5025, c2 = 58.5225, n = WINDOW * WINDOW;
	double sum_a = 0, sum_b = 0, sum_aa = 0, sum_bb = 0, sum_ab = 0;

	for (size_t y = 0; y < WINDOW; y++)
		for (size_t x = 0; x < WINDOW; x++) {
			double p = luma(a + y * stride + x * 4), q = luma(b + y * stride + x * 4);
			sum_a += p;
			sum_b += q;
			sum_aa += p * p;
			sum_bb += q * q;
			sum_ab += p * q;
		}
	double mean_a = sum_a / n, mean_b = sum_b / n;
	double var_a = sum_aa / n - mean_a * mean_a, var_b = sum_bb / n - mean_b * mean_b;
	double cov = sum_ab / n - mean_a * mean_b;
	return (2 * mean_a * mean_b + c1) * (2 * cov + c2) /
	       ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2));
}

static double ssim(const uint8_t *a, const uint8_t *b, uint32_t width, uint32_t height)
{
	size_t stride = (size_t)width * 4, n = 0;
	double sum = 0;

	for (uint32_t y = BLOCK; y + WINDOW <= height; y += STEP)
		for (uint32_t x = 0; x + WINDOW <= width; x += STEP, n++)
			sum += ssim_window(a + y * stride + (size_t)x * 4,
			        b + y * stride + (size_t)x * 4, stride);
	return sum / (double)n;
}

struct film {
	uint32_t numbers[PICTURES_MAX];
	uint8_t *pictures[PICTURES_MAX];
	size_t n;
};

static void read_film(struct film *film, const char *path, size_t picture_bytes)
{
	FILE *file = fopen(path, "rb");
	uint32_t number;

	film->n = 0;
	while (file && film->n < PICTURES_MAX && fread(&number, 4, 1, file) == 1) {
		uint8_t *picture = malloc(picture_bytes);
		if (!picture || fread(picture, 1, picture_bytes, file) != picture_bytes)
			break;
		film->numbers[film->n] = number;
		film->pictures[film->n++] = picture;
	}
	if (file)
		fclose(file);
}

static int compare(char **words)
{
	static struct film host, viewer;
	uint32_t width = (uint32_t)atoi(words[0]), height = (uint32_t)atoi(words[1]);
	double sum = 0, smallest = 1;
	size_t n = 0;

	if (width < WINDOW || width > 8192 || height < BLOCK + WINDOW || height > 8192)
		return 2;
	read_film(&host, words[2], (size_t)width * height * 4);
	read_film(&viewer, words[3], (size_t)width * height * 4);
	for (size_t i = 0; i < viewer.n; i++)
		for (size_t j = 0; j < host.n; j++)
			if (host.numbers[j] == viewer.numbers[i]) {
				double one =
				        ssim(host.pictures[j], viewer.pictures[i], width, height);
				sum += one;
				smallest = one < smallest ? one : smallest;
				n++;
			}
	if (n > 0)
		printf("{\"pairs\": %zu, \"ssim\": %.5f, \"ssim_min\": %.5f}\n", n, sum / (double)n,
		        smallest);
	else
		printf("{\"pairs\": 0}\n");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "watch") == 0)
		return watch_film(argv + 2);
	if (argc == 6 && strcmp(argv[1], "compare") == 0)
		return compare(argv + 2);
	if (argc == 5 && strcmp(argv[1], "rests") == 0)
		return watch_rests(argv + 2);
	fprintf(stderr, "usage: film-witness watch X,Y,WIDTH,HEIGHT MS EVERY FILE | compare WIDTH "
	                "HEIGHT HOST VIEWER | rests X,Y,WIDTH,HEIGHT ROWS N\n");
	return 2;
}
