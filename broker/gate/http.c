/* HTTP towards the terminals, before anybody is known. A request is checked from the outside in: source, path,
 * method, size, form; whoever fails is answered once and the connection closes. */
#include "gate/http.h"

#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/message.h"
#include "base/number.h"
#include "base/session.h"
#include "gate/assets_served.h"
#include "gate/connection.h"
#include "gate/gate_state.h"
#include "gate/keeper_link.h"
#include "gate/request_header.h"
#include "gate/upgrade.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OTHER };

/* ---- answers ---- */

static void send_answer(struct connection *self)
{
	connection_set_state(self, CONNECTION_ANSWERING);
	lws_callback_on_writable(self->wsi);
}

void http_refuse(struct connection *self, unsigned status, const char *why)
{
	char text[128];

	connection_log_refusal(self, why);
	snprintf(text, sizeof(text), "{\"outcome\":\"refused\",\"status\":%u}", status);
	answer_json(&self->answer, status, text, true);
	send_answer(self);
}

static void answer_malformed(struct connection *self, const char *field)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"outcome\":\"malformed\",\"field\":\"%s\"}",
	        field); /* one of our own names */
	answer_json(&self->answer, 400, text, false);
	send_answer(self);
}

/* ---- GET ---- */

static void answer_status(struct connection *self)
{
	const struct config *config = &self->gate->config;
	json_t *status = json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:b}", "version", SHOJI_VERSION,
	        "contact", config->people.contact, "width_min", (int)config->profile.width_min,
	        "width_max", (int)config->profile.width_max, "height_min",
	        (int)config->profile.height_min, "height_max", (int)config->profile.height_max,
	        "watermark", config->profile.watermark);
	char text[ANSWER_SMALL_MAX + 1];
	size_t length = status ? json_dumpb(status, text, sizeof(text) - 1, JSON_COMPACT) : 0;

	json_decref(status);
	if (length == 0 || length >= sizeof(text)) {
		/* The contact is too long, or not UTF-8: the page can do without it. */
		length = 2;
		memcpy(text, "{}", 2);
	}
	text[length] = '\0';
	answer_json(&self->answer, 200, text, false);
	send_answer(self);
}

static void answer_asset(struct connection *self, const struct asset_served *asset)
{
	char known[ETAG_MAX];

	/* One tag, as a browser sends back what it was given. */
	if (lws_hdr_copy(self->wsi, known, sizeof(known), WSI_TOKEN_HTTP_IF_NONE_MATCH) > 0 &&
	        !strcmp(known, asset->etag))
		answer_not_modified(&self->answer, asset->etag);
	else
		answer_file(&self->answer, asset->content_type, asset->data, asset->length,
		        asset->etag);
	send_answer(self);
}

static void on_get(struct connection *self, const char *path)
{
	/* The same page; it looks at its own address. */
	bool is_watch = self->gate->config.sessions.onlookers == ONLOOKERS_ANNOUNCED &&
	                !strcmp(path, "/watch");
	const struct asset_served *asset =
	        assets_served_find(self->gate->assets, is_watch ? "/" : path);

	if (!strcmp(path, "/status"))
		answer_status(self);
	else if (!strcmp(path, UPGRADE_PATH) || !strcmp(path, UPGRADE_PATH_ONLOOKER))
		http_refuse(self, 426, "a stream without an upgrade to WebSocket");
	else if (asset)
		answer_asset(self, asset);
	else
		http_refuse(self, 404, "no such path");
}

/* ---- POST ---- */

static bool is_json(struct lws *wsi)
{
	char type[64];

	/* Exactly what our page sends. A form of another site cannot send it without asking (CORS), and is refused then. */
	return lws_hdr_copy(wsi, type, sizeof(type), WSI_TOKEN_HTTP_CONTENT_TYPE) > 0 &&
	       (!strcasecmp(type, "application/json") ||
	               !strcasecmp(type, "application/json; charset=utf-8") ||
	               !strcasecmp(type, "application/json;charset=utf-8"));
}

