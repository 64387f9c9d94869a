/* The first exchange of the X protocol, by hand: that the socket exists does not yet mean that Xvnc
 * has its screen, and linking libX11 for twelve bytes would be much. Both sides are inside the isolated host. */
#include "guest/x_answer.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Byte order 'l', protocol 11.0, no authorisation. */
static const uint8_t hello[12] = {'l', 0, 11, 0};

static int connect_display(int display)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/.X11-unix/X%d", display);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool x_answers(int display, int timeout_ms)
{
	int fd = connect_display(display);
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	uint8_t accepted = 0;

	if (fd < 0)
		return false;
	if (send(fd, hello, sizeof(hello), MSG_NOSIGNAL) == (ssize_t)sizeof(hello) &&
	        poll(&ready, 1, timeout_ms) > 0 && recv(fd, &accepted, 1, 0) != 1)
		accepted = 0;
	close(fd);
	return accepted == 1;
}
