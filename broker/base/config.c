/* Reads the configuration. The file is the administrator's: trusted, but not to be free of mistakes, so every complaint
 * says where, what, and what to do. The effective dump that monitor sends to roles (config_write.c) comes back through
 * the same parser. */
#include "base/config.h"

#include "base/config_options.h"
#include "base/error.h"
#include "base/number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct parse {
	struct config *config;
	const char *name;
	char *complaint;
	size_t complaint_size;
	yaml_document_t document;
	bool seen[128]; /* by index into the table */
};

/* ---- complaints ---- */

__attribute__((format(printf, 3, 4))) static int complain(
        struct parse *self, size_t line, const char *format, ...)
{
	va_list arguments;
	int length =
	        snprintf(self->complaint, self->complaint_size, "%s:%zu: ", self->name, line + 1);

	if (length > 0 && (size_t)length < self->complaint_size) {
		va_start(arguments, format);
		/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is; clang 14 loses va_start */
		vsnprintf(self->complaint + length, self->complaint_size - (size_t)length, format,
		        arguments);
		va_end(arguments);
	}
	return SHOJI_ERR_CONFIG;
}

/* Levenshtein distance, capped in length: names of options are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64];
	size_t length_b = strlen(b);

	if (length_b >= 63 || strlen(a) >= 63)
		return 64;
	for (size_t j = 0; j <= length_b; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
			diagonal = row[j];
			size_t best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
			row[j] = best < replaced ? best : replaced;
		}
	}
	return row[length_b];
}

/* The nearest section (section NULL) or key of that section. */
static const char *nearest(const char *section, const char *word)
{
	size_t n, best = SIZE_MAX;
	const struct config_option *table = config_options(&n);
	const char *found = table[0].section;

	for (size_t i = 0; i < n; i++) {
		if (section && strcmp(table[i].section, section) != 0)
			continue;
		const char *candidate = section ? table[i].key : table[i].section;
		size_t away = distance(word, candidate);
		if (away < best) {
			best = away;
			found = candidate;
		}
	}
	return found;
}

/* ---- values ---- */

static void *field(struct config *config, const struct config_option *option)
{
	return (char *)config + option->offset;
}

static void list_finish(struct config_list *list)
{
	for (size_t i = 0; i < list->n_items; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct config_list){0};
}

static int list_add(struct config_list *list, const char *text)
{
	char **items = realloc(list->items, (list->n_items + 1) * sizeof(*items));
	char *copy = strdup(text);

	if (items)
		list->items = items;
	if (!items || !copy) {
		free(copy);
		return SHOJI_ERR_MEMORY;
	}
	list->items[list->n_items++] = copy;
	return 0;
}

static void clear(struct config *config, const struct config_option *option)
{
	void *at = field(config, option);

	switch (option->type) {
	case OPTION_NUMBER:
	case OPTION_LIMIT:
	case OPTION_BOOL:
	case OPTION_CHOICE:
		break;
	case OPTION_CHOICE_TEXT:
	case OPTION_TEXT:
	case OPTION_PATH:
	case OPTION_PATH_OR_EMPTY:
	case OPTION_ADDRESS_PORT:
	case OPTION_HOST_PORT_OR_EMPTY:
		free(*(char **)at);
		*(char **)at = NULL;
		break;
	case OPTION_LIST:
	case OPTION_NUMBER_LIST:
		list_finish(at);
		break;
	case OPTION_MAP:
		list_finish(&((struct config_map *)at)->names);
		list_finish(&((struct config_map *)at)->values);
		break;
	}
}

static bool is_text(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* host:port, where host may be a bracketed IPv6 address. */
static bool is_host_port(const char *text, bool is_literal, uint64_t port_min)
{
	const char *colon = strrchr(text, ':');
	char host[256];
	unsigned char address[16];
	uint64_t port;

	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(host))
		return false;
	if (number_parse(colon + 1, strlen(colon + 1), port_min, 65535, &port))
		return false;
	size_t length = (size_t)(colon - text);
	memcpy(host, text, length);
	host[length] = '\0';
	if (host[0] == '[') {
		if (host[length - 1] != ']')
			return false;
		host[length - 1] = '\0';
		return inet_pton(AF_INET6, host + 1, address) == 1;
	}
	if (is_literal)
		return inet_pton(AF_INET, host, address) == 1;
	return strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
	       length;
}

static bool is_choice(const struct config_option *option, const char *text, uint64_t *index)
{
	for (*index = 0; option->choices[*index]; (*index)++)
		if (strcmp(option->choices[*index], text) == 0)
			return true;
	return false;
}