/* The body's length; 0 and *status set when it is refused. */
static int body_length(struct lws *wsi, uint64_t *length, unsigned *status)
{
	char text[24];
	int n = lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH);

	*status = n == 0 ? 411 : 400;
	if (n <= 0 || lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
		return SHOJI_ERR_MALFORMED;
	int error = number_parse(text, (size_t)n, 0, SIGN_IN_BODY_MAX, length);
	if (error == SHOJI_ERR_LIMIT)
		*status = 413;
	return error;
}

/* The header of a POST that may go on to its body. */
static void on_post(struct connection *self)
{
	uint64_t length;
	unsigned status;
	const char *why = request_check_source(self, true);

	if (why)
		http_refuse(self, 403, why);
	else if (body_length(self->wsi, &length, &status))
		http_refuse(self, status, "a body without length, or too long");
	else if (self->is_sign_in && !is_json(self->wsi))
		http_refuse(self, 415, "a sign-in that is not application/json");
	/* Now: later the headers may be gone. */
	else if (!self->is_sign_in && !request_session_cookie(self->wsi, self->cookie))
		http_refuse(self, 401, "a sign-out without its cookie");
}

int http_on_body(struct connection *self, const char *data, size_t length)
{
	if (self->state != CONNECTION_REQUEST)
		return 0; /* refused already: the answer is on its way */
	if (length > sizeof(self->body) - self->body_length)
		return -1; /* more than it said: lws would not pass it on */
	if (length > 0)
		memcpy(self->body + self->body_length, data, length);
	self->body_length += length;
	return 0;
}

static void forget_body(struct connection *self)
{
	explicit_bzero(self->body, sizeof(self->body));
	self->body_length = 0;
}

/* Held to what the profile permits, so that the person gets the nearest size instead of a refusal. */
static uint16_t clamp(uint16_t value, uint64_t min, uint64_t max)
{
	return value < min ? (uint16_t)min : value > max ? (uint16_t)max : value;
}

static void ask_sign_in(struct connection *self, struct sign_in_form *form)
{
	const struct config *config = &self->gate->config;
	uint32_t retry_after_s = 0;

	form->width = clamp(form->width, config->profile.width_min, config->profile.width_max);
	form->height = clamp(form->height, config->profile.height_min, config->profile.height_max);
	if (address_table_sign_in(
	            self->gate->addresses, &self->key, clock_now_ms(), &retry_after_s)) {
		char text[96];
		connection_log_refusal(self, "too many sign-in attempts in a minute");
		snprintf(text, sizeof(text), "{\"outcome\":\"locked\",\"retry_after_s\":%u}",
		        retry_after_s);
		answer_json(&self->answer, 429, text, false);
		send_answer(self);
		return;
	}
	if (keeper_ask_sign_in(self, form)) {
		http_on_unavailable(self);
		return;
	}
	connection_set_state(self, CONNECTION_WAITING);
}

static void on_sign_in(struct connection *self)
{
	struct sign_in_form form;
	const char *field;

	if (sign_in_parse(self->body, self->body_length, &form, &field))
		answer_malformed(self, field);
	else
		ask_sign_in(self, &form);
	explicit_bzero(&form, sizeof(form));
}

static void on_sign_out(struct connection *self)
{
	if (keeper_ask_sign_out(self, self->cookie))
		http_on_unavailable(self);
	else
		connection_set_state(self, CONNECTION_WAITING);
	explicit_bzero(self->cookie, sizeof(self->cookie));
}

int http_on_body_end(struct connection *self)
{
	/* Bytes behind a body that is not answered yet: lws would say so for ever, in a loop of its own. No browser
	 * sends any. */
	if (self->has_body_ended)
		return -1;
	self->has_body_ended = true;
	if (self->state != CONNECTION_REQUEST)
		return 0;
	if (self->is_sign_in)
		on_sign_in(self);
	else
		on_sign_out(self);
	forget_body(self);
	return 0;
}

/* ---- any request ---- */

static enum method method_of(struct lws *wsi)
{
	if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI))
		return METHOD_GET;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI))
		return METHOD_HEAD;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI))
		return METHOD_POST;
	return METHOD_OTHER;
}

/* A body where none belongs would be taken for the next request. */
static bool has_body(struct lws *wsi)
{
	return lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) ||
	       lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING);
}

static void refuse_method(struct connection *self, const char *allow)
{
	http_refuse(self, 405, "a method that this path does not take");
	self->answer.allow = allow;
}

