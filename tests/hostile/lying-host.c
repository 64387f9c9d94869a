/* An isolated host that was taken over, for a whole broker: it stands in shoji-guest-init's place, is started by the
 * real shepherd inside the real walls, and lies at the RFB door that it inherited. A session chooses the lie by the
 * width of its screen, LYING_WIDTH + its number in rfb_lies[]; with any other width the real program is executed, which
 * the program folder has as guest/honest-init (of that folder everything is shown inside).
 *
 * Usage outside: lying-host --lies (each with the width that chooses it) */
#include "hostile/rfb_lies.h"

#include "base/guest.h"
#include "base/number.h"
#include "base/session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define LYING_WIDTH 900
#define HONEST_INIT GUEST_DATA "/honest-init"
#define TEXT_DOOR (STDERR_FILENO + 1)
/* So long the honest picture stays, so that its viewer is at work when the lie comes. */
#define PICTURE_MS 1500

/* What capture says after the handshake; the lengths after the type. */
enum client_message {
	CLIENT_PIXEL_FORMAT = 0,
	CLIENT_ENCODINGS = 2,
	CLIENT_REQUEST = 3,
	CLIENT_KEY = 4,
	CLIENT_POINTER = 5,
	CLIENT_QEMU = 255,
};
#define CLIENT_HANDSHAKE_BYTES 14 /* version, security type, ClientInit */

static unsigned width, height;

/* ---- honest ---- */

/* What is shown inside has no right to be executed: a copy in memory has. */
_Noreturn static void become_honest(char **argv)
{
	int from = open(HONEST_INIT, O_RDONLY | O_CLOEXEC);
	int copy = memfd_create("honest-init", MFD_CLOEXEC);
	off_t length = from < 0 ? -1 : lseek(from, 0, SEEK_END);
	off_t at = 0;

	if (copy < 0 || length <= 0)
		_exit(GUEST_EXIT_SETUP);
	while (at < length)
		if (sendfile(copy, from, &at, (size_t)(length - at)) <= 0)
			_exit(GUEST_EXIT_SETUP);
	fexecve(copy, argv, environ);
	_exit(GUEST_EXIT_SETUP);
}

/* ---- listening to capture ---- */

static bool read_all(int fd, void *bytes, size_t length)
{
	uint8_t *at = bytes;

	while (length > 0) {
		ssize_t n = recv(fd, at, length, 0);
		if (n <= 0)
			return false;
		at += n;
		length -= (size_t)n;
	}
	return true;
}

static bool skip(int fd, size_t length)
{
	uint8_t bytes[256];

	while (length > 0) {
		size_t part = length < sizeof(bytes) ? length : sizeof(bytes);
		if (!read_all(fd, bytes, part))
			return false;
		length -= part;
	}
	return true;
}

/* Reads until capture has asked for an update. False: it has gone. */
static bool await_request(int fd)
{
	uint8_t head[4];

	for (;;) {
		if (!read_all(fd, head, 1))
			return false;
		switch ((enum client_message)head[0]) {
		case CLIENT_REQUEST:
			return skip(fd, 9);
		case CLIENT_PIXEL_FORMAT:
			if (!skip(fd, 19))
				return false;
			break;
		case CLIENT_ENCODINGS:
			if (!read_all(fd, head + 1, 3) ||
			        !skip(fd, (size_t)(head[2] << 8 | head[3]) * 4))
				return false;
			break;
		case CLIENT_KEY:
			if (!skip(fd, 7))
				return false;
			break;
		case CLIENT_POINTER:
			if (!skip(fd, 5))
				return false;
			break;
		case CLIENT_QEMU:
			if (!skip(fd, 11))
				return false;
			break;
		}
	}
}

/* ---- lying ---- */

/* False: capture has gone. */
static bool say(int fd, const struct script *script)
{
	size_t at = 0;

	while (at < script->length) {
		ssize_t n = send(fd, script->bytes + at, script->length - at, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static bool show_picture(int fd, const struct lie *lie)
{
	struct script script = {0};
	bool is_open;

	script_handshake(&script, width, height);
	is_open = say(fd, &script) && skip(fd, CLIENT_HANDSHAKE_BYTES) && await_request(fd);
	script_free(&script);
	script_update(&script, 2);
	script_extended_key(&script);
	/* Of many colours: a plain one would be taken for a browser that has not drawn yet. */
	script_rect(&script, 0, 0, width, height, RFB_RAW);
	for (size_t i = 0; i < (size_t)width * height; i++)
		script_raw(&script,
		        (const uint8_t[]){(uint8_t)(i % width / 4), (uint8_t)(i / width / 3),
		                (uint8_t)(lie - rfb_lies) * 8, 0},
		        PIXEL_BYTES);
	is_open = is_open && say(fd, &script);
	script_free(&script);
	poll(NULL, 0, PICTURE_MS);
	return is_open;
}

static void trickle(int fd, struct script *script)
{
	for (size_t i = 0; i < script->length; i++) {
		struct script byte = {.bytes = &script->bytes[i], .length = 1};
		if (!say(fd, &byte))
			return;
		poll(NULL, 0, LIE_TRICKLE_MS);
	}
}

static void say_at_requests(int fd, const struct lie *lie)
{
	struct script script = {0};

	while (await_request(fd)) {
		lie->say(&script, width, height);
		if (!say(fd, &script))
			break;
		script_free(&script);
	}
	script_free(&script);
}

static void tell(int fd, const struct lie *lie)
{
	struct script script = {0};

	if (lie->pace == LIE_AT_REQUEST) {
		say_at_requests(fd, lie);
		return;
	}
	lie->say(&script, width, height);
	if (lie->pace == LIE_TRICKLE)
		trickle(fd, &script);
	else
		while (say(fd, &script) && lie->pace == LIE_FLOOD)
			;
	script_free(&script);
}

static void serve(int fd, const struct lie *lie)
{
	if (lie->has_picture && !show_picture(fd, lie))
		return;
	tell(fd, lie);
	/* The door stays open: it is capture that has to end this. */
	while (lie->pace != LIE_CLOSE && skip(fd, 1))
		;
}

static void lie_at_the_door(const struct lie *lie)
{
	for (;;) {
		struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
		poll(&ready, 1, -1);
		int fd = accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		serve(fd, lie);
		close(fd);
	}
}

static unsigned take_number(int argc, char **argv, const char *name)
{
	size_t length = strlen(name);
	uint64_t value = 0;

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], name, length) == 0)
			number_parse(argv[i] + length, strlen(argv[i] + length), 1, 65535, &value);
	return (unsigned)value;
}

static int list_lies(void)
{
	for (unsigned i = 0; i < n_rfb_lies; i++)
		printf("%u %s\n", LYING_WIDTH + i, rfb_lies[i].name);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--lies") == 0)
		return list_lies();
	width = take_number(argc, argv, "--width=");
	height = take_number(argc, argv, "--height=");
	if (width < LYING_WIDTH || width >= LYING_WIDTH + n_rfb_lies)
		become_honest(argv);
	/* The first process of a pid namespace gets no signal that it does not handle. */
	signal(SIGTERM, _exit);
	/* The shepherd takes the host to be up once nothing inside holds what came from outside. */
	if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
		return GUEST_EXIT_SETUP;
	/* The text door is held open, and nobody ever answers there. */
	if (dup2((int)take_number(argc, argv, "--text-door="), TEXT_DOOR) < 0)
		return GUEST_EXIT_SETUP;
	close_range(TEXT_DOOR + 1, ~0u, 0);
	lie_at_the_door(&rfb_lies[width - LYING_WIDTH]);
}
