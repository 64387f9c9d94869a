/* One option of the configuration: see config_options.c. */
#ifndef SHOJI_BASE_CONFIG_OPTIONS_H
#define SHOJI_BASE_CONFIG_OPTIONS_H

#include "base/config.h"

enum option_type {
	OPTION_NUMBER,             /* uint64_t between min and max */
	OPTION_LIMIT,              /* uint64_t between min and max, or none: CONFIG_NO_LIMIT */
	OPTION_BOOL,               /* bool: true or false */
	OPTION_CHOICE,             /* uint64_t: index into choices */
	OPTION_CHOICE_TEXT,        /* char *: one of choices */
	OPTION_TEXT,               /* char *: min to max characters, no control characters */
	OPTION_PATH,               /* char *: absolute */
	OPTION_PATH_OR_EMPTY,      /* char * */
	OPTION_ADDRESS_PORT,       /* char *: 127.0.0.1:8443 or [::1]:8443 */
	OPTION_HOST_PORT_OR_EMPTY, /* char *: host:port */
	OPTION_LIST,               /* struct config_list: at most max texts */
	OPTION_NUMBER_LIST,        /* struct config_list: numbers between min and max, as text */
	OPTION_MAP,                /* struct config_map: at most max pairs */
};

struct config_option {
	const char *section;
	const char *key;
	enum option_type type;
	size_t offset;    /* of the value in struct config */
	const char *text; /* the default; lists: separated by commas */
	uint64_t min, max;
	const char *const *choices; /* NULL-terminated */
	const char *help;
};

const struct config_option *config_options(size_t *n);

/* "direct, upstream": what may be chosen, cut to size bytes. option->choices is not NULL. */
void config_option_choices(const struct config_option *option, char *out, size_t size);

#endif
