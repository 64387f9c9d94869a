/* shojictl's side of the control socket. It believes keeper's replies as to form only as far as base checks them. */
#include "base/channel.h"
#include "base/error.h"
#include "base/loop.h"
#include "ctl/ctl.h"
#include "ctl/words.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_VERSION 1
/* Between two replies. Verifying a large log is one long wait. */
#define ANSWER_MS 30000
#define VERIFY_MS (3600 * 1000)

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		close(fd);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	int saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return -1;
}

/* Who says to be at the keyboard: the record holds it beside the uid, which the kernel says. */
static const char *operator_name(void)
{
	const char *name = getenv("SUDO_USER");
	const struct passwd *entry;

	if (name && name[0])
		return name;
	entry = getpwuid(getuid());
	return entry ? entry->pw_name : "";
}

static void wipe_json_text(json_t *text)
{
	if (json_is_string(text))
		explicit_bzero((void *)json_string_value(text), json_string_length(text));
}

static int send_request(struct channel *channel, json_t *request)
{
	json_object_set_new(request, "version", json_integer(REQUEST_VERSION));
	json_object_set_new(request, "operator", json_string(operator_name()));
	char *text = json_dumps(request, JSON_COMPACT);
	int error = SHOJI_ERR_MEMORY;

	if (text) {
		size_t length = strlen(text);
		error = CHANNEL_SEND(channel, control_request, .json = (const uint8_t *)text,
		        .json_length = (uint32_t)length);
		explicit_bzero(text, length);
	}
	free(text);
	channel_forget(channel);
	return error;
}

static int receive(struct channel *channel, struct message *in, int timeout_ms)
{
	struct pollfd ready = {.fd = channel_fd(channel), .events = POLLIN};
	uint64_t end_ms = clock_now_ms() + (uint64_t)timeout_ms;

	for (;;) {
		int result = channel_receive(channel, in);
		if (result != SHOJI_ERR_AGAIN)
			return result < 0 ? result : 0;
		uint64_t now_ms = clock_now_ms();
		if (now_ms >= end_ms)
			return SHOJI_ERR_TIMEOUT;
		if (poll(&ready, 1, (int)(end_ms - now_ms)) < 0 && errno != EINTR)
			return SHOJI_ERR_SYSTEM;
	}
}

struct answer {
	json_t *items; /* owned */
	json_t *last;  /* owned */
	struct picture picture;
};

/* 1: that was the last one. */
static int take_reply(struct answer *answer, struct message *in)
{
	struct message_control_reply reply;
	int error = message_get_control_reply(in, &reply);

	if (error)
		return error;
	json_t *value = json_loadb((const char *)reply.json, reply.json_length, 0, NULL);
	if (!json_is_object(value)) {
		json_decref(value);
		return SHOJI_ERR_MALFORMED;
	}
	json_t *items = json_object_get(value, "items");
	if (json_is_array(items)) {
		if (!answer->items)
			answer->items = json_array();
		json_array_extend(answer->items, items);
	}
	if (!reply.is_last) {
		json_decref(value);
		return 0;
	}
	answer->last = value;
	return 1;
}

static int take_picture(struct answer *answer, struct message *in)
{
	struct message_control_snapshot snapshot;
	int error = message_get_control_snapshot(in, &snapshot);

	if (error)
		return error;
	if (answer->picture.fd >= 0)
		close(answer->picture.fd);
	answer->picture = (struct picture){.fd = snapshot.pixels,
	        .width = snapshot.width,
	        .height = snapshot.height,
	        .stride_bytes = snapshot.stride_bytes};
	return 0;
}

static int receive_answer(struct channel *channel, struct answer *answer, int timeout_ms)
{
	int result = 0;

	while (result == 0) {
		struct message in = {0};
		result = receive(channel, &in, timeout_ms);
		if (result)
			return result;
		result = in.number == MESSAGE_CONTROL_REPLY ? take_reply(answer, &in)
		                                            : take_picture(answer, &in);
		message_release(&in);
	}
	return result < 0 ? result : 0;
}

static int exit_for_code(const char *code)
{
	if (strcmp(code, "not_found") == 0)
		return EXIT_NOT_FOUND;
	return strcmp(code, "bad_request") == 0 ? EXIT_USAGE : EXIT_FAILED;
}

static int explain_failure(const struct options *options, const json_t *last)
{
	const char *code = json_string_value(json_object_get(last, "error"));
	const char *what = json_string_value(json_object_get(last, "what"));
	const char *translated = code ? word_for_error(code) : NULL;

	if (options->is_json)
		print_json(last);
	if (translated)
		print_error(translated, what);
	else
		print_error(what ? what : word(WORD_NO_ANSWER), NULL);
	return exit_for_code(code ? code : "");
}

static int conclude(const struct options *options, struct answer *answer, json_t **reply)
{
	if (!json_is_true(json_object_get(answer->last, "ok")))
		return explain_failure(options, answer->last);
	json_t *data = json_object_get(answer->last, "data");
	*reply = answer->items ? json_incref(answer->items) : json_incref(data);
	return EXIT_DONE;
}

static int explain_unreachable(const struct options *options)
{
	char detail[512];

	snprintf(detail, sizeof(detail), "%s: %s", options->socket, strerror(errno));
	print_error(word(WORD_CANNOT_REACH), detail);
	fprintf(stderr, "%s\n", word(WORD_CANNOT_REACH_HINT));
	return EXIT_UNREACHABLE;
}

static int ask(const struct options *options, json_t *request, struct answer *answer)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	bool is_long = command && strcmp(command, "audit verify") == 0;
	int fd = connect_to(options->socket);

	if (fd < 0)
		return explain_unreachable(options);
	struct channel *channel = channel_new(fd, LINK_CONTROL_KEEPER, SIDE_A);
	if (!channel)
		return EXIT_FAILED;
	channel_set_phase(channel, PHASE_READY);
	int error = send_request(channel, request);
	if (!error)
		error = receive_answer(channel, answer, is_long ? VERIFY_MS : ANSWER_MS);
	channel_free(channel);
	if (!error)
		return EXIT_DONE;
	print_error(word(WORD_NO_ANSWER), shoji_error_text(error));
	return EXIT_UNREACHABLE;
}

int broker_ask(
        const struct options *options, json_t *request, json_t **reply, struct picture *picture)
{
	struct answer answer = {.picture = {.fd = -1}};
	int status = ask(options, request, &answer);

	wipe_json_text(json_object_get(request, "password"));
	json_decref(request);
	*reply = NULL;
	if (status == EXIT_DONE)
		status = conclude(options, &answer, reply);
	if (picture)
		*picture = answer.picture;
	else if (answer.picture.fd >= 0)
		close(answer.picture.fd);
	json_decref(answer.items);
	json_decref(answer.last);
	return status;
}