static int set_string(struct config *config, const struct config_option *option, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return SHOJI_ERR_MEMORY;
	clear(config, option);
	*(char **)field(config, option) = copy;
	return 0;
}

static int set_number(
        struct parse *self, const struct config_option *option, size_t line, const char *text)
{
	uint64_t value;

	if (number_parse(text, strlen(text), option->min, option->max, &value))
		return complain(self, line,
		        "%s.%s is \"%s\": write a whole number from %llu to %llu", option->section,
		        option->key, text, (unsigned long long)option->min,
		        (unsigned long long)option->max);
	*(uint64_t *)field(self->config, option) = value;
	return 0;
}

static int set_limit(
        struct parse *self, const struct config_option *option, size_t line, const char *text)
{
	uint64_t value = CONFIG_NO_LIMIT;

	if (strcmp(text, "none") != 0 &&
	        number_parse(text, strlen(text), option->min, option->max, &value))
		return complain(self, line,
		        "%s.%s is \"%s\": write a whole number from %llu to %llu, or none",
		        option->section, option->key, text, (unsigned long long)option->min,
		        (unsigned long long)option->max);
	*(uint64_t *)field(self->config, option) = value;
	return 0;
}

static int set_choice(
        struct parse *self, const struct config_option *option, size_t line, const char *text)
{
	uint64_t index;
	char choices[256];

	if (!is_choice(option, text, &index)) {
		config_option_choices(option, choices, sizeof(choices));
		return complain(self, line, "%s.%s is \"%s\": write one of %s", option->section,
		        option->key, text, choices);
	}
	if (option->type == OPTION_CHOICE_TEXT)
		return set_string(self->config, option, text);
	*(uint64_t *)field(self->config, option) = index;
	return 0;
}

static int set_text(
        struct parse *self, const struct config_option *option, size_t line, const char *text)
{
	size_t length = strlen(text);

	if (!is_text(text) || length < option->min || length > option->max)
		return complain(self, line,
		        "%s.%s: write %llu to %llu characters without control characters",
		        option->section, option->key, (unsigned long long)option->min,
		        (unsigned long long)option->max);
	return set_string(self->config, option, text);
}

static int set_path(
        struct parse *self, const struct config_option *option, size_t line, const char *text)
{
	bool may_be_empty = option->type == OPTION_PATH_OR_EMPTY;

	if (may_be_empty && text[0] == '\0')
		return set_string(self->config, option, text);
	/* Unix socket addresses hold 107 bytes, and the run folder needs room below it. */
	if (text[0] != '/' || !is_text(text) || strlen(text) > 255)
		return complain(self, line,
		        "%s.%s is \"%s\": write an absolute path of at most 255 bytes",
		        option->section, option->key, text);
	return set_string(self->config, option, text);
}

static int set_scalar(
        struct parse *self, const struct config_option *option, size_t line, const char *text)
{
	switch (option->type) {
	case OPTION_NUMBER:
		return set_number(self, option, line, text);
	case OPTION_LIMIT:
		return set_limit(self, option, line, text);
	case OPTION_BOOL:
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return complain(self, line, "%s.%s is \"%s\": write true or false",
			        option->section, option->key, text);
		*(bool *)field(self->config, option) = text[0] == 't';
		return 0;
	case OPTION_CHOICE:
	case OPTION_CHOICE_TEXT:
		return set_choice(self, option, line, text);
	case OPTION_TEXT:
		return set_text(self, option, line, text);
	case OPTION_PATH:
	case OPTION_PATH_OR_EMPTY:
		return set_path(self, option, line, text);
	case OPTION_ADDRESS_PORT:
		if (!is_host_port(text, true, 0))
			return complain(self, line,
			        "%s.%s is \"%s\": write address:port, such as 0.0.0.0:443 or "
			        "[::]:443",
			        option->section, option->key, text);
		return set_string(self->config, option, text);
	case OPTION_HOST_PORT_OR_EMPTY:
		if (text[0] && !is_host_port(text, false, 1))
			return complain(self, line,
			        "%s.%s is \"%s\": write host:port, such as "
			        "proxy.example.lg.jp:8080",
			        option->section, option->key, text);
		return set_string(self->config, option, text);
	case OPTION_LIST:
	case OPTION_NUMBER_LIST:
	case OPTION_MAP:
		break;
	}
	return complain(self, line, "%s.%s: write a %s, not one value", option->section,
	        option->key,
	        option->type == OPTION_MAP ? "mapping (name: address)" : "list ([a, b])");
}

