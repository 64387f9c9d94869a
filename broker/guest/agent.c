/* shoji-guest-agent: the input agent. Text that a person composed on the terminal comes in from capture over the text door;
 * the input method module in the browser (im/module.c) asks for it when the sentinel key reaches it, so that text and keys keep
 * their order. What the sentinel passed without anybody asking is told to capture as unclaimed.
 *
 * It runs inside, beside what may be hostile: capture believes nothing that it says without a check. */
#include "guest/agent_line.h"
#include "guest/agent_x.h"
#include "guest/x_settings.h"

#include "base/bytes.h"
#include "base/guest.h"
#include "base/loop.h"
#include "base/number.h"
#include "base/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The browser is one process; a moment of two while it is started again. */
#define MODULES_MAX 4

struct agent;

struct module {
	struct agent *agent;
	struct agent_line line;
};

struct agent {
	struct loop *loop;
	struct agent_x *x;
	struct x_settings *settings;
	int module_listener;
	struct agent_line capture;
	struct module modules[MODULES_MAX];
	bool has_item; /* came, and was not claimed yet */
	uint32_t number;
	size_t item_length;
	uint8_t item[TEXT_DOOR_ITEM_MAX];
	bool is_pinged; /* for the item */
};

/* ---- to capture ---- */

static void tell(struct agent *self, enum text_door_record kind, uint32_t number)
{
	uint8_t record[TEXT_DOOR_RECORD_BYTES] = {(uint8_t)kind};
	struct bytes_writer writer;

	bytes_writer_init(&writer, record + 4, sizeof(record) - 4);
	bytes_put_u32(&writer, number);
	agent_line_write(&self->capture, record, sizeof(record));
}

/* ---- from capture ---- */

/* Bytes of the item that begins the buffer; 0: it is not whole. */
static size_t item_length(const struct agent_line *line)
{
	if (line->length < TEXT_DOOR_ITEM_BYTES)
		return 0;
	size_t length = TEXT_DOOR_ITEM_BYTES + line->bytes[1] * (size_t)TEXT_DOOR_CLAUSE_BYTES +
	                (size_t)(line->bytes[8] | line->bytes[9] << 8);
	return line->length < length ? 0 : length;
}

static void take_item(struct agent *self, const uint8_t *bytes, size_t length)
{
	struct bytes_reader reader;

	bytes_reader_init(&reader, bytes + 4, 4);
	uint32_t number = bytes_get_u32(&reader);
	if (bytes[0] == TEXT_DOOR_SCALE) {
		x_settings_set_scale(self->settings, number);
		return;
	}
	if (bytes[0] == TEXT_DOOR_CANCEL) {
		self->has_item = self->has_item && self->number != number;
		return;
	}
	memcpy(self->item, bytes, length);
	self->item_length = length;
	self->number = number;
	self->has_item = true;
	self->is_pinged = false;
}

static void read_capture(struct agent *self)
{
	struct agent_line *line = &self->capture;
	bool is_open = line->fd >= 0 && agent_line_read(line);
	size_t length;

	while (line->fd >= 0 && (length = item_length(line)) > 0) {
		take_item(self, line->bytes, length);
		agent_line_consume(line, length);
	}
	/* A full buffer without an item is no capture of ours. */
	if (!is_open || line->length == sizeof(line->bytes))
		agent_line_close(line);
}

static void on_capture(void *data, unsigned events)
{
	(void)events;
	read_capture(data);
}

/* ---- the modules ---- */

static void answer_next(struct agent *self, struct agent_line *module)
{
	static const uint8_t nothing[TEXT_DOOR_ITEM_BYTES] = {TEXT_DOOR_NOTHING};

	/* capture wrote the item before it sent the sentinel: it is in the socket by now. */
	read_capture(self);
	if (!self->has_item) {
		agent_line_write(module, nothing, sizeof(nothing));
		return;
	}
	agent_line_write(module, self->item, self->item_length);
	if (module->fd < 0)
		return;
	self->has_item = false;
	tell(self, TEXT_DOOR_CLAIMED, self->number);
}

