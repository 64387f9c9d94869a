/* Damage and the pixel buffer: nothing is lost by merging, and a buffer that could be truncated is refused. */
#include "unit/suite.h"

#include "base/error.h"
#include "capture/damage.h"
#include "capture/pixels.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct message_damage damage;

static bool is_covered(unsigned x, unsigned y)
{
	for (uint16_t i = 0; i < damage.n_rects; i++) {
		const struct rect *rect = &damage.rects[i];
		if (x >= rect->x && x < (unsigned)rect->x + rect->width && y >= rect->y &&
		        y < (unsigned)rect->y + rect->height)
			return true;
	}
	return false;
}

START_TEST(bands_become_one)
{
	damage_clear(&damage);
	for (uint16_t y = 0; y < 800; y += 50)
		damage_add(&damage, &(struct rect){0, y, 1280, 50});
	ck_assert_uint_eq(damage.n_rects, 1);
	ck_assert_uint_eq(damage.rects[0].height, 800);
	damage_add(&damage, &(struct rect){0, 0, 0, 7});
	ck_assert_uint_eq(damage.n_rects, 1);
	/* Elsewhere, of another width, or with a gap it is another one: no more than what changed is told. */
	damage_add(&damage, &(struct rect){0, 0, 10, 10});
	damage_add(&damage, &(struct rect){5, 10, 10, 10});
	damage_add(&damage, &(struct rect){5, 20, 11, 10});
	damage_add(&damage, &(struct rect){5, 31, 11, 10});
	ck_assert_uint_eq(damage.n_rects, 5);
}
END_TEST

START_TEST(merging_loses_nothing)
{
	damage_clear(&damage);
	srand(7);
	for (int i = 0; i < 3000; i++) {
		struct rect rect = {(uint16_t)(rand() % 3000), (uint16_t)(rand() % 2000),
		        (uint16_t)(1 + rand() % 60), (uint16_t)(1 + rand() % 40)};
		damage_add(&damage, &rect);
		ck_assert_uint_le(damage.n_rects, DAMAGE_RECTS_MAX);
	}
	srand(7);
	for (int i = 0; i < 3000; i++) {
		unsigned x = (unsigned)rand() % 3000, y = (unsigned)rand() % 2000;
		unsigned right = x + (unsigned)rand() % 60, bottom = y + (unsigned)rand() % 40;
		ck_assert(is_covered(x, y) && is_covered(right, bottom));
	}
}
END_TEST

START_TEST(surplus_copies_are_dropped)
{
	damage_clear(&damage);
	for (int i = 0; i < 100; i++)
		damage_add_copy(&damage, &(struct copy_hint){0, 0, 1, 1, 10, 10});
	ck_assert_uint_eq(damage.n_copies, DAMAGE_COPIES_MAX);
	damage_clear(&damage);
	damage_add_copy(&damage, &(struct copy_hint){0, 0, 1, 1, 0, 10});
	ck_assert_uint_eq(damage.n_copies, 0);
}
END_TEST

static int memfd(off_t size, int seals)
{
	int fd = memfd_create("pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	if (seals)
		ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static int map_error(off_t size, int seals, uint16_t width, uint16_t height)
{
	struct pixels pixels = {0};
	int fd = memfd(size, seals);
	int error = pixels_map(&pixels, fd, width, height);

	ck_assert((pixels.data != NULL) == (error == 0));
	pixels_finish(&pixels);
	close(fd);
	return error;
}

START_TEST(only_a_sealed_buffer_of_the_right_size)
{
	const int sealed = F_SEAL_SHRINK | F_SEAL_GROW;
	const off_t size = 640 * 480 * 4;

	ck_assert_int_eq(map_error(size, sealed | F_SEAL_SEAL, 640, 480), 0);
	ck_assert_int_eq(map_error(size, sealed, 640, 480), 0);
	ck_assert_int_eq(map_error(size, 0, 640, 480), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(map_error(size, F_SEAL_GROW, 640, 480), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(map_error(size, F_SEAL_SHRINK, 640, 480), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(map_error(size - 1, sealed, 640, 480), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(map_error(size, sealed, 319, 480), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(map_error(size, sealed, 3841, 480), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(map_error(size, sealed, 640, 2161), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(map_error(size, sealed, 0, 0), SHOJI_ERR_LIMIT);
}
END_TEST

/* What the seal is for: without it a writer truncates the buffer under encode's feet. */
START_TEST(truncating_writer)
{
	int sealed = memfd(4096, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	int open = memfd(4096, 0);

	ck_assert_int_eq(ftruncate(sealed, 0), -1);
	ck_assert_int_eq(ftruncate(sealed, 8192), -1);
	ck_assert_int_eq(fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE), -1);
	ck_assert_int_eq(ftruncate(open, 0), 0);
	close(sealed);
	close(open);
}
END_TEST

int main(void)
{
	return SUITE_RUN("capture damage", bands_become_one, merging_loses_nothing,
	        surplus_copies_are_dropped, only_a_sealed_buffer_of_the_right_size,
	        truncating_writer);
}
