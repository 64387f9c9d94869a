/* Any text as a configuration: refused with a complaint, or dumped and read back the same. */
#include "base/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[2 * CONFIG_TEXT_MAX], second[2 * CONFIG_TEXT_MAX];
	struct config config, again;
	char complaint[256];
	size_t length, length_again;

	if (config_read(&config, "f", (const char *)data, size, complaint, sizeof(complaint))) {
		if (complaint[0] == '\0')
			abort();
		return 0;
	}
	if (config_dump(&config, first, sizeof(first), &length) == 0 && length <= CONFIG_TEXT_MAX) {
		if (config_read(&again, "d", first, length, complaint, sizeof(complaint)))
			abort();
		if (config_dump(&again, second, sizeof(second), &length_again) ||
		        length != length_again || memcmp(first, second, length) != 0)
			abort();
		config_finish(&again);
	}
	config_finish(&config);
	return 0;
}