static void take_record(struct agent *self, struct agent_line *module)
{
	switch (module->bytes[0]) {
	case TEXT_DOOR_NEXT:
		answer_next(self, module);
		break;
	case TEXT_DOOR_CARET:
	case TEXT_DOOR_TAKES_TEXT:
		agent_line_write(&self->capture, module->bytes, TEXT_DOOR_RECORD_BYTES);
		break;
	default: /* a byte off a socket, not an enum of ours */
		agent_line_close(module);
	}
}

static void read_module(struct agent *self, struct agent_line *module)
{
	bool is_open = module->fd >= 0 && agent_line_read(module);

	while (module->fd >= 0 && module->length >= TEXT_DOOR_RECORD_BYTES) {
		take_record(self, module);
		if (module->fd >= 0)
			agent_line_consume(module, TEXT_DOOR_RECORD_BYTES);
	}
	if (!is_open)
		agent_line_close(module);
}

static void on_module(void *data, unsigned events)
{
	struct module *module = data;

	(void)events;
	read_module(module->agent, &module->line);
}

static void on_module_listener(void *data, unsigned events)
{
	struct agent *self = data;
	int fd = accept4(self->module_listener, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	for (int i = 0; fd >= 0 && i < MODULES_MAX; i++)
		if (self->modules[i].line.fd < 0) {
			agent_line_open(&self->modules[i].line, self->loop, fd, on_module,
			        &self->modules[i]);
			return;
		}
	if (fd >= 0)
		close(fd);
}

/* ---- the X server ---- */

static void on_sentinel(void *data)
{
	struct agent *self = data;

	read_capture(self);
	self->is_pinged = self->has_item;
}

static void on_handled(void *data)
{
	struct agent *self = data;

	/* The module asked before its window answered: what it said is in its socket by now. */
	for (int i = 0; i < MODULES_MAX; i++)
		read_module(self, &self->modules[i].line);
	if (self->has_item && self->is_pinged)
		tell(self, TEXT_DOOR_UNCLAIMED, self->number);
	self->is_pinged = false;
}

static void on_gone(void *data)
{
	struct agent *self = data;

	loop_stop(self->loop, EXIT_FAILURE);
}

/* ---- life ---- */

/* capture is one client: a new one has replaced the last. */
static void on_door(void *data, unsigned events)
{
	struct agent *self = data;
	int fd = accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	agent_line_close(&self->capture);
	self->has_item = false;
	agent_line_open(&self->capture, self->loop, fd, on_capture, self);
}

static int listen_modules(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = GUEST_IM_SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	unlink(GUEST_IM_SOCKET);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	        listen(fd, MODULES_MAX) < 0)
		return -1;
	return fd;
}

static bool watch_listeners(struct agent *self)
{
	/* Inherited and shared with init, which never accepts: a connection that is gone again must not block us. */
	if (fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) < 0)
		return false;
	return watch_new(self->loop, STDIN_FILENO, LOOP_READ, on_door, self) &&
	       watch_new(self->loop, self->module_listener, LOOP_READ, on_module_listener, self);
}

static uint32_t scale_to_begin_with(int argc, char **argv)
{
	uint64_t scale;

	if (argc != 2 ||
	        number_parse(argv[1], strlen(argv[1]), SCREEN_SCALE_MIN, SCREEN_SCALE_MAX, &scale))
		return SCREEN_SCALE_ONE;
	return (uint32_t)scale;
}

/* Usage: shoji-guest-agent SCALE, with the text door's listening socket as descriptor 0. */
int main(int argc, char **argv)
{
	static const struct agent_x_events events = {
	        .on_sentinel = on_sentinel, .on_handled = on_handled, .on_gone = on_gone};
	static struct agent self;

	self.capture.fd = -1;
	for (int i = 0; i < MODULES_MAX; i++) {
		self.modules[i].agent = &self;
		self.modules[i].line.fd = -1;
	}
	self.loop = loop_new();
	self.settings = x_settings_new(scale_to_begin_with(argc, argv));
	/* init starts the browser when this socket is there: settings are told by then. */
	self.module_listener = listen_modules();
	if (self.module_listener < 0 || !self.loop || !watch_listeners(&self))
		return EXIT_FAILURE;
	self.x = agent_x_new(self.loop, &events, &self);
	return self.x && self.settings ? loop_run(self.loop) : EXIT_FAILURE;
}
