/* Writes the configuration: as YAML that config_read() takes, and as the documents that are made of the option table.
 * Nothing foreign is read here. */
#include "base/config.h"

#include "base/config_options.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* ---- the configuration ---- */

/* A double-quoted YAML scalar; control characters never get into a configuration. */
static void write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void write_list(FILE *out, const struct config_list *list)
{
	fputc('[', out);
	for (size_t i = 0; i < list->n_items; i++) {
		if (i)
			fputs(", ", out);
		write_quoted(out, list->items[i]);
	}
	fputc(']', out);
}

static void write_map(FILE *out, const struct config_map *map)
{
	fputc('{', out);
	for (size_t i = 0; i < map->names.n_items; i++) {
		if (i)
			fputs(", ", out);
		write_quoted(out, map->names.items[i]);
		fputs(": ", out);
		write_quoted(out, map->values.items[i]);
	}
	fputc('}', out);
}

static void write_value(FILE *out, const struct config *config, const struct config_option *option)
{
	const void *at = (const char *)config + option->offset;

	switch (option->type) {
	case OPTION_NUMBER:
		fprintf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
		return;
	case OPTION_LIMIT:
		if (*(const uint64_t *)at == CONFIG_NO_LIMIT)
			fputs("none", out);
		else
			fprintf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
		return;
	case OPTION_BOOL:
		fputs(*(const bool *)at ? "true" : "false", out);
		return;
	case OPTION_CHOICE:
		fputs(option->choices[*(const uint64_t *)at], out);
		return;
	case OPTION_CHOICE_TEXT:
	case OPTION_TEXT:
	case OPTION_PATH:
	case OPTION_PATH_OR_EMPTY:
	case OPTION_ADDRESS_PORT:
	case OPTION_HOST_PORT_OR_EMPTY:
		write_quoted(out, *(char *const *)at);
		return;
	case OPTION_LIST:
	case OPTION_NUMBER_LIST:
		write_list(out, at);
		return;
	case OPTION_MAP:
		write_map(out, at);
		return;
	}
}

int config_dump(const struct config *self, char *out, size_t size, size_t *length)
{
	size_t n;
	const struct config_option *table = config_options(&n);
	const char *section = "";
	FILE *file = fmemopen(out, size, "w");

	if (!file)
		return SHOJI_ERR_MEMORY;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(section, table[i].section) != 0)
			fprintf(file, "%s:\n", section = table[i].section);
		fprintf(file, "  %s: ", table[i].key);
		write_value(file, self, &table[i]);
		fputc('\n', file);
	}
	fflush(file);
	long written = ftell(file);
	bool is_full = ferror(file) != 0 || written < 0 || (size_t)written >= size;
	fclose(file);
	if (is_full)
		return SHOJI_ERR_LIMIT;
	*length = (size_t)written;
	return 0;
}

/* ---- the documents ---- */

/* "a number from 1 to 9", in words. */
static void describe(FILE *out, const struct config_option *option)
{
	char choices[256];

	switch (option->type) {
	case OPTION_NUMBER:
		fprintf(out, "%llu to %llu", (unsigned long long)option->min,
		        (unsigned long long)option->max);
		return;
	case OPTION_LIMIT:
		fprintf(out, "%llu to %llu, or none", (unsigned long long)option->min,
		        (unsigned long long)option->max);
		return;
	case OPTION_BOOL:
		fputs("true or false", out);
		return;
	case OPTION_CHOICE:
	case OPTION_CHOICE_TEXT:
		config_option_choices(option, choices, sizeof(choices));
		fputs(choices, out);
		return;
	case OPTION_TEXT:
		fprintf(out, "text, at most %llu bytes", (unsigned long long)option->max);
		return;
	case OPTION_PATH:
		fputs("absolute path", out);
		return;
	case OPTION_PATH_OR_EMPTY:
		fputs("absolute path, or empty", out);
		return;
	case OPTION_ADDRESS_PORT:
		fputs("address:port", out);
		return;
	case OPTION_HOST_PORT_OR_EMPTY:
		fputs("host:port, or empty", out);
		return;
	case OPTION_LIST:
		fprintf(out, "list, at most %llu", (unsigned long long)option->max);
		return;
	case OPTION_NUMBER_LIST:
		fprintf(out, "list of numbers, %llu to %llu", (unsigned long long)option->min,
		        (unsigned long long)option->max);
		return;
	case OPTION_MAP:
		fprintf(out, "mapping, at most %llu", (unsigned long long)option->max);
		return;
	}
}

void config_write_markdown(FILE *out)
{
	size_t n;
	const struct config_option *table = config_options(&n);
	const char *section = "";

	fputs("# Configuration\n\n"
	      "Made from the option table (broker/base/config_options.c) by `shoji-broker "
	      "--write-docs markdown`;\n"
	      "a test compares the two. The file is YAML: a section, and its keys below it. An "
	      "unknown key, a value\n"
	      "out of range or a key that stands twice refuses to start, with file and line. Try a "
	      "file with\n"
	      "`shoji-broker --check-config FILE`; see what is in force with `shoji-broker "
	      "--dump-config FILE`.\n",
	        out);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(section, table[i].section) != 0)
			fprintf(out,
			        "\n## %s\n\n| key | value | default | meaning "
			        "|\n|---|---|---|---|\n",
			        section = table[i].section);
		fprintf(out, "| `%s` | ", table[i].key);
		describe(out, &table[i]);
		if (table[i].text[0])
			fprintf(out, " | `%s`", table[i].text);
		else
			fputs(" | empty", out);
		fprintf(out, " | %s |\n", table[i].help);
	}
}

void config_write_roff(FILE *out)
{
	size_t n;
	const struct config_option *table = config_options(&n);
	const char *section = "";

	for (size_t i = 0; i < n; i++) {
		if (strcmp(section, table[i].section) != 0)
			fprintf(out, ".SS %s\n", section = table[i].section);
		fprintf(out, ".TP\n.B %s\n%s (", table[i].key, table[i].help);
		describe(out, &table[i]);
		fprintf(out, "; default: %s)\n", table[i].text[0] ? table[i].text : "empty");
	}
}
