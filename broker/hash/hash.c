/* The hash role's process. It reads what keeper sends (passwords that terminals typed) and answers; it
 * has no file, no network, and a list of system calls that ends it at any other. It blocks while
 * argon2 runs: that is why it is a process of its own and keeper never waits for it. */
#include "hash/hash.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "hash/argon2.h"
#include "hash/sandbox_calls.h"

#include <sodium.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifndef HAS_ASAN
#define HAS_ASAN 0
#endif

/* Beside argon2's own memory: program, libraries, stack, the channels' buffers. */
#define ADDRESS_SPACE_BESIDE (192ull * 1024 * 1024)

enum hash_exit { HASH_EXIT_DONE = 0, HASH_EXIT_SETUP = 64, HASH_EXIT_PEER = 70 };

struct hash {
	struct loop *loop;
	struct channel *monitor;
	struct channel *keeper;
	struct argon2 argon2;
};

static void answer(struct hash *self, uint32_t job, bool is_match, const char *stored)
{
	struct message_hash_result result = {.job = job, .is_match = is_match};

	memcpy(result.stored, stored, strlen(stored));
	if (CHANNEL_SEND_VALUE(self->keeper, hash_result, &result))
		loop_stop(self->loop, HASH_EXIT_PEER);
}

static void on_make(struct hash *self, struct message *in)
{
	struct message_hash_make job;
	char stored[ARGON2_TEXT_MAX + 1] = "";

	if (message_get_hash_make(in, &job)) {
		loop_stop(self->loop, HASH_EXIT_PEER);
		return;
	}
	if (argon2_make(&self->argon2, job.password, stored))
		log_error(0,
		        "cannot hash a password: no memory; raise this machine's memory or lower "
		        "people.argon2_memory_kib");
	sodium_memzero(job.password, sizeof(job.password));
	answer(self, job.job, stored[0] != '\0', stored);
}

static void on_verify(struct hash *self, struct message *in)
{
	struct message_hash_verify job;
	char renewed[ARGON2_TEXT_MAX + 1] = "";

	if (message_get_hash_verify(in, &job)) {
		loop_stop(self->loop, HASH_EXIT_PEER);
		return;
	}
	bool is_match = argon2_matches(&self->argon2, job.password, job.stored);
	/* The parameters were changed since: this is the one moment at which a new hash can be made. Without
	 * memory for it the old one stays. */
	if (is_match && argon2_is_outdated(&self->argon2, job.stored))
		argon2_make(&self->argon2, job.password, renewed);
	sodium_memzero(job.password, sizeof(job.password));
	sodium_memzero(job.stored, sizeof(job.stored));
	answer(self, job.job, is_match, renewed);
	sodium_memzero(renewed, sizeof(renewed));
}

static void on_keeper(void *data, struct channel *channel, struct message *in)
{
	struct hash *self = data;

	if (in->number == MESSAGE_HASH_MAKE)
		on_make(self, in);
	else
		on_verify(self, in);
	channel_forget(channel);
}

static void on_monitor(void *data, struct channel *channel, struct message *in)
{
	struct hash *self = data;

	(void)channel;
	log_warning(0, "message %u is not for a hash worker", in->number);
	loop_stop(self->loop, HASH_EXIT_PEER);
}

/* keeper or monitor is gone: so is our work. */
static void on_close(void *data, struct channel *channel, int error)
{
	struct hash *self = data;

	(void)channel;
	loop_stop(self->loop, error == SHOJI_ERR_CLOSED ? HASH_EXIT_DONE : HASH_EXIT_PEER);
}

static int bound_memory(uint32_t memory_kib)
{
	rlim_t bytes = (rlim_t)memory_kib * 1024 + ADDRESS_SPACE_BESIDE;
	struct rlimit both = {.rlim_cur = bytes, .rlim_max = bytes};

	/* ASan's shadow alone is 16 TiB of address space. */
	return !HAS_ASAN && setrlimit(RLIMIT_AS, &both) < 0 ? SHOJI_ERR_SYSTEM : 0;
}

static int set_up(struct hash *self)
{
	struct message in = {0};
	struct message_setup_hash setup;
	int error = role_receive_setup(self->monitor, MESSAGE_SETUP_HASH, &in);

	if (!error)
		error = message_get_setup_hash(&in, &setup);
	message_release(&in);
	if (error)
		return error;
	self->keeper = channel_new(setup.keeper, LINK_KEEPER_HASH, SIDE_B);
	self->loop = loop_new();
	if (!self->keeper || !self->loop)
		return SHOJI_ERR_MEMORY;
	channel_set_phase(self->keeper, PHASE_READY);
	error = bound_memory(setup.memory_kib);
	if (!error)
		error = argon2_init(&self->argon2, setup.memory_kib, setup.passes);
	if (!error)
		error = channel_watch(self->keeper, self->loop, on_keeper, on_close, self);
	if (!error)
		error = channel_watch(self->monitor, self->loop, on_monitor, on_close, self);
	return error;
}

int hash_run(const struct role_start *start)
{
	/* RLIMIT_AS follows from the set-up message. */
	const struct sandbox_limits limits = {.open_files = 16};
	struct hash self = {0};
	int status = HASH_EXIT_SETUP;

	self.monitor = role_begin(start, &limits);
	if (!self.monitor)
		return status;
	int error = set_up(&self);
	if (!error)
		error = sandbox_seccomp(hash_calls, hash_n_calls);
	if (!error)
		error = role_ready(self.monitor);
	if (error)
		log_error(0, "hash worker cannot start: %s", shoji_error_text(error));
	else
		status = loop_run(self.loop);
	sodium_memzero(&self.argon2, sizeof(self.argon2));
	channel_free(self.keeper);
	channel_free(self.monitor);
	loop_free(self.loop);
	return status;
}
