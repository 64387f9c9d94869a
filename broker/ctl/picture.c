/* Screenshots as PNG. The pixels were painted by an isolated host: bytes without structure, whose sizes are
 * checked here again before anything is read. */
#include "base/session.h"
#include "ctl/ctl.h"
#include "ctl/words.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int picture_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		print_error(word(errno == EEXIST ? WORD_FILE_EXISTS : WORD_FILE_FAILED),
		        errno == EEXIST ? path : strerror(errno));
	return fd;
}

static bool is_sound(const struct picture *picture)
{
	return picture->fd >= 0 && picture->width >= 1 && picture->width <= SCREEN_WIDTH_MAX &&
	       picture->height >= 1 && picture->height <= SCREEN_HEIGHT_MAX &&
	       picture->stride_bytes >= picture->width * PIXEL_BYTES &&
	       picture->stride_bytes <= SCREEN_WIDTH_MAX * PIXEL_BYTES;
}

/* Read, not mapped: a file that shrinks under a mapping is a SIGBUS. */
static uint8_t *read_pixels(const struct picture *picture)
{
	size_t size = (size_t)picture->stride_bytes * picture->height;
	uint8_t *pixels = malloc(size);
	size_t at = 0;

	while (pixels && at < size) {
		ssize_t n = pread(picture->fd, pixels + at, size - at, (off_t)at);
		if (n <= 0) {
			free(pixels);
			return NULL;
		}
		at += (size_t)n;
	}
	return pixels;
}

/* libpng reports errors by longjmp: nothing here owns anything but `png` and `info`. */
static int encode(const struct picture *picture, const uint8_t *pixels, FILE *file)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png ? png_create_info_struct(png) : NULL;

	if (!info || setjmp(png_jmpbuf(png))) {
		png_destroy_write_struct(&png, &info);
		return -1;
	}
	png_init_io(png, file);
	png_set_IHDR(png, info, picture->width, picture->height, 8, PNG_COLOR_TYPE_RGB,
	        PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	png_set_bgr(png);
	png_set_filler(png, 0, PNG_FILLER_AFTER);
	for (unsigned y = 0; y < picture->height; y++)
		png_write_row(png, pixels + (size_t)y * picture->stride_bytes);
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	return 0;
}

int picture_write(const struct picture *picture, int fd, const char *path)
{
	uint8_t *pixels = is_sound(picture) ? read_pixels(picture) : NULL;
	int copy = pixels ? dup(fd) : -1;
	FILE *file = copy >= 0 ? fdopen(copy, "wb") : NULL;
	int result = file ? encode(picture, pixels, file) : -1;

	if (file && fclose(file) != 0)
		result = -1;
	else if (!file && copy >= 0)
		close(copy);
	free(pixels);
	if (result < 0)
		print_error(word(WORD_FILE_FAILED), path);
	return result;
}
