/* Records what a real RFB server says, as a seed of fuzz_capture: the bytes without the pixels of Raw rectangles.
 *
 * Usage: rfb-record SOCKET UPDATES FILE
 * Made the seeds in tests/fuzz/corpus/capture from TigerVNC's Xvnc while x-draw drew on it. */
#include "capture/reader.h"
#include "hostile/rfb_script.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct handshake handshake;
static struct pixels pixels;
static struct reader reader;
static struct script seed;

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

static void request(int fd, uint8_t is_incremental)
{
	struct script message = {0};

	script_u8(&message, 3);
	script_u8(&message, is_incremental);
	script_u32(&message, 0);
	script_u16(&message, reader.width);
	script_u16(&message, reader.height);
	if (write(fd, message.bytes, message.length) < 0)
		exit(1);
	reader_requested(&reader);
	script_free(&message);
}

static int step_handshake(int fd, uint8_t byte)
{
	const uint8_t *reply;
	int n = handshake_feed(&handshake, &byte, 1);
	size_t length = handshake_reply(&handshake, &reply);

	if (n < 0 || (length && write(fd, reply, length) < 0))
		return -1;
	if (!handshake_is_done(&handshake))
		return 0;
	reader_init(&reader, &pixels, handshake.width, handshake.height);
	request(fd, 0);
	return 0;
}

/* One more byte; 0 when none came for two seconds. */
static int read_byte(int fd, uint8_t *byte)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	return poll(&ready, 1, 2000) == 1 && read(fd, byte, 1) == 1;
}

/* -1, 0, or 1 when an update is complete. */
static int step(int fd, uint8_t byte)
{
	if (!handshake_is_done(&handshake) || reader.state != READER_RAW)
		script_u8(&seed, byte);
	if (!handshake_is_done(&handshake))
		return step_handshake(fd, byte);
	if (reader_feed(&reader, &byte, 1) != 1)
		return -1;
	if (!reader.is_update_complete)
		return 0;
	reader_update_taken(&reader);
	request(fd, 1);
	return 1;
}

int main(int argc, char **argv)
{
	int fd = argc == 4 ? connect_to(argv[1]) : -1;
	FILE *file = fd >= 0 ? fopen(argv[3], "wb") : NULL;
	long n_updates = file ? strtol(argv[2], NULL, 10) : 0;
	uint8_t byte;

	if (!file || pixels_allocate(&pixels, 640, 480))
		return 1;
	handshake_init(&handshake, 640, 480);
	script_u8(&seed, 0x80);
	while (n_updates > 0 && read_byte(fd, &byte)) {
		int result = step(fd, byte);
		if (result < 0)
			return 1;
		n_updates -= result;
	}
	fwrite(seed.bytes, 1, seed.length, file);
	return fclose(file) == 0 ? 0 : 1;
}
