/* Adds a security cloud's inspection certificates to the browser's policies. Both files are the
 * administrator's; a character that does not belong into base64 is refused all the same, so that
 * nothing but certificates gets in. */
#include "monitor/policies.h"

#include "base/assets.h"
#include "base/error.h"
#include "monitor/read_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLICIES_BYTES_MAX (256 * 1024)
#define PEM_BYTES_MAX (256 * 1024)
#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

/* Appends the base64 between `from` and `to`, without its line ends. */
static bool put_base64(FILE *out, const char *from, const char *to)
{
	static const char digits[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	bool is_empty = true;

	for (; from < to; from++) {
		if (*from == '\n' || *from == '\r' || *from == ' ')
			continue;
		if (!strchr(digits, *from))
			return false;
		fputc(*from, out);
		is_empty = false;
	}
	return !is_empty;
}

static int put_certificates(FILE *out, const char *pem)
{
	size_t n = 0;

	for (const char *at = pem; (at = strstr(at, BEGIN)); n++) {
		at += strlen(BEGIN);
		const char *end = strstr(at, END);
		if (!end)
			return SHOJI_ERR_MALFORMED;
		fputs(n ? ",\"" : "\"", out);
		if (!put_base64(out, at, end))
			return SHOJI_ERR_MALFORMED;
		fputc('"', out);
		at = end;
	}
	return n ? 0 : SHOJI_ERR_MALFORMED;
}

int policies_make(const char *policies, const char *pem, char **out)
{
	const char *last = strrchr(policies, '}');
	size_t size;
	FILE *text;
	int error = 0;

	if (!last || !strchr(policies, '{'))
		return SHOJI_ERR_MALFORMED;
	text = open_memstream(out, &size);
	if (!text)
		return SHOJI_ERR_MEMORY;
	fwrite(policies, 1, (size_t)(last - policies), text);
	if (pem[0]) {
		fputs(",\"CACertificates\":[", text);
		error = put_certificates(text, pem);
		fputc(']', text);
	}
	fputs("}\n", text);
	if (fclose(text) != 0 && !error)
		error = SHOJI_ERR_MEMORY;
	if (error)
		free(*out);
	return error;
}

int policies_load(
        const char *program_folder, const char *extra_ca, int *fd, char *complaint, size_t size)
{
	char path[4096];
	char *policies = NULL, *pem = NULL, *text = NULL;
	size_t length;

	snprintf(path, sizeof(path), "%s/policies.json", program_folder);
	int error = read_file(path, POLICIES_BYTES_MAX, &policies, &length, complaint, size);
	if (!error && extra_ca[0])
		error = read_file(extra_ca, PEM_BYTES_MAX, &pem, &length, complaint, size);
	if (!error) {
		error = policies_make(policies, pem ? pem : "", &text);
		if (error)
			snprintf(complaint, size, "%s: %s", extra_ca[0] ? extra_ca : path,
			        shoji_error_text(error));
	}
	if (!error)
		error = memfd_sealed("policies", text, strlen(text), fd);
	if (!error)
		free(text);
	free(policies);
	free(pem);
	return error;
}
