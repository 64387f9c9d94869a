/* The RFB socket: reading of our own, libvncclient's messages to the server, held so that neither waits.
 *
 * ReadFromRFBServer() waits inside until all bytes asked for are there, and reads 8 KiB at a time: 450 times, with a
 * poll() each, for a screen of 1280x800. Nothing is sent unless the socket takes it: what cannot be sent waits as
 * intentions in the worker, not as a blocked process. No parsing here: bytes go to handshake.c and reader.c. */
#include "capture/rfb.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <rfb/rfbclient.h>
#include <stdlib.h>
#include <unistd.h>

/* Still within the processor's second cache, from where the reader copies it on. */
#define READ_BYTES_MAX (64 * 1024)

#define SET_DESKTOP_SIZE 251

struct rfb {
	rfbClient *client;
	int fd; /* the client's */
	size_t at, length;
	uint8_t bytes[READ_BYTES_MAX];
};

/* libvncclient's own would write foreign text to the log, and open /etc/localtime for its time. What matters
 * is in the exit status. */
static void ignore_log(const char *format, ...)
{
	(void)format;
}

/* Never called: rfbInitClient() is not, and no reader of ours resizes. Fails closed should that change. */
static rfbBool refuse_buffer(rfbClient *client)
{
	(void)client;
	return FALSE;
}

static void support(rfbClient *client, int message)
{
	client->supportedMessages.client2server[message / 8] |= (uint8_t)(1 << (message % 8));
}

static rfbClient *new_client(int fd)
{
	rfbClientLog = ignore_log;
	rfbClientErr = ignore_log;
	rfbClient *client = rfbGetClient(8, 3, 4);
	if (!client)
		return NULL;
	client->MallocFrameBuffer = refuse_buffer;
	client->sock = fd;
	client->listenSpecified = TRUE; /* the socket is connected: nothing in the library dials */
	support(client, rfbFramebufferUpdateRequest);
	support(client, rfbPointerEvent);
	support(client, rfbQemuEvent);
	return client;
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

struct rfb *rfb_new(int fd)
{
	struct rfb *self = calloc(1, sizeof(*self));
	rfbClient *client = self && set_nonblocking(fd) == 0 ? new_client(fd) : NULL;

	if (!client) {
		free(self);
		close(fd);
		return NULL;
	}
	self->client = client;
	self->fd = fd;
	return self;
}

void rfb_free(struct rfb *self)
{
	if (!self)
		return;
	rfbClientCleanup(self->client); /* closes the socket */
	free(self);
}

int rfb_fd(const struct rfb *self)
{
	return self->fd;
}

static bool is_ready(int fd, short events)
{
	struct pollfd ready = {.fd = fd, .events = events};

	return poll(&ready, 1, 0) == 1;
}

static int fill(struct rfb *self)
{
	ssize_t n = read(self->fd, self->bytes, sizeof(self->bytes));

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : SHOJI_ERR_CLOSED;
	self->at = 0;
	self->length = (size_t)n;
	return 1;
}

int rfb_peek(struct rfb *self, const uint8_t **data, size_t *length)
{
	if (self->at == self->length) {
		int result = fill(self);
		if (result <= 0)
			return result;
	}
	*data = self->bytes + self->at;
	*length = self->length - self->at;
	return 1;
}

void rfb_consume(struct rfb *self, size_t length)
{
	self->at += length;
}

bool rfb_can_send(const struct rfb *self)
{
	/* A unix socket is writable while three quarters of its buffer are free. */
	return is_ready(self->fd, POLLOUT);
}

static int sent(rfbBool is_sent)
{
	return is_sent ? 0 : SHOJI_ERR_CLOSED;
}

int rfb_send_bytes(struct rfb *self, const uint8_t *bytes, size_t length)
{
	return sent(WriteToRFBServer(self->client, (const char *)bytes, (unsigned int)length));
}

int rfb_send_update_request(struct rfb *self, uint16_t width, uint16_t height, bool is_incremental)
{
	return sent(
	        SendFramebufferUpdateRequest(self->client, 0, 0, width, height, is_incremental));
}

int rfb_send_key(struct rfb *self, uint8_t key, bool is_down)
{
	return sent(SendExtendedKeyEvent(self->client, 0, key, is_down));
}

/* Not SendExtDesktopSize(): that one asks for nothing as long as libvncclient itself has read no ExtendedDesktopSize, and it
 * reads nothing here. */
int rfb_send_size(struct rfb *self, uint16_t width, uint16_t height, uint32_t screen_id)
{
	const uint8_t w[2] = {(uint8_t)(width >> 8), (uint8_t)width};
	const uint8_t h[2] = {(uint8_t)(height >> 8), (uint8_t)height};
	const uint8_t message[] = {SET_DESKTOP_SIZE, 0, w[0], w[1], h[0], h[1], 1, 0,
	        (uint8_t)(screen_id >> 24), (uint8_t)(screen_id >> 16), (uint8_t)(screen_id >> 8),
	        (uint8_t)screen_id, 0, 0, 0, 0, w[0], w[1], h[0], h[1], 0, 0, 0, 0};

	return rfb_send_bytes(self, message, sizeof(message));
}

int rfb_send_pointer(struct rfb *self, uint16_t x, uint16_t y, uint8_t buttons)
{
	return sent(SendPointerEvent(self->client, x, y, buttons));
}
