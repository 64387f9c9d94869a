/* Reads headers that lws has split. A header that was sent twice arrives joined by a comma, and so fails
 * every comparison here. */
#include "gate/request_header.h"

#include "gate/connection.h"
#include "gate/gate_state.h"

#include <string.h>

#define COOKIE_HEADER_MAX 4096
#define FETCH_SITE "sec-fetch-site:" /* lws's custom header names have their colon */

/* false: absent or too long. */
static bool copy(struct lws *wsi, enum lws_token_indexes token, char *out, int size)
{
	return lws_hdr_copy(wsi, out, size, token) > 0;
}

const char *request_check_source(const struct connection *self, bool is_action)
{
	const struct origin_rules *rules = &self->gate->origins;
	char host[ORIGIN_MAX], origin[ORIGIN_MAX], site[32] = "";

	if (!copy(self->wsi, WSI_TOKEN_HOST, host, sizeof(host)) ||
	        !origin_host_allowed(rules, host))
		return "its Host is not ours: name it in gate.origins or issue a certificate for "
		       "it";
	if (!is_action)
		return NULL;
	if (!copy(self->wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin)) ||
	        !origin_allowed(rules, origin, host))
		return "its Origin is not ours: name it in gate.origins if it should be";
	int length = lws_hdr_custom_length(self->wsi, FETCH_SITE, sizeof(FETCH_SITE) - 1);
	if (length > 0 && lws_hdr_custom_copy(self->wsi, site, sizeof(site), FETCH_SITE,
	                          sizeof(FETCH_SITE) - 1) < 0)
		return "its Sec-Fetch-Site is too long";
	return origin_fetch_site_allowed(site) ? NULL
	                                       : "another site's page asked (Sec-Fetch-Site)";
}

bool cookie_find(const char *header, char out[TOKEN_HEX_DIGITS + 1])
{
	const size_t name_length = sizeof(SESSION_COOKIE) - 1;
	bool is_found = false;

	for (const char *at = header; *at;) {
		at += strspn(at, " \t;");
		size_t length = strcspn(at, ";");
		if (length > name_length && !strncmp(at, SESSION_COOKIE "=", name_length + 1)) {
			const char *value = at + name_length + 1;
			/* Twice: a prefix that only we can set makes it impossible for others; so refuse. */
			if (is_found || !is_token(value, length - name_length - 1))
				return false;
			memcpy(out, value, TOKEN_HEX_DIGITS);
			out[TOKEN_HEX_DIGITS] = '\0';
			is_found = true;
		}
		at += length;
	}
	return is_found;
}

bool request_session_cookie(struct lws *wsi, char out[TOKEN_HEX_DIGITS + 1])
{
	char header[COOKIE_HEADER_MAX];
	bool is_found = copy(wsi, WSI_TOKEN_HTTP_COOKIE, header, sizeof(header)) &&
	                cookie_find(header, out);

	explicit_bzero(header, sizeof(header));
	return is_found;
}
