/* JSON for Chromium from the start page, which comes from the configuration by way of monitor. */
#include "shepherd/profile_policies.h"

#include "base/error.h"

#include <stdio.h>

#define PAGE_MAX 2100

/* Quotes and backslashes escaped; a URL has no control characters. */
static int escape(char *out, size_t size, const char *text)
{
	size_t at = 0;

	for (; *text; text++) {
		if ((unsigned char)*text < 0x20)
			return SHOJI_ERR_MALFORMED;
		if (at + 3 > size)
			return SHOJI_ERR_LIMIT;
		if (*text == '"' || *text == '\\')
			out[at++] = '\\';
		out[at++] = *text;
	}
	out[at] = '\0';
	return 0;
}

int profile_policies_write(char *out, size_t size, const char *start_page)
{
	char page[PAGE_MAX];
	int error = escape(page, sizeof(page), start_page);

	if (error)
		return error;
	int n = snprintf(out, size,
	        "{\"HomepageLocation\": \"%s\", \"NewTabPageLocation\": \"%s\",\n"
	        " \"RestoreOnStartup\": 4, \"RestoreOnStartupURLs\": [\"%s\"]}\n",
	        page, page, page);
	return n < 0 || (size_t)n >= size ? SHOJI_ERR_LIMIT : 0;
}
