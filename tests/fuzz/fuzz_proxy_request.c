/* What an isolated host may send to the proxy. A request that is taken must come out as one request: read again,
 * what is sent on has the same host and framing, and no field that was for the proxy. The bytes behind the head
 * are its body; in pieces or whole, as much of them belongs to it. */
#include "egress/proxy_body.h"
#include "egress/proxy_request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

static void check_fields(const struct proxy_request *request)
{
	for (size_t i = 0; i < request->n_fields; i++) {
		const struct proxy_field *field = &request->fields[i];
		REQUIRE(field->name_length < 6 || strncasecmp(field->name, "Proxy-", 6) != 0);
		REQUIRE(!memchr(field->value, '\r', field->value_length));
		REQUIRE(!memchr(field->value, '\n', field->value_length));
	}
}

static void check_written(const struct proxy_request *request)
{
	static uint8_t out[HTTP_HEAD_MAX + 1024];
	static struct proxy_request again;
	size_t length;

	REQUIRE(!proxy_request_write(
	        request, &request->host, request->port, out, sizeof(out), &length));
	int result = proxy_request_parse(out, length, &again);
	if (result < 0 && (length > HTTP_LINE_MAX || request->n_fields + 2 > PROXY_FIELDS_MAX))
		return; /* our own words (Host, Connection) made a long line too long, or one line too many */
	REQUIRE(result == (int)length);
	REQUIRE(proxy_host_equal(&again.host, &request->host) && again.port == request->port);
	REQUIRE(again.body == request->body && again.content_length == request->content_length);
	REQUIRE(strcmp(again.method, request->method) == 0);
	check_fields(&again);
}

static size_t body_length(const struct proxy_request *request, const uint8_t *data, size_t size,
        size_t step, int *error)
{
	struct proxy_body body;
	size_t at = 0;

	*error = 0;
	proxy_body_init(&body, request->body, request->content_length);
	while (at < size && !proxy_body_is_done(&body)) {
		size_t part = size - at < step ? size - at : step, consumed = 0;
		*error = proxy_body_consume(&body, data + at, part, &consumed);
		if (*error)
			return 0;
		REQUIRE(consumed <= part);
		at += consumed;
	}
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct proxy_request request;
	struct http_head_scan scan = {0};
	int stepwise = 0, error_whole, error_bytes;
	int head_length = proxy_request_parse(data, size, &request);

	for (size_t i = 1; i <= size && stepwise == 0; i++)
		stepwise = http_head_scan(&scan, data, i);
	REQUIRE(head_length <= 0 || stepwise == head_length);
	REQUIRE(head_length != 0 || stepwise == 0);
	if (head_length <= 0)
		return 0;
	if (request.is_connect) {
		REQUIRE(request.body == PROXY_BODY_NONE);
		return 0;
	}
	check_written(&request);
	data += head_length;
	size -= (size_t)head_length;
	size_t whole = body_length(&request, data, size, size + 1, &error_whole);
	size_t bytes = body_length(&request, data, size, 1, &error_bytes);
	REQUIRE(error_whole == error_bytes && whole == bytes);
	return 0;
}
