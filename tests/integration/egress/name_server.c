/* Enough of DNS (RFC 1035) for A and AAAA. The queries are those of c-ares: trusted to be well-formed, but checked
 * for what they ask. */
#include "integration/egress/name_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_BYTES 12
#define TYPE_A 1
#define TYPE_AAAA 28

struct query {
	uint8_t bytes[512];
	size_t question_end;
	unsigned type;
	char name[256];
	struct sockaddr_storage from;
	socklen_t from_length;
};

int name_server_open(uint16_t *port)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	struct timeval patience = {.tv_sec = 5};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void receive_query(int fd, struct query *out)
{
	size_t at = HEADER_BYTES, name_length = 0;

	out->from_length = sizeof(out->from);
	ssize_t n = recvfrom(fd, out->bytes, sizeof(out->bytes), 0, (struct sockaddr *)&out->from,
	        &out->from_length);
	ck_assert_msg(n > HEADER_BYTES, "no query came");
	while (out->bytes[at] != 0) {
		if (name_length)
			out->name[name_length++] = '.';
		memcpy(out->name + name_length, out->bytes + at + 1, out->bytes[at]);
		name_length += out->bytes[at];
		at += out->bytes[at] + 1u;
	}
	out->name[name_length] = '\0';
	out->type = (unsigned)out->bytes[at + 1] << 8 | out->bytes[at + 2];
	out->question_end = at + 5;
}

static size_t put_record(uint8_t *out, unsigned type, const char *text)
{
	/* A pointer to the question's name, type, class IN, no time to live, length. */
	size_t length = type == TYPE_A ? 4 : 16;
	uint8_t head[12] = {
	        0xc0, HEADER_BYTES, 0, (uint8_t)type, 0, 1, 0, 0, 0, 0, 0, (uint8_t)length};

	memcpy(out, head, sizeof(head));
	ck_assert_int_eq(
	        inet_pton(type == TYPE_A ? AF_INET : AF_INET6, text, out + sizeof(head)), 1);
	return sizeof(head) + length;
}

static void reply(int fd, struct query *query, const char *const *addresses, bool exists)
{
	uint8_t out[2048];
	size_t length = query->question_end;
	uint8_t n_answers = 0;

	memcpy(out, query->bytes, length);
	for (; addresses && *addresses; addresses++, n_answers++)
		length += put_record(out + length, query->type, *addresses);
	out[2] = 0x81; /* an answer; recursion was wanted */
	out[3] = exists ? 0x80 : 0x83;
	memset(out + 6, 0, 6);
	out[7] = n_answers;
	sendto(fd, out, length, 0, (struct sockaddr *)&query->from, query->from_length);
}

void name_server_answer(int fd, const char *name, const char *const *v4, const char *const *v6)
{
	struct query query;

	for (int i = 0; i < 2; i++) {
		receive_query(fd, &query);
		ck_assert_str_eq(query.name, name);
		ck_assert(query.type == TYPE_A || query.type == TYPE_AAAA);
		reply(fd, &query, query.type == TYPE_A ? v4 : v6, v4 || v6);
	}
}

void name_server_ignore(int fd, const char *name)
{
	struct query query;

	for (int i = 0; i < 2; i++) {
		receive_query(fd, &query);
		ck_assert_str_eq(query.name, name);
	}
}

bool name_server_was_asked(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	return poll(&ready, 1, 0) > 0;
}
