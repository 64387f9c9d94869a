/* The proxy's parser. What it reads was written by the isolated host, which is assumed hostile: a form
 * that two readers could understand differently is refused, not repaired. */
#include "egress/proxy_request.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/number.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct span {
	const char *text;
	size_t length;
};

static bool is_token(struct span span)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < span.length; i++) {
		char byte = span.text[i];
		bool is_alphanumeric = (byte >= '0' && byte <= '9') ||
		                       (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		if (!is_alphanumeric && !memchr(others, byte, sizeof(others) - 1))
			return false;
	}
	return span.length > 0;
}

static bool span_is(struct span span, const char *text)
{
	return span.length == strlen(text) && strncasecmp(span.text, text, span.length) == 0;
}

/* The span up to `end`, which is taken away with it; -1 when there is no `end`. */
static int cut(struct span *rest, char end, struct span *out)
{
	const char *at = rest->length > 0 ? memchr(rest->text, end, rest->length) : NULL;

	if (!at)
		return SHOJI_ERR_MALFORMED;
	*out = (struct span){rest->text, (size_t)(at - rest->text)};
	rest->length -= out->length + 1;
	rest->text = at + 1;
	return 0;
}

/* ---- the first line ---- */

/* host[:port]. has_port: a port must be there. */
static int parse_authority(struct span authority, bool has_port, uint16_t port_default,
        struct proxy_host *host, uint16_t *port)
{
	struct span name = authority;
	uint64_t value = port_default;
	size_t at = authority.length;

	while (at > 0 && authority.text[at - 1] != ':' && authority.text[at - 1] != ']')
		at--;
	if (at > 0 && authority.text[at - 1] == ':') {
		name.length = at - 1;
		if (number_parse(authority.text + at, authority.length - at, 1, 65535, &value))
			return SHOJI_ERR_MALFORMED;
	} else if (has_port) {
		return SHOJI_ERR_MALFORMED;
	}
	if (proxy_host_parse(name.text, name.length, host))
		return SHOJI_ERR_MALFORMED;
	*port = (uint16_t)value;
	return 0;
}

static bool is_path(struct span path)
{
	for (size_t i = 0; i < path.length; i++)
		if (path.text[i] <= 0x20 || path.text[i] >= 0x7f || path.text[i] == '#')
			return false;
	return true;
}

/* http://authority[/path][?query]; no user information: '@' is no part of a host. */
static int parse_absolute(struct span target, struct proxy_request *out)
{
	static const char scheme[] = "http://";
	size_t scheme_length = sizeof(scheme) - 1;
	size_t authority_length = 0;

	if (target.length < scheme_length || strncasecmp(target.text, scheme, scheme_length) != 0)
		return SHOJI_ERR_MALFORMED;
	target.text += scheme_length;
	target.length -= scheme_length;
	while (authority_length < target.length && target.text[authority_length] != '/' &&
	        target.text[authority_length] != '?')
		authority_length++;
	out->path = target.text + authority_length;
	out->path_length = target.length - authority_length;
	if (!is_path((struct span){out->path, out->path_length}))
		return SHOJI_ERR_MALFORMED;
	return parse_authority(
	        (struct span){target.text, authority_length}, false, 80, &out->host, &out->port);
}

static int parse_first_line(struct span line, struct proxy_request *out)
{
	struct span method, target;

	if (cut(&line, ' ', &method) || cut(&line, ' ', &target))
		return SHOJI_ERR_MALFORMED;
	if (!is_token(method) || method.length > PROXY_METHOD_MAX)
		return SHOJI_ERR_MALFORMED;
	if (line.length != 8 || memcmp(line.text, "HTTP/1.1", 8) != 0)
		return SHOJI_ERR_MALFORMED;
	memcpy(out->method, method.text, method.length);
	out->method[method.length] = '\0';
	out->is_connect = strcmp(out->method, "CONNECT") == 0;
	if (out->is_connect)
		return parse_authority(target, true, 0, &out->host, &out->port);
	/* TRACE shows a page what was added to its request; methods are case-sensitive, and a reader that
	 * forgets it would see another one. */
	if (span_is(method, "TRACE") || span_is(method, "CONNECT"))
		return SHOJI_ERR_MALFORMED;
	return parse_absolute(target, out);
}

/* ---- fields ---- */