int http_on_request(struct connection *self, const char *path)
{
	enum method method = method_of(self->wsi);
	bool is_sign_in = !strcmp(path, "/sign-in");
	bool is_form = is_sign_in || !strcmp(path, "/sign-out");

	if (self->state != CONNECTION_REQUEST)
		return -1;
	/* lws's own clock for the body; ours runs since accept. */
	lws_set_timeout(self->wsi, NO_PENDING_TIMEOUT, 0);
	self->has_body_ended = false;
	self->is_sign_in = is_sign_in;
	self->answer.is_head = method == METHOD_HEAD;
	const char *why = request_check_source(self, false);
	if (why)
		http_refuse(self, 421, why);
	else if (is_form && method == METHOD_POST)
		on_post(self);
	else if (is_form)
		refuse_method(self, "POST");
	else if (method != METHOD_GET && method != METHOD_HEAD)
		refuse_method(self, "GET, HEAD");
	else if (has_body(self->wsi))
		http_refuse(self, 400, "a body where none belongs");
	else
		on_get(self, path);
	return 0;
}

int http_on_writable(struct connection *self)
{
	if (self->state != CONNECTION_ANSWERING)
		return 0;
	int result = answer_send(&self->answer, self->wsi);
	if (result <= 0)
		return result;
	bool is_last = self->answer.is_last;
	answer_finish(&self->answer);
	if (is_last)
		return -1;
	connection_set_state(self, CONNECTION_REQUEST);
	return lws_http_transaction_completed(self->wsi) ? -1 : 0;
}

/* ---- keeper's answers ---- */

static const char *outcome_text(enum sign_in_outcome outcome, unsigned *status)
{
	switch (outcome) {
	case SIGN_IN_ACCEPTED:
		*status = 200;
		return "accepted";
	case SIGN_IN_WRONG:
		*status = 401;
		return "wrong";
	case SIGN_IN_LOCKED:
		*status = 423;
		return "locked";
	case SIGN_IN_IN_USE:
		*status = 409;
		return "in-use";
	case SIGN_IN_FULL:
		*status = 503;
		return "full";
	case SIGN_IN_UNAVAILABLE:
		break;
	}
	*status = 503;
	return "unavailable";
}

static void answer_accepted(struct connection *self, const struct message_sign_in_result *result)
{
	char text[160];

	snprintf(text, sizeof(text), "{\"outcome\":\"accepted\",\"attach_token\":\"%s\"}",
	        result->attach_token);
	answer_json(&self->answer, 200, text, false);
	explicit_bzero(text, sizeof(text));
	snprintf(self->answer.set_cookie, sizeof(self->answer.set_cookie),
	        SESSION_COOKIE "=%s; Secure; HttpOnly; SameSite=Strict; Path=/", result->cookie);
}

void http_on_sign_in_result(struct connection *self, const struct message_sign_in_result *result)
{
	char text[96];
	unsigned status;
	const char *outcome = outcome_text((enum sign_in_outcome)result->outcome, &status);

	self->question = QUESTION_NONE;
	if (status == 200 && is_token(result->cookie, strlen(result->cookie)) &&
	        is_token(result->attach_token, strlen(result->attach_token))) {
		answer_accepted(self, result);
	} else {
		if (status == 200)
			outcome = outcome_text(SIGN_IN_UNAVAILABLE, &status);
		snprintf(text, sizeof(text), "{\"outcome\":\"%s\",\"retry_after_s\":%u}", outcome,
		        result->retry_after_s);
		answer_json(&self->answer, status, text, false);
	}
	send_answer(self);
}

void http_on_sign_out_result(struct connection *self, const struct message_sign_out_result *result)
{
	self->question = QUESTION_NONE;
	/* Not done: the lease was over already; for the person that is the same. */
	answer_json(&self->answer, 200,
	        result->is_done ? "{\"outcome\":\"done\"}" : "{\"outcome\":\"unknown\"}", false);
	strcpy(self->answer.set_cookie,
	        SESSION_COOKIE "=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
	send_answer(self);
}

void http_on_unavailable(struct connection *self)
{
	self->question = QUESTION_NONE;
	answer_json(&self->answer, 503, "{\"outcome\":\"unavailable\",\"retry_after_s\":5}", false);
	send_answer(self);
}
