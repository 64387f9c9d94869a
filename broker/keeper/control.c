/* shojictl's connections. A local user writes what is read here; the kernel says which. */
#include "keeper/control.h"

#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_BYTES_MAX 49152   /* of 61440: room for what is around the items */
#define QUEUED_MAX (256 * 1024) /* of one client */

struct client {
	struct control *control;
	struct channel *channel; /* NULL: free place */
	control_client_id id;
	uid_t uid;
	uint64_t deadline_ms;
	bool is_busy;  /* a request is being answered */
	json_t *items; /* owned: what a list still has to send */
	size_t next_item;
};

struct control {
	struct keeper *keeper;
	int listener;
	uid_t allowed_uid;
	struct watch *watch;
	control_client_id last_id;
	struct client clients[CONTROL_CLIENTS_MAX];
};

static const struct {
	const char *name;
	control_command_fn run;
} commands[] = {
        {"status", control_status},
        {"sessions", control_sessions},
        {"end", control_end},
        {"screenshot", control_screenshot},
        {"watch", control_watch},
        {"people add", control_people_add},
        {"people passwd", control_people_passwd},
        {"people lock", control_people_lock},
        {"people unlock", control_people_unlock},
        {"people list", control_people_list},
        {"audit verify", control_audit_verify},
        {"audit tail", control_audit_tail},
};

static void drop_client(struct client *client)
{
	channel_free(client->channel);
	json_decref(client->items);
	*client = (struct client){.control = client->control};
}

static struct client *find(struct control *self, control_client_id id)
{
	for (size_t i = 0; id && i < CONTROL_CLIENTS_MAX; i++)
		if (self->clients[i].channel && self->clients[i].id == id)
			return &self->clients[i];
	return NULL;
}

/* ---- replies ---- */

static void send_reply(struct client *client, bool is_last, const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	int error = SHOJI_ERR_MEMORY;

	if (text)
		error = CHANNEL_SEND(client->channel, control_reply, .is_last = is_last,
		        .json = (const uint8_t *)text, .json_length = (uint32_t)strlen(text));
	free(text);
	if (is_last)
		client->is_busy = false;
	client->deadline_ms = clock_now_ms() + CONTROL_DEADLINE_MS;
	if (error)
		drop_client(client);
}

void control_succeed(struct control *self, control_client_id id, json_t *data)
{
	struct client *client = find(self, id);
	json_t *reply = json_pack("{s:b}", "ok", 1);

	if (reply && data)
		json_object_set(reply, "data", data);
	if (client)
		send_reply(client, true, reply);
	json_decref(reply);
	json_decref(data);
}

void control_fail(
        struct control *self, control_client_id id, const char *code, const char *format, ...)
{
	struct client *client = find(self, id);
	char what[512];
	va_list arguments;

	va_start(arguments, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() is the line above. */
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	if (!client)
		return;
	json_t *reply = json_pack("{s:b, s:s, s:s}", "ok", 0, "error", code, "what", what);
	send_reply(client, true, reply);
	json_decref(reply);
}

/* One reply full of items, from next_item on. */
static void send_page(struct client *client)
{
	json_t *page = json_array();
	json_t *reply = json_object();
	size_t bytes = 0;

	while (client->next_item < json_array_size(client->items)) {
		json_t *item = json_array_get(client->items, client->next_item);
		size_t length = json_dumpb(item, NULL, 0, JSON_COMPACT) + 1;
		if (bytes > 0 && bytes + length > REPLY_BYTES_MAX)
			break;
		bytes += length;
		json_array_append(page, item);
		client->next_item++;
	}
	json_object_set_new(reply, "items", page);
	send_reply(client, false, reply);
	json_decref(reply);
}

/* Sends what the client takes now; goes on when its queue is empty. */
static void pump(struct client *client)
{
	while (client->items && channel_queued_bytes(client->channel) < QUEUED_MAX) {
		if (client->next_item < json_array_size(client->items)) {
			send_page(client);
			if (!client->channel)
				return;
			continue;
		}
		json_decref(client->items);
		client->items = NULL;
		control_succeed(client->control, client->id, NULL);
		return;
	}
}

static void on_drained(void *data, struct channel *channel)
{
	(void)channel;
	pump(data);
}

void control_list(struct control *self, control_client_id id, json_t *items)
{
	struct client *client = find(self, id);

	if (!client || !items) {
		json_decref(items);
		control_fail(self, id, "unavailable", "out of memory");
		return;
	}
	client->items = items;
	client->next_item = 0;
	pump(client);
}

int control_send_picture(
        struct control *self, control_client_id id, const struct message_snapshot_taken *picture)
{
	struct client *client = find(self, id);