static bool is_value(struct span value)
{
	for (size_t i = 0; i < value.length; i++) {
		unsigned char byte = (unsigned char)value.text[i];
		if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

static struct span trim(struct span span)
{
	while (span.length > 0 && (span.text[0] == ' ' || span.text[0] == '\t')) {
		span.text++;
		span.length--;
	}
	while (span.length > 0 &&
	        (span.text[span.length - 1] == ' ' || span.text[span.length - 1] == '\t'))
		span.length--;
	return span;
}

/* A line that begins with white space (obs-fold) has no token before its colon, and is refused here. */
static int parse_field(struct span line, struct proxy_request *out)
{
	struct span name;

	if (cut(&line, ':', &name) || !is_token(name) || !is_value(line))
		return SHOJI_ERR_MALFORMED;
	if (out->n_fields == PROXY_FIELDS_MAX)
		return SHOJI_ERR_LIMIT;
	struct span value = trim(line);
	out->fields[out->n_fields++] = (struct proxy_field){.name = name.text,
	        .name_length = name.length,
	        .value = value.text,
	        .value_length = value.length};
	return 0;
}

static struct span field_name(const struct proxy_field *field)
{
	return (struct span){field->name, field->name_length};
}

static struct span field_value(const struct proxy_field *field)
{
	return (struct span){field->value, field->value_length};
}

/* The one field of that name; NULL when there is none. Two are malformed, even when they agree. */
static int find_single(
        const struct proxy_request *self, const char *name, const struct proxy_field **out)
{
	*out = NULL;
	for (size_t i = 0; i < self->n_fields; i++) {
		if (!span_is(field_name(&self->fields[i]), name))
			continue;
		if (*out)
			return SHOJI_ERR_MALFORMED;
		*out = &self->fields[i];
	}
	return 0;
}

static int check_host(const struct proxy_request *self)
{
	const struct proxy_field *field;
	struct proxy_host host;
	uint16_t port;

	if (find_single(self, "Host", &field))
		return SHOJI_ERR_MALFORMED;
	if (!field)
		return self->is_connect ? 0 : SHOJI_ERR_MALFORMED;
	if (parse_authority(field_value(field), false, self->is_connect ? 443 : 80, &host, &port))
		return SHOJI_ERR_MALFORMED;
	/* CONNECT's Host is sent without the port by some clients, whatever the port is. */
	bool is_port_free = self->is_connect && !memchr(field->value, ':', field->value_length);
	if (!proxy_host_equal(&host, &self->host) || (!is_port_free && port != self->port))
		return SHOJI_ERR_MALFORMED;
	return 0;
}

static int find_framing(struct proxy_request *self)
{
	const struct proxy_field *length, *coding;

	if (find_single(self, "Content-Length", &length) ||
	        find_single(self, "Transfer-Encoding", &coding))
		return SHOJI_ERR_MALFORMED;
	if ((length && coding) || (self->is_connect && (length || coding)))
		return SHOJI_ERR_MALFORMED;
	if (coding) {
		self->body = PROXY_BODY_CHUNKED;
		return span_is(field_value(coding), "chunked") ? 0 : SHOJI_ERR_MALFORMED;
	}
	if (!length)
		return 0;
	self->body = PROXY_BODY_LENGTH;
	return number_parse(length->value, length->value_length, 0, PROXY_CONTENT_LENGTH_MAX,
	               &self->content_length)
	               ? SHOJI_ERR_MALFORMED
	               : 0;
}

/* What concerns this connection only. Host is written anew. */
static bool is_hop_by_hop(struct span name)
{
	static const char *const names[] = {"Connection", "Host", "Keep-Alive", "TE", "Trailer",
	        "Upgrade", "Via", "HTTP2-Settings"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(name, names[i]))
			return true;
	/* Proxy-Authorization, Proxy-Connection, and whatever else speaks to a proxy: to us, not beyond. */
	return name.length >= 6 && strncasecmp(name.text, "Proxy-", 6) == 0;
}

/* Fields by which the message is understood: naming one in Connection would have it removed on the way. */
static bool is_essential(struct span name)
{
	return span_is(name, "Host") || span_is(name, "Content-Length") ||
	       span_is(name, "Transfer-Encoding");
}

static void drop_named(struct proxy_request *self, struct span name)
{
	for (size_t i = 0; i < self->n_fields; i++) {
		struct span other = field_name(&self->fields[i]);
		if (other.length == name.length &&
		        strncasecmp(other.text, name.text, name.length) == 0)
			self->fields[i].is_dropped = true;
	}
}

/* Connection: a list of names, each of which is dropped with it. */
static int drop_nominated(struct proxy_request *self, struct span list)
{
	struct span name;

	while (list.length > 0) {
		if (cut(&list, ',', &name)) {
			name = list;
			list.length = 0;
		}
		name = trim(name);
		if (name.length == 0)
			continue;
		if (!is_token(name) || is_essential(name))
			return SHOJI_ERR_MALFORMED;
		drop_named(self, name);
	}
	return 0;
}

static int drop_fields(struct proxy_request *self)
{
	for (size_t i = 0; i < self->n_fields; i++) {
		struct proxy_field *field = &self->fields[i];
		if (is_hop_by_hop(field_name(field)))
			field->is_dropped = true;
		if (!span_is(field_name(field), "Connection"))
			continue;
		if (drop_nominated(self, field_value(field)))
			return SHOJI_ERR_MALFORMED;
	}
	return 0;
}

/* A line of the head; http_head_scan() has made sure that every CR has its LF and every line its end. */
static struct span next_line(struct span *head)
{
	struct span line = {0};

	cut(head, '\r', &line);
	head->text++;
	head->length--;
	return line;
}

static int parse_lines(struct span head, struct proxy_request *out)
{
	int error = parse_first_line(next_line(&head), out);

	while (!error && head.length > 2)
		error = parse_field(next_line(&head), out);
	return error;
}

int proxy_request_parse(const uint8_t *data, size_t length, struct proxy_request *out)
{
	struct http_head_scan scan = {0};
	int head_length = http_head_scan(&scan, data, length);

	if (head_length <= 0)
		return head_length;
	memset(out, 0, sizeof(*out));
	int error = parse_lines((struct span){(const char *)data, (size_t)head_length}, out);
	if (!error)
		error = check_host(out);
	if (!error)
		error = find_framing(out);
	if (!error)
		error = drop_fields(out);
	return error ? error : head_length;
}

/* ---- sent on ---- */

static void put_text(struct bytes_writer *writer, const char *text)
{
	bytes_put_raw(writer, text, strlen(text));
}

/* The port is left out where it is the scheme's own: some servers know themselves only so. */
static void put_authority(
        struct bytes_writer *writer, const struct proxy_host *host, uint16_t port, uint16_t implied)
{
	char text[PROXY_HOST_TEXT_MAX];
	char number[8];

	put_text(writer, proxy_host_authority(host, text));
	if (port == implied)
		return;
	snprintf(number, sizeof(number), ":%u", port);
	put_text(writer, number);
}

static void put_fields(struct bytes_writer *writer, const struct proxy_request *self)
{
	for (size_t i = 0; i < self->n_fields; i++) {
		const struct proxy_field *field = &self->fields[i];
		if (field->is_dropped)
			continue;
		bytes_put_raw(writer, field->name, field->name_length);
		put_text(writer, ": ");
		bytes_put_raw(writer, field->value, field->value_length);
		put_text(writer, "\r\n");
	}
}

int proxy_request_write(const struct proxy_request *self, const struct proxy_host *via_host,
        uint16_t via_port, uint8_t *out, size_t size, size_t *length)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, out, size);
	put_text(&writer, self->method);
	put_text(&writer, " ");
	if (via_host) {
		put_text(&writer, "http://");
		put_authority(&writer, via_host, via_port, 80);
	}
	if (self->path_length == 0 || self->path[0] != '/')
		put_text(&writer, "/");
	bytes_put_raw(&writer, self->path, self->path_length);
	put_text(&writer, " HTTP/1.1\r\nHost: ");
	put_authority(&writer, &self->host, self->port, 80);
	put_text(&writer, "\r\n");
	put_fields(&writer, self);
	put_text(&writer, "Connection: close\r\n\r\n");
	if (writer.error)
		return writer.error;
	*length = writer.length;
	return 0;
}

int proxy_connect_write(
        const struct proxy_host *host, uint16_t port, uint8_t *out, size_t size, size_t *length)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, out, size);
	put_text(&writer, "CONNECT ");
	put_authority(&writer, host, port, 0);
	put_text(&writer, " HTTP/1.1\r\nHost: ");
	put_authority(&writer, host, port, 0);
	put_text(&writer, "\r\n\r\n");
	if (writer.error)
		return writer.error;
	*length = writer.length;
	return 0;
}
