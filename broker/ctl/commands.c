/* One function a command: makes the request, shows the answer. */
#include "ctl/ctl.h"
#include "ctl/words.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static json_t *request_of(const char *command)
{
	return json_pack("{s:s}", "command", command);
}

typedef void (*print_fn)(const json_t *reply);

static int ask_and_print(const struct options *options, json_t *request, print_fn print)
{
	json_t *reply;
	int status = broker_ask(options, request, &reply, NULL);

	if (status == EXIT_DONE && options->is_json)
		print_json(reply);
	else if (status == EXIT_DONE)
		print(reply);
	json_decref(reply);
	return status;
}

int command_status(const struct options *options)
{
	return ask_and_print(options, request_of("status"), print_status);
}

/* An empty list is an empty array, not null. */
static int ask_list(const struct options *options, json_t *request, print_fn print)
{
	json_t *reply;
	int status = broker_ask(options, request, &reply, NULL);

	if (status == EXIT_DONE && !reply)
		reply = json_array();
	if (status == EXIT_DONE && options->is_json)
		print_json(reply);
	else if (status == EXIT_DONE)
		print(reply);
	json_decref(reply);
	return status;
}

int command_sessions(const struct options *options)
{
	return ask_list(options, request_of("sessions"), print_sessions);
}

int command_people_list(const struct options *options)
{
	return ask_list(options, request_of("people list"), print_people);
}

int command_audit_tail(const struct options *options)
{
	json_t *request = request_of("audit tail");

	json_object_set_new(request, "n", json_integer(options->n));
	return ask_list(options, request, print_records);
}

/* A text that the request could not hold is an error of usage: JSON is UTF-8. */
static int set_text(json_t *request, const char *name, const char *text)
{
	if (json_object_set_new(request, name, json_string(text)) == 0)
		return EXIT_DONE;
	print_error(
	        word_for_error("bad_request") ? word_for_error("bad_request") : "not valid UTF-8",
	        name);
	return EXIT_USAGE;
}

/* Asks, and says `done` with the reply's member `name`. */
static int ask_and_say(
        const struct options *options, json_t *request, enum word done, const char *name)
{
	json_t *reply;
	int status = broker_ask(options, request, &reply, NULL);
	const char *text = json_string_value(json_object_get(reply, name));

	if (status == EXIT_DONE && options->is_json)
		print_json(reply);
	else if (status == EXIT_DONE)
		print_sentence(done, text ? text : "");
	json_decref(reply);
	return status;
}

static int ask_about(
        const struct options *options, const char *command, const char *member, enum word done)
{
	json_t *request = request_of(command);
	int status = set_text(request, member, options->arguments[0]);

	if (status == EXIT_DONE)
		return ask_and_say(options, request, done, member);
	json_decref(request);
	return status;
}

int command_end(const struct options *options)
{
	return ask_about(options, "end", "session", WORD_ENDING);
}

int command_watch(const struct options *options)
{
	json_t *request = request_of("watch");
	int status = set_text(request, "session", options->arguments[0]);

	if (status == EXIT_DONE && options->reason)
		status = set_text(request, "reason", options->reason);
	if (status == EXIT_DONE)
		return ask_and_say(options, request, WORD_WATCH, "url");
	json_decref(request);
	return status;
}

int command_people_lock(const struct options *options)
{
	return ask_about(options, "people lock", "id", WORD_LOCKED);
}

int command_people_unlock(const struct options *options)
{
	return ask_about(options, "people unlock", "id", WORD_UNLOCKED);
}

static int show_new_password(
        const struct options *options, json_t *reply, const char *password, enum word done)
{
	const char *id = json_string_value(json_object_get(reply, "id"));

	if (options->is_json) {
		if (options->is_generate && json_is_object(reply))
			json_object_set_new(reply, "password", json_string(password));
		print_json(reply);
		return EXIT_DONE;
	}
	print_sentence(done, id ? id : options->arguments[0]);
	if (options->is_generate)
		print_sentence(WORD_GENERATED, password);
	return EXIT_DONE;
}

static int set_password(const struct options *options, const char *command, enum word done)
{
	char password[PASSWORD_SIZE] = "";
	json_t *reply = NULL;
	json_t *request = request_of(command);
	int status = set_text(request, "id", options->arguments[0]);

	if (status == EXIT_DONE && options->name)
		status = set_text(request, "name", options->name);
	if (status == EXIT_DONE)
		status = password_get(options, password);
	if (status == EXIT_DONE)
		status = set_text(request, "password", password);
	if (status == EXIT_DONE)
		status = broker_ask(options, request, &reply, NULL);
	else
		json_decref(request);
	if (status == EXIT_DONE)
		status = show_new_password(options, reply, password, done);
	explicit_bzero(password, sizeof(password));
	json_decref(reply);
	return status;
}

int command_people_add(const struct options *options)
{
	return set_password(options, "people add", WORD_ADDED);
}

int command_people_passwd(const struct options *options)
{
	return set_password(options, "people passwd", WORD_CHANGED);
}

/* The file is made first: no picture is taken, recorded and told that cannot then be kept. */
int command_screenshot(const struct options *options)
{
	const char *path = options->arguments[1];
	struct picture picture = {.fd = -1};
	json_t *reply = NULL;
	json_t *request = request_of("screenshot");
	int status = set_text(request, "session", options->arguments[0]);
	int fd = status == EXIT_DONE ? picture_create(path) : -1;

	if (fd < 0) {
		json_decref(request);
		return status == EXIT_DONE ? EXIT_FAILED : status;
	}
	status = broker_ask(options, request, &reply, &picture);
	if (status == EXIT_DONE && picture_write(&picture, fd, path) < 0)
		status = EXIT_FAILED;
	if (status != EXIT_DONE)
		unlink(path);
	else if (options->is_json)
		print_json(json_pack("{s:s, s:i, s:i}", "file", path, "width", (int)picture.width,
		        "height", (int)picture.height));
	else
		print_sentence(WORD_SAVED, path);
	close(fd);
	if (picture.fd >= 0)
		close(picture.fd);
	json_decref(reply);
	return status;
}

int command_audit_verify(const struct options *options)
{
	json_t *reply;
	int status = broker_ask(options, request_of("audit verify"), &reply, NULL);

	if (status != EXIT_DONE)
		return status;
	bool is_good = json_is_true(json_object_get(reply, "good"));
	if (options->is_json)
		print_json(reply);
	else
		print_audit_verdict(reply);
	json_decref(reply);
	return is_good ? EXIT_DONE : EXIT_DAMAGED;
}