	if (!client)
		return SHOJI_ERR_CLOSED;
	return CHANNEL_SEND(client->channel, control_snapshot, .width = picture->width,
	        .height = picture->height, .stride_bytes = picture->stride_bytes,
	        .pixels = picture->pixels);
}

void control_keep_alive(struct control *self, control_client_id id)
{
	struct client *client = find(self, id);

	if (client)
		client->deadline_ms = clock_now_ms() + CONTROL_DEADLINE_MS;
}

/* ---- requests ---- */

const char *control_text(const struct control_call *call, const char *name)
{
	const char *text = json_string_value(json_object_get(call->request, name));

	if (text && text_is_plain(text, strlen(text)))
		return text;
	control_fail(call->control, call->client, "bad_request",
	        "\"%s\" is missing or not plain text", name);
	return NULL;
}

const char *control_operator(const struct control_call *call)
{
	const char *name = json_string_value(json_object_get(call->request, "operator"));

	return name && strlen(name) <= 64 && text_is_plain(name, strlen(name)) ? name : "";
}

void control_sign(const struct control_call *call, json_t *record)
{
	if (!record)
		return;
	json_object_set_new(record, "by_uid", json_integer((json_int_t)call->uid));
	json_object_set_new(record, "by", json_string(control_operator(call)));
}

static void run_command(struct client *client, json_t *request)
{
	struct control_call call = {.keeper = client->control->keeper,
	        .control = client->control,
	        .client = client->id,
	        .uid = client->uid,
	        .request = request};
	const char *name = json_string_value(json_object_get(request, "command"));
	json_int_t version = json_integer_value(json_object_get(request, "version"));

	if (version != CONTROL_REQUEST_VERSION) {
		control_fail(call.control, call.client, "version",
		        "this broker speaks version %d; use its own shojictl",
		        CONTROL_REQUEST_VERSION);
		return;
	}
	for (size_t i = 0; name && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		commands[i].run(&call);
		return;
	}
	control_fail(call.control, call.client, "bad_request", "no such command");
}

static void wipe_password(json_t *request)
{
	json_t *password = json_object_get(request, "password");

	/* jansson gives no other way to its own copy. */
	if (json_is_string(password))
		sodium_memzero((void *)json_string_value(password), json_string_length(password));
}

static void on_message(void *data, struct channel *channel, struct message *in)
{
	struct client *client = data;
	struct message_control_request message;
	json_t *request = NULL;

	if (message_get_control_request(in, &message) || client->is_busy) {
		drop_client(client);
		return;
	}
	client->is_busy = true;
	client->deadline_ms = clock_now_ms() + CONTROL_DEADLINE_MS;
	request = json_loadb(
	        (const char *)message.json, message.json_length, JSON_REJECT_DUPLICATES, NULL);
	channel_forget(channel);
	if (json_is_object(request))
		run_command(client, request);
	else
		control_fail(client->control, client->id, "bad_request", "not a JSON object");
	wipe_password(request);
	json_decref(request);
}

static void on_close(void *data, struct channel *channel, int error)
{
	(void)channel;
	(void)error;
	drop_client(data);
}

/* ---- connections ---- */

static bool is_permitted(const struct control *self, int fd, uid_t *uid)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	*uid = peer.uid;
	if (peer.uid == 0 || peer.uid == self->allowed_uid)
		return true;
	log_warning(0, "user %u tried the control socket and was refused", (unsigned)peer.uid);
	return false;
}

static void take_client(struct control *self, int fd, uid_t uid)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *client = &self->clients[i];
		if (client->channel)
			continue;
		*client = (struct client){.control = self,
		        .id = ++self->last_id,
		        .uid = uid,
		        .deadline_ms = clock_now_ms() + CONTROL_DEADLINE_MS};
		client->channel = channel_new(fd, LINK_CONTROL_KEEPER, SIDE_B);
		if (!client->channel)
			return;
		channel_set_phase(client->channel, PHASE_READY);
		if (channel_watch(
		            client->channel, self->keeper->loop, on_message, on_close, client))
			drop_client(client);
		else
			channel_set_on_drained(client->channel, on_drained);
		return;
	}
	log_warning(
	        0, "more than %d control connections: the newest is refused", CONTROL_CLIENTS_MAX);
	close(fd);
}

static void on_listener(void *data, unsigned events)
{
	struct control *self = data;
	uid_t uid;
	int fd = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	if (is_permitted(self, fd, &uid))
		take_client(self, fd, uid);
	else
		close(fd);
}

struct control *control_new(struct keeper *keeper, int listener, uid_t allowed_uid)
{
	struct control *self = calloc(1, sizeof(*self));

	if (!self) {
		close(listener);
		return NULL;
	}
	self->keeper = keeper;
	self->listener = listener;
	self->allowed_uid = allowed_uid;
	self->watch = watch_new(keeper->loop, listener, LOOP_READ, on_listener, self);
	if (self->watch)
		return self;
	control_free(self);
	return NULL;
}

void control_free(struct control *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		drop_client(&self->clients[i]);
	watch_free(self->watch);
	close(self->listener);
	free(self);
}

void control_sweep(struct control *self)
{
	uint64_t now_ms = clock_now_ms();

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (self->clients[i].channel && self->clients[i].deadline_ms <= now_ms)
			drop_client(&self->clients[i]);
}

uint64_t control_due_ms(const struct control *self)
{
	uint64_t due_ms = UINT64_MAX;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (self->clients[i].channel && self->clients[i].deadline_ms < due_ms)
			due_ms = self->clients[i].deadline_ms;
	return due_ms;
}
