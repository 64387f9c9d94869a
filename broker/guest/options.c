/* The command line of shoji-guest-init. It comes from the shepherd, which took it from the configuration. */
#include "guest/options.h"

#include "base/error.h"
#include "base/number.h"
#include "base/session.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

/* The text after "name=" when argument begins with it. */
static const char *value_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return strncmp(argument, name, length) == 0 ? argument + length : NULL;
}

static int read_size(const char *text, uint64_t min, uint64_t max, uint16_t *out)
{
	uint64_t value;

	if (number_parse(text, strlen(text), min, max, &value))
		return SHOJI_ERR_CONFIG;
	*out = (uint16_t)value;
	return 0;
}

static int read_tasks(const char *text, uint32_t *out)
{
	uint64_t value;

	if (number_parse(text, strlen(text), 1, UINT32_MAX, &value))
		return SHOJI_ERR_CONFIG;
	*out = (uint32_t)value;
	return 0;
}

static int read_descriptor(const char *text, int *out)
{
	uint64_t value;

	if (number_parse(text, strlen(text), STDERR_FILENO + 1, INT_MAX, &value))
		return SHOJI_ERR_CONFIG;
	*out = (int)value;
	return 0;
}

static int read_one(struct guest_options *self, const char *argument)
{
	const char *value;

	if ((value = value_of(argument, "--width=")))
		return read_size(value, SCREEN_WIDTH_MIN, SCREEN_WIDTH_MAX, &self->width_px);
	if ((value = value_of(argument, "--height=")))
		return read_size(value, SCREEN_HEIGHT_MIN, SCREEN_HEIGHT_MAX, &self->height_px);
	if ((value = value_of(argument, "--scale=")))
		return read_size(value, SCREEN_SCALE_MIN, SCREEN_SCALE_MAX, &self->scale);
	if ((value = value_of(argument, "--tasks=")))
		return read_tasks(value, &self->tasks);
	if ((value = value_of(argument, "--text-door=")))
		return read_descriptor(value, &self->text_door);
	if ((value = value_of(argument, "--start-page="))) {
		self->start_page = value;
		/* What begins with a dash would be an option of the browser's. */
		return value[0] && value[0] != '-' ? 0 : SHOJI_ERR_CONFIG;
	}
	if ((value = value_of(argument, "--keyboard="))) {
		self->keyboard = value;
		return strcmp(value, "jp") == 0 || strcmp(value, "us") == 0 ? 0 : SHOJI_ERR_CONFIG;
	}
	if (strcmp(argument, "--kiosk") != 0)
		return SHOJI_ERR_CONFIG;
	self->is_kiosk = true;
	return 0;
}

int guest_options_read(struct guest_options *self, int argc, char *const argv[])
{
	struct guest_options read = {0};

	for (int i = 1; i < argc; i++)
		if (read_one(&read, argv[i]))
			return SHOJI_ERR_CONFIG;
	if (!read.width_px || !read.height_px || !read.scale || !read.tasks || !read.text_door ||
	        !read.keyboard || !read.start_page)
		return SHOJI_ERR_CONFIG;
	*self = read;
	return 0;
}
