/* A real egress process, and the test as everybody around it: monitor, keeper, isolated hosts, the web.
 *
 * Everything here is blocking, with 5 s of patience, and fails the test by itself. */
#ifndef SHOJI_TESTS_EGRESS_WORLD_H
#define SHOJI_TESTS_EGRESS_WORLD_H

#include "base/channel.h"
#include "base/session.h"
#include "integration/egress/name_server.h"
#include "unit/suite.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#define LEASE 0x1111
#define OTHER_LEASE 0x2222

struct door {
	uint64_t lease_id;
	struct sockaddr_un address;
	socklen_t address_length;
};

struct world {
	pid_t pid;
	char root[64];
	struct channel *monitor;
	struct channel *keeper; /* NULL: keeper is down */
	struct door door;       /* of LEASE */
	int dns;
	uint16_t dns_port;
};

/* main() of every test here: enters a network of its own and runs the tests. argv[1]: egress-process; argv[2]:
 * "confined" (as in the broker, where we are root) or "leaks" (as we are, checked for leaks at the end). */
int world_main(int argc, char **argv, const char *name, const TTest *const *tests, size_t n_tests);
#define WORLD_MAIN(argc, argv, name, ...)                                                          \
	world_main(argc, argv, name, (const TTest *const[]){__VA_ARGS__},                          \
	        sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(const TTest *))

/* Whether egress has a user and a root of its own here. */
bool world_is_confined(void);

/* egress_yaml: lines of the section egress, indented by two spaces. name_servers is added. */
void world_begin(struct world *self, const char *egress_yaml);
/* Closes monitor's channel; egress must leave with status 0 (under a sanitizer: without a complaint). */
void world_end(struct world *self);
/* The first half of world_end(): egress has left, and what it has told can still be read. */
void world_leave(struct world *self);

void world_open_door(struct world *self, uint64_t lease_id, struct door *out);
void world_stop_keeper(struct world *self);
void world_start_keeper(struct world *self);
/* The next record, whatever it is; false: none waits now. */
bool world_next_record(struct world *self, struct message_destination *out);
void world_acknowledge(struct world *self, uint64_t record);
/* The next record, at once: it was told before what the test has just seen. host, address: "" when none. */
void world_expect_record(struct world *self, enum egress_verdict verdict, const char *method,
        const char *host, uint16_t port, const char *address);
void world_expect_no_record(struct world *self);

/* The isolated host's side. */
int door_connect(const struct door *self);
/* Connects and sends text. */
int door_request(const struct door *self, const char *text);
/* A request and its whole answer: the status; body (NULL: not wanted) has room for 64 KiB. */
unsigned door_ask(const struct door *self, const char *text, char *answer);
#define ANSWER_ROOM 65536

/* The web's side: a listener on `address` (v4 or v6) and port; port 0 is written back. */
int web_listen(const char *address, uint16_t *port);
/* The next connection; `at` (room for 46) gets the address that it was made to. */
int web_accept(int listener, char *at);
/* Whether a connection waits. */
bool web_was_asked(int listener);

void send_text(int fd, const char *text);
void send_bytes(int fd, const void *data, size_t length);
/* Until the end of a head; NUL-terminated. */
void receive_head(int fd, char *out, size_t size);
/* Exactly length bytes. */
void receive_bytes(int fd, void *out, size_t length);
/* Everything until the peer's end; NUL-terminated. */
size_t receive_all(int fd, char *out, size_t size);
/* The peer has ended, orderly or not, and nothing came before. */
void expect_end(int fd);

#endif
