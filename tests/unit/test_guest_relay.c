/* The forwarder's relay: everything arrives, half-close included, in whatever order the ends hang up. */
#include "base/loop.h"
#include "guest/relay.h"
#include "unit/suite.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
	struct loop *loop;
	struct relay *relay;
	int browser, door; /* the outer ends */
	bool is_done;
};

static void on_done(void *data, struct relay *relay)
{
	struct fixture *self = data;

	self->is_done = true;
	relay_free(relay);
	self->relay = NULL;
}

static void init(struct fixture *self)
{
	int a[2], b[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, a), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b), 0);
	*self = (struct fixture){.loop = loop_new(), .browser = a[0], .door = b[0]};
	self->relay = relay_new(self->loop, a[1], b[1], on_done, self);
	ck_assert_ptr_nonnull(self->relay);
}

static void finish(struct fixture *self)
{
	relay_free(self->relay);
	loop_free(self->loop);
	if (self->browser >= 0)
		close(self->browser);
	if (self->door >= 0)
		close(self->door);
}

static void turn(struct fixture *self, int n)
{
	for (int i = 0; i < n; i++)
		loop_turn(self->loop, 1);
}

static void expect(struct fixture *self, int fd, const char *text)
{
	char got[64] = "";

	turn(self, 5);
	ck_assert_int_eq(read(fd, got, sizeof(got) - 1), (ssize_t)strlen(text));
	ck_assert_str_eq(got, text);
}

START_TEST(carries_both_ways)
{
	struct fixture self;

	init(&self);
	ck_assert_int_eq(write(self.browser, "request", 7), 7);
	expect(&self, self.door, "request");
	ck_assert_int_eq(write(self.door, "answer", 6), 6);
	expect(&self, self.browser, "answer");
	finish(&self);
}
END_TEST

START_TEST(half_close_is_forwarded_and_the_answer_still_comes)
{
	struct fixture self;
	char byte;

	init(&self);
	ck_assert_int_eq(write(self.browser, "all", 3), 3);
	shutdown(self.browser, SHUT_WR);
	expect(&self, self.door, "all");
	ck_assert_int_eq(read(self.door, &byte, 1), 0);
	ck_assert(!self.is_done);
	ck_assert_int_eq(write(self.door, "late", 4), 4);
	expect(&self, self.browser, "late");
	shutdown(self.door, SHUT_WR);
	turn(&self, 5);
	ck_assert(self.is_done);
	finish(&self);
}
END_TEST

/* The door writes more than all buffers hold and is gone at once; the browser reads slowly. */
START_TEST(nothing_is_lost_when_the_source_hangs_up)
{
	struct fixture self;
	static char block[8192];
	size_t sent = 0, got = 0;
	ssize_t n;

	init(&self);
	memset(block, 'x', sizeof(block));
	for (int round = 0; round < 200; round++) {
		while ((n = write(self.door, block, sizeof(block))) > 0)
			sent += (size_t)n;
		turn(&self, 2);
	}
	close(self.door);
	self.door = -1;
	for (int round = 0; round < 5000 && got < sent; round++) {
		turn(&self, 1);
		if ((n = read(self.browser, block, 1000)) > 0)
			got += (size_t)n;
	}
	ck_assert_uint_gt(sent, 2 * RELAY_BUFFER_BYTES);
	ck_assert_uint_eq(got, sent);
	turn(&self, 3);
	ck_assert_int_eq(read(self.browser, block, 1), 0);
	finish(&self);
}
END_TEST

/* A door that closes while the browser still sends: what the door answered before is delivered. */
START_TEST(answer_survives_a_door_that_takes_no_more)
{
	struct fixture self;

	init(&self);
	ck_assert_int_eq(write(self.door, "too large", 9), 9);
	close(self.door);
	self.door = -1;
	ck_assert_int_eq(write(self.browser, "more and more", 13), 13);
	expect(&self, self.browser, "too large");
	finish(&self);
}
END_TEST

START_TEST(ends_when_both_are_gone)
{
	struct fixture self;

	init(&self);
	close(self.browser);
	close(self.door);
	self.browser = self.door = -1;
	turn(&self, 5);
	ck_assert(self.is_done);
	finish(&self);
}
END_TEST

int main(void)
{
	return SUITE_RUN("guest-relay", carries_both_ways,
	        half_close_is_forwarded_and_the_answer_still_comes,
	        nothing_is_lost_when_the_source_hangs_up, answer_survives_a_door_that_takes_no_more,
	        ends_when_both_are_gone);
}