static int list_item(struct parse *self, const struct config_option *option, size_t line,
        struct config_list *list, const char *text)
{
	uint64_t number;

	if (option->type == OPTION_NUMBER_LIST &&
	        number_parse(text, strlen(text), option->min, option->max, &number))
		return complain(self, line,
		        "%s.%s holds \"%s\": write whole numbers from %llu to %llu",
		        option->section, option->key, text, (unsigned long long)option->min,
		        (unsigned long long)option->max);
	if (text[0] == '\0' || !is_text(text) || strlen(text) > CONFIG_STRING_MAX)
		return complain(self, line, "%s.%s holds an entry that is empty or not plain text",
		        option->section, option->key);
	if (list->n_items >= (option->type == OPTION_NUMBER_LIST ? CONFIG_LIST_MAX : option->max))
		return complain(
		        self, line, "%s.%s has too many entries", option->section, option->key);
	return list_add(list, text);
}

/* ---- the document ---- */

static const char *scalar(const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE)
		return NULL;
	const char *text = (const char *)node->data.scalar.value;
	return strlen(text) == node->data.scalar.length ? text : NULL;
}

static int set_list(struct parse *self, const struct config_option *option, const yaml_node_t *node)
{
	size_t line = node->start_mark.line;
	struct config_list *list = field(self->config, option);

	if (node->type != YAML_SEQUENCE_NODE)
		return complain(self, line, "%s.%s: write a list, such as [a, b]", option->section,
		        option->key);
	list_finish(list);
	for (yaml_node_item_t *item = node->data.sequence.items.start;
	        item < node->data.sequence.items.top; item++) {
		const yaml_node_t *entry = yaml_document_get_node(&self->document, *item);
		const char *text = scalar(entry);
		int error = text ? list_item(self, option, entry->start_mark.line, list, text)
		                 : complain(self, entry->start_mark.line,
		                           "%s.%s holds something nested", option->section,
		                           option->key);
		if (error)
			return error;
	}
	return 0;
}

static int set_map(struct parse *self, const struct config_option *option, const yaml_node_t *node)
{
	struct config_map *map = field(self->config, option);

	if (node->type != YAML_MAPPING_NODE)
		return complain(self, node->start_mark.line,
		        "%s.%s: write a mapping, such as {name: address}", option->section,
		        option->key);
	list_finish(&map->names);
	list_finish(&map->values);
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	        pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(&self->document, pair->key);
		const yaml_node_t *value = yaml_document_get_node(&self->document, pair->value);
		size_t line = key->start_mark.line;
		if (!scalar(key) || !scalar(value))
			return complain(self, line, "%s.%s holds something nested", option->section,
			        option->key);
		int error = list_item(self, option, line, &map->names, scalar(key));
		if (!error)
			error = list_item(self, option, line, &map->values, scalar(value));
		if (error)
			return error;
	}
	return 0;
}

static int set_option(
        struct parse *self, const struct config_option *option, const yaml_node_t *node)
{
	if (option->type == OPTION_LIST || option->type == OPTION_NUMBER_LIST)
		return set_list(self, option, node);
	if (option->type == OPTION_MAP)
		return set_map(self, option, node);
	const char *text = scalar(node);
	if (!text)
		return complain(self, node->start_mark.line, "%s.%s: write one value",
		        option->section, option->key);
	return set_scalar(self, option, node->start_mark.line, text);
}

static int read_key(struct parse *self, const char *section, const yaml_node_t *key_node,
        const yaml_node_t *value)
{
	size_t n, line = key_node->start_mark.line;
	const struct config_option *table = config_options(&n);
	const char *key = scalar(key_node);

	if (!key)
		return complain(self, line, "a key below %s is not plain text", section);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(table[i].section, section) != 0 || strcmp(table[i].key, key) != 0)
			continue;
		if (self->seen[i])
			return complain(self, line, "%s.%s stands twice: remove one", section, key);
		self->seen[i] = true;
		return set_option(self, &table[i], value);
	}
	return complain(self, line, "unknown key \"%s\" in section %s; did you mean \"%s\"?", key,
	        section, nearest(section, key));
}

static bool is_section(const char *name)
{
	size_t n;
	const struct config_option *table = config_options(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].section, name) == 0)
			return true;
	return false;
}

