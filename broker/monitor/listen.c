/* Makes listening sockets in folders that only the broker can write. Reads nothing from any of
 * them. */
#include "monitor/listen.h"

#include "base/error.h"
#include "base/number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int parse_literal(const char *text, size_t length, uint16_t port, union address *out)
{
	char literal[INET6_ADDRSTRLEN + 1];

	if (length >= sizeof(literal))
		return SHOJI_ERR_CONFIG;
	memcpy(literal, text, length);
	literal[length] = '\0';
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, literal, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		return 0;
	}
	if (inet_pton(AF_INET6, literal, &out->v6.sin6_addr) != 1)
		return SHOJI_ERR_CONFIG;
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	return 0;
}

static int parse_address(const char *text, union address *out)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;
	uint64_t port;

	if (!colon || number_parse(colon + 1, strlen(colon + 1), 0, 65535, &port))
		return SHOJI_ERR_CONFIG;
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']')
		return parse_literal(text + 1, length - 2, (uint16_t)port, out);
	if (memchr(text, ':', length))
		return SHOJI_ERR_CONFIG; /* IPv6 without brackets: which colon ends it? */
	return parse_literal(text, length, (uint16_t)port, out);
}

static int close_failed(int fd)
{
	int saved_errno = errno;

	close(fd);
	errno = saved_errno;
	return SHOJI_ERR_SYSTEM;
}

int listen_tcp(const char *text, int *fd)
{
	union address address;
	int one = 1;
	int error = parse_address(text, &address);

	if (error)
		return error;
	int listener = socket(
	        address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	if (listener < 0)
		return SHOJI_ERR_SYSTEM;
	/* A restarted broker must not wait for old connections' TIME_WAIT. */
	if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return close_failed(listener);
	/* One family a listener: gate counts connections per address, and an IPv4 terminal must not
	 * have two. */
	if (address.any.sa_family == AF_INET6 &&
	        setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
		return close_failed(listener);
	socklen_t size =
	        address.any.sa_family == AF_INET6 ? sizeof(address.v6) : sizeof(address.v4);
	if (bind(listener, &address.any, size) < 0 || listen(listener, BACKLOG) < 0)
		return close_failed(listener);
	*fd = listener;
	return 0;
}

int listen_url(int fd, char out[LISTEN_URL_MAX])
{
	char literal[INET6_ADDRSTRLEN];
	union address address = {0};
	socklen_t size = sizeof(address);

	if (getsockname(fd, &address.any, &size) < 0)
		return SHOJI_ERR_SYSTEM;
	if (address.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &address.v6.sin6_addr, literal, sizeof(literal));
		snprintf(out, LISTEN_URL_MAX, "https://[%s]:%u", literal,
		        (unsigned)ntohs(address.v6.sin6_port));
		return 0;
	}
	inet_ntop(AF_INET, &address.v4.sin_addr, literal, sizeof(literal));
	snprintf(out, LISTEN_URL_MAX, "https://%s:%u", literal,
	        (unsigned)ntohs(address.v4.sin_port));
	return 0;
}

static int unix_address(const char *path, struct sockaddr_un *out)
{
	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(out->sun_path))
		return SHOJI_ERR_LIMIT;
	memcpy(out->sun_path, path, strlen(path));
	return 0;
}

int listen_unix(const char *path, int type, uid_t uid, gid_t gid, mode_t mode, int *fd)
{
	struct sockaddr_un address;
	int error = unix_address(path, &address);

	if (error)
		return error;
	int listener = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0)
		return SHOJI_ERR_SYSTEM;
	if (unlink(path) < 0 && errno != ENOENT)
		return close_failed(listener);
	/* Nobody can connect before listen(); until then owner and mode are set. */
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	        lchown(path, uid, gid) < 0 || chmod(path, mode) < 0 ||
	        listen(listener, BACKLOG) < 0) {
		unlink(path);
		return close_failed(listener);
	}
	*fd = listener;
	return 0;
}

int connect_unix(const char *path, int *fd)
{
	struct sockaddr_un address;
	int error = unix_address(path, &address);

	if (error)
		return error;
	int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connection < 0)
		return SHOJI_ERR_SYSTEM;
	if (connect(connection, (struct sockaddr *)&address, sizeof(address)) < 0)
		return close_failed(connection);
	*fd = connection;
	return 0;
}
