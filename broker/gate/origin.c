/* Host, Origin and Sec-Fetch-Site: text that a terminal's browser sent, compared and never used otherwise. */
#include "gate/origin.h"

#include "base/number.h"

#include <string.h>
#include <strings.h>

#define HOST_MAX 254 /* bytes with NUL */
#define HTTPS "https://"
#define HTTPS_PORT 443

struct authority {
	char host[HOST_MAX]; /* without brackets */
	bool is_bracketed;
	unsigned port; /* 443 when none was given */
};

static bool is_host_character(char c, bool is_bracketed)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.')
		return true;
	return is_bracketed ? c == ':' : c == '-';
}

static bool read_host(const char *text, size_t length, struct authority *out)
{
	if (length == 0 || length >= HOST_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_host_character(text[i], out->is_bracketed))
			return false;
	memcpy(out->host, text, length);
	out->host[length] = '\0';
	return true;
}

/* host, host:port, [address] or [address]:port and nothing else. */
static bool read_authority(const char *text, struct authority *out)
{
	const char *port;
	uint64_t number = HTTPS_PORT;
	size_t length;

	out->is_bracketed = text[0] == '[';
	if (out->is_bracketed) {
		const char *end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		text++;
		length = (size_t)(end - text);
		port = end[1] ? end + 2 : NULL;
	} else {
		length = strcspn(text, ":");
		port = text[length] ? text + length + 1 : NULL;
	}
	if (!read_host(text, length, out) ||
	        (port && number_parse(port, strlen(port), 1, 65535, &number)))
		return false;
	out->port = (unsigned)number;
	return true;
}

static bool read_origin(const char *text, struct authority *out)
{
	return !strncmp(text, HTTPS, sizeof(HTTPS) - 1) &&
	       read_authority(text + sizeof(HTTPS) - 1, out);
}

static bool is_same(const struct authority *a, const struct authority *b)
{
	return a->port == b->port && a->is_bracketed == b->is_bracketed &&
	       !strcasecmp(a->host, b->host);
}

bool origin_rules_check(const struct origin_rules *self, const char **bad)
{
	struct authority ignored;

	for (size_t i = 0; i < self->n_origins; i++)
		if (!read_origin(self->origins[i], &ignored)) {
			*bad = self->origins[i];
			return false;
		}
	return true;
}

static bool is_configured(const struct origin_rules *self, const struct authority *wanted)
{
	for (size_t i = 0; i < self->n_origins; i++) {
		struct authority ours;
		if (read_origin(self->origins[i], &ours) && is_same(&ours, wanted))
			return true;
	}
	return false;
}

bool origin_host_allowed(const struct origin_rules *self, const char *host)
{
	struct authority wanted;

	if (!host || !read_authority(host, &wanted))
		return false;
	if (self->n_origins > 0)
		return is_configured(self, &wanted);
	return self->is_our_name(self->data, wanted.host);
}

bool origin_allowed(const struct origin_rules *self, const char *origin, const char *host)
{
	struct authority from, to;

	/* A browser always says where a POST or a WebSocket comes from; who does not say it is refused. */
	if (!origin || !read_origin(origin, &from) || !read_authority(host, &to))
		return false;
	if (self->n_origins > 0)
		return is_configured(self, &from);
	return is_same(&from, &to);
}

bool origin_fetch_site_allowed(const char *site)
{
	return !site || !*site || !strcmp(site, "same-origin");
}