static int read_section(struct parse *self, const yaml_node_t *name_node, const yaml_node_t *node)
{
	const char *name = scalar(name_node);
	size_t line = name_node->start_mark.line;

	if (!name || !is_section(name))
		return complain(self, line, "unknown section \"%s\"; did you mean \"%s\"?",
		        name ? name : "?", nearest(NULL, name ? name : ""));
	/* "gate:" with nothing below is an empty section. */
	if (node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0)
		return 0;
	if (node->type != YAML_MAPPING_NODE)
		return complain(self, line, "section %s: write its keys below it, indented", name);
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	        pair < node->data.mapping.pairs.top; pair++) {
		int error = read_key(self, name, yaml_document_get_node(&self->document, pair->key),
		        yaml_document_get_node(&self->document, pair->value));
		if (error)
			return error;
	}
	return 0;
}

static int read_document(struct parse *self)
{
	const yaml_node_t *root = yaml_document_get_root_node(&self->document);

	if (!root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0))
		return 0;
	if (root->type != YAML_MAPPING_NODE)
		return complain(
		        self, root->start_mark.line, "write sections (gate:, egress:, ...)");
	for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
	        pair < root->data.mapping.pairs.top; pair++) {
		int error = read_section(self, yaml_document_get_node(&self->document, pair->key),
		        yaml_document_get_node(&self->document, pair->value));
		if (error)
			return error;
	}
	return 0;
}

static int set_default(struct parse *self, const struct config_option *option)
{
	char text[CONFIG_STRING_MAX];
	char *rest = text;

	if (option->type == OPTION_MAP)
		return 0;
	if (option->type != OPTION_LIST && option->type != OPTION_NUMBER_LIST)
		return set_scalar(self, option, 0, option->text);
	snprintf(text, sizeof(text), "%s", option->text);
	for (char *item = strtok_r(rest, ",", &rest); item; item = strtok_r(NULL, ",", &rest))
		if (list_item(self, option, 0, field(self->config, option), item))
			return SHOJI_ERR_CONFIG;
	return 0;
}

/* What one key alone cannot tell. */
static int check_together(struct parse *self)
{
	const struct config *config = self->config;

	if (config->profile.width_min > config->profile.width_max ||
	        config->profile.height_min > config->profile.height_max)
		return complain(
		        self, 0, "profile: the smallest screen is larger than the largest one");
	if (config->egress.mode == EGRESS_MODE_UPSTREAM && config->egress.upstream[0] == '\0')
		return complain(self, 0,
		        "egress.mode is upstream, but egress.upstream names no proxy: write "
		        "host:port");
	if (config->egress.ports.n_items == 0)
		return complain(self, 0, "egress.ports is empty: name at least one port");
	return 0;
}

int config_read(struct config *self, const char *name, const char *text, size_t length,
        char *complaint, size_t size)
{
	struct parse parse = {
	        .config = self, .name = name, .complaint = complaint, .complaint_size = size};
	yaml_parser_t parser;
	size_t n;
	const struct config_option *table = config_options(&n);
	int error = 0;

	*self = (struct config){0};
	complaint[0] = '\0';
	if (length > CONFIG_TEXT_MAX) {
		snprintf(complaint, size, "%s: larger than %d bytes", name, CONFIG_TEXT_MAX);
		return SHOJI_ERR_CONFIG;
	}
	for (size_t i = 0; !error && i < n; i++)
		error = set_default(&parse, &table[i]);
	if (error || !yaml_parser_initialize(&parser)) {
		config_finish(self);
		return error ? error : SHOJI_ERR_MEMORY;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	if (!yaml_parser_load(&parser, &parse.document)) {
		error = complain(&parse, parser.problem_mark.line, "not YAML: %s",
		        parser.problem ? parser.problem : "unreadable");
	} else {
		error = read_document(&parse);
		yaml_document_delete(&parse.document);
	}
	yaml_parser_delete(&parser);
	if (!error)
		error = check_together(&parse);
	if (error)
		config_finish(self);
	return error;
}

int config_read_file(struct config *self, const char *path, char *complaint, size_t size)
{
	static char text[CONFIG_TEXT_MAX + 1];
	FILE *file = fopen(path, "re");

	*self = (struct config){0};
	if (!file) {
		snprintf(complaint, size, "%s: %s; name the file with --config", path,
		        strerror(errno));
		return SHOJI_ERR_CONFIG;
	}
	size_t length = fread(text, 1, sizeof(text), file);
	bool is_bad = ferror(file) != 0;
	fclose(file);
	if (is_bad) {
		snprintf(complaint, size, "%s: cannot be read", path);
		return SHOJI_ERR_CONFIG;
	}
	return config_read(self, path, text, length, complaint, size);
}

void config_finish(struct config *self)
{
	size_t n;
	const struct config_option *table = config_options(&n);

	if (!self)
		return;
	for (size_t i = 0; i < n; i++)
		clear(self, &table[i]);
}
