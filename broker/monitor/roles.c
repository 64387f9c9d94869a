/* Supervision of the lasting roles. gate and egress have met the network, so each of them may have
 * been taken over: what they say is held against the message table, and a violation costs them
 * their process, never the broker. */
#include "monitor/roles_internal.h"

#include "base/config.h"
#include "base/ensure.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/role.h"
#include "monitor/children.h"
#include "monitor/spawn.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
#define BACKOFF_FORGOTTEN_MS 30000 /* ready for so long: the next restart is prompt again */
#define UNREAPED_RETRY_MS 20
#define READY_DEADLINE_MS (ROLE_SETUP_DEADLINE_MS + 5000)

static const char *const names[] = {
        [ROLE_KEEPER] = "keeper",
        [ROLE_GATE] = "gate",
        [ROLE_EGRESS] = "egress",
        [ROLE_HASH] = "hash",
};

static void role_start(struct role *self);

static void role_set_state(struct role *self, enum role_state state)
{
	static const bool may_follow[4][4] = {
	        [ROLE_STOPPED] = {[ROLE_STARTING] = true, [ROLE_WAITING] = true},
	        [ROLE_STARTING] =
	                {[ROLE_READY] = true, [ROLE_WAITING] = true, [ROLE_STOPPED] = true},
	        [ROLE_READY] = {[ROLE_WAITING] = true, [ROLE_STOPPED] = true},
	        [ROLE_WAITING] =
	                {[ROLE_STARTING] = true, [ROLE_WAITING] = true, [ROLE_STOPPED] = true},
	};

	ensure(may_follow[self->state][state]);
	self->state = state;
}

/* ---- starting ---- */

static int send_setup_keeper(struct role *self)
{
	struct roles *roles = self->roles;
	const struct roles_setup *setup = &roles->setup;
	int gate = role_begin_end_of_keeper(&roles->single[ROLE_GATE]);
	int egress = role_begin_end_of_keeper(&roles->single[ROLE_EGRESS]);
	int error = gate < 0 || egress < 0 ? SHOJI_ERR_SYSTEM : 0;

	if (!error)
		error = CHANNEL_SEND(self->channel, setup_keeper,
		        .config = (const uint8_t *)setup->config_text,
		        .config_length = (uint32_t)setup->config_length, .gate = gate,
		        .egress = egress, .control_listener = setup->control_listener);
	role_end_close(&gate);
	role_end_close(&egress);
	return error;
}

static int send_setup_gate(struct role *self, int keeper)
{
	const struct roles_setup *setup = &self->roles->setup;

	return CHANNEL_SEND(self->channel, setup_gate,
	        .config = (const uint8_t *)setup->config_text,
	        .config_length = (uint32_t)setup->config_length, .listener = setup->listener,
	        .keeper = keeper, .assets = setup->assets, .certificate = setup->certificate,
	        .key = setup->key);
}

static int send_setup(struct role *self)
{
	const struct roles_setup *setup = &self->roles->setup;

	if (self->kind == ROLE_KEEPER)
		return send_setup_keeper(self);
	int keeper = role_begin_end(self);
	if (keeper < 0)
		return SHOJI_ERR_SYSTEM;
	int error = 0;
	switch (self->kind) {
	case ROLE_KEEPER:
		break;
	case ROLE_GATE:
		error = send_setup_gate(self, keeper);
		break;
	case ROLE_EGRESS:
		error = CHANNEL_SEND(self->channel, setup_egress,
		        .config = (const uint8_t *)setup->config_text,
		        .config_length = (uint32_t)setup->config_length, .keeper = keeper);
		break;
	case ROLE_HASH:
		error = CHANNEL_SEND(self->channel, setup_hash,
		        .memory_kib = (uint32_t)setup->config->people.argon2_memory_kib,
		        .passes = (uint32_t)setup->config->people.argon2_passes, .keeper = keeper);
		break;
	}
	close(keeper);
	return error;
}

static uint64_t account_of(const struct roles_setup *setup, enum role_kind kind)
{
	switch (kind) {
	case ROLE_KEEPER:
		return setup->config->accounts.keeper;
	case ROLE_GATE:
		return setup->config->accounts.gate;
	case ROLE_EGRESS:
		return setup->config->accounts.egress;
	case ROLE_HASH:
		return setup->config->accounts.hash;
	}
	return 0;
}

/* ---- what a role says ---- */

static void ready(struct role *self)
{
	role_set_state(self, ROLE_READY);
	channel_set_phase(self->channel, PHASE_READY);
	timer_clear(self->timer);
	self->ready_since_ms = clock_now_ms();
	log_debug(0, "%s is ready (process %d)", self->name, (int)self->pid);
	role_offer_to_self(self);
	if (self->kind == ROLE_KEEPER) {
		role_offer_to_keeper(&self->roles->single[ROLE_GATE]);
		role_offer_to_keeper(&self->roles->single[ROLE_EGRESS]);
	}
	if (roles_are_all_ready(self->roles))
		self->roles->is_started = true;
	if (self->state == ROLE_READY)
		self->roles->events.on_ready(self->roles->data, self->kind);
}

static void on_message(void *data, struct channel *channel, struct message *in)
{
	struct role *self = data;
	struct message_ready unused;
	int error;

	(void)channel;
	if (in->number == MESSAGE_READY) {
		error = message_get_ready(in, &unused);
		if (!error)
			ready(self);
	} else if (in->number == MESSAGE_KEEPER_LOST) {
		error = role_on_keeper_lost(self);
	} else if (self->kind == ROLE_KEEPER) {
		error = self->roles->events.on_keeper_message(self->roles->data, in);
	} else {
		/* The table has one link for all roles: that only keeper speaks of sessions is
		 * checked here. */
		error = SHOJI_ERR_FORBIDDEN;
	}
	if (!error)
		return;
	log_error(0, "%s broke the message table with message %u: %s; starting it anew", self->name,
	        in->number, shoji_error_text(error));
	role_lost(self);
}

static void on_close(void *data, struct channel *channel, int error)
{
	struct role *self = data;

	(void)channel;
	if (error != SHOJI_ERR_CLOSED)
		log_error(0, "channel to %s: %s; starting it anew", self->name,
		        shoji_error_text(error));
	role_lost(self);
}

static void on_child_exit(void *data, pid_t pid, int status)
{
	struct role *self = data;
	char text[CHILD_EXIT_TEXT_MAX];

	if (pid != self->pid)
		return;
	self->pid = 0;
	if (self->roles->is_stopping)
		return;
	log_error(0, "%s (process %d) ended: %s", self->name, (int)pid,
	        child_exit_text(text, status));
	if (self->state == ROLE_STARTING || self->state == ROLE_READY)
		role_lost(self);
}

/* ---- coming and going ---- */

static void on_timer(void *data)
{
	struct role *self = data;

	if (self->state == ROLE_STARTING) {
		log_error(0, "%s was not ready within %d s", self->name, READY_DEADLINE_MS / 1000);
		role_lost(self);
	} else if (self->state == ROLE_WAITING && self->pid) {
		timer_set_ms(self->timer, UNREAPED_RETRY_MS);
	} else if (self->state == ROLE_WAITING) {
		role_start(self);
	}
}

void role_lost(struct role *self)
{
	struct roles *roles = self->roles;

	if (self->state == ROLE_WAITING || self->state == ROLE_STOPPED)
		return;
	bool was_lasting = self->state == ROLE_READY &&
	                   clock_now_ms() - self->ready_since_ms >= BACKOFF_FORGOTTEN_MS;
	role_set_state(self, ROLE_WAITING);
	channel_free(self->channel);
	self->channel = NULL;
	if (self->pid)
		kill(self->pid, SIGKILL);
	/* What waits for the partner leads to a process that is gone. */
	role_end_close(&self->end_for_keeper);
	if (self->kind == ROLE_KEEPER) {
		role_end_close(&roles->single[ROLE_GATE].end_for_self);
		role_end_close(&roles->single[ROLE_EGRESS].end_for_self);
		/* A hash worker has no message by which it could be joined anew; it holds nothing
		 * worth keeping. */
		for (size_t i = 0; i < roles->n_hash; i++)
			role_lost(&roles->hash[i]);
	}
	self->backoff_ms = was_lasting || !self->backoff_ms ? BACKOFF_MIN_MS : self->backoff_ms * 2;
	if (self->backoff_ms > BACKOFF_MAX_MS)
		self->backoff_ms = BACKOFF_MAX_MS;
	timer_set_ms(self->timer, self->backoff_ms);
	if (!roles->is_started && !roles->is_stopping)
		roles->events.on_start_failed(roles->data);
}

static int launch(struct role *self)
{
	const struct roles_setup *setup = &self->roles->setup;
	uid_t uid = setup->is_isolated ? (uid_t)account_of(setup, self->kind) : 0;
	int ours, theirs;

	if (channel_pair(&ours, &theirs))
		return SHOJI_ERR_SYSTEM;
	pid_t pid = spawn_role(&(struct spawn_request){.role = self->name,
	        .uid = uid,
	        .gid = (gid_t)uid,
	        .root = self->kind == ROLE_KEEPER ? setup->data_folder : setup->empty_folder,
	        .channel = theirs});
	close(theirs);
	self->channel = channel_new(ours, LINK_MONITOR_ROLE, SIDE_A);
	if (pid < 0)
		return SHOJI_ERR_SYSTEM;
	if (!self->channel || children_add(setup->children, pid, on_child_exit, self)) {
		kill(pid, SIGKILL);
		return SHOJI_ERR_MEMORY;
	}
	self->pid = pid;
	int error = send_setup(self);
	if (!error)
		error = channel_watch(self->channel, setup->loop, on_message, on_close, self);
	return error;
}

static void role_start(struct role *self)
{
	role_set_state(self, ROLE_STARTING);
	timer_set_ms(self->timer, READY_DEADLINE_MS);
	int error = launch(self);
	if (error) {
		log_error(0, "cannot start %s: %s", self->name, shoji_error_text(error));
		role_lost(self);
		return;
	}
	if (self->kind != ROLE_KEEPER) {
		role_offer_to_keeper(self);
		return;
	}
	for (size_t i = 0; i < self->roles->n_hash; i++)
		role_offer_to_keeper(&self->roles->hash[i]);
	for (size_t kind = ROLE_GATE; kind < ROLE_N_SINGLE; kind++)
		role_offer_to_self(&self->roles->single[kind]);
}

/* ---- all of them ---- */

static int role_init(struct role *self, struct roles *roles, enum role_kind kind)
{
	*self = (struct role){.roles = roles,
	        .kind = kind,
	        .name = names[kind],
	        .state = ROLE_STOPPED,
	        .end_for_keeper = -1,
	        .end_for_self = -1};
	self->timer = timer_new(roles->setup.loop, on_timer, self);
	self->rejoin_timer = timer_new(roles->setup.loop, role_on_rejoin_timer, self);
	return self->timer && self->rejoin_timer ? 0 : SHOJI_ERR_MEMORY;
}

static void role_finish(struct role *self)
{
	channel_free(self->channel);
	timer_free(self->timer);
	timer_free(self->rejoin_timer);
	role_end_close(&self->end_for_keeper);
	role_end_close(&self->end_for_self);
	if (self->pid)
		children_forget(self->roles->setup.children, self->pid);
}

struct roles *roles_new(
        const struct roles_setup *setup, const struct roles_events *events, void *data)
{
	struct roles *self = calloc(1, sizeof(*self));
	size_t n_hash = (size_t)setup->config->people.hash_workers;
	int error = 0;

	if (!self)
		return NULL;
	self->hash = calloc(n_hash, sizeof(*self->hash));
	if (!self->hash) {
		free(self);
		return NULL;
	}
	self->setup = *setup;
	self->events = *events;
	self->data = data;
	for (size_t kind = 0; kind < ROLE_N_SINGLE; kind++)
		error |= role_init(&self->single[kind], self, (enum role_kind)kind);
	for (; self->n_hash < n_hash; self->n_hash++)
		error |= role_init(&self->hash[self->n_hash], self, ROLE_HASH);
	if (!error)
		return self;
	roles_free(self);
	return NULL;
}

void roles_free(struct roles *self)
{
	if (!self)
		return;
	for (size_t kind = 0; kind < ROLE_N_SINGLE; kind++)
		role_finish(&self->single[kind]);
	for (size_t i = 0; i < self->n_hash; i++)
		role_finish(&self->hash[i]);
	free(self->hash);
	free(self);
}

int roles_start(struct roles *self)
{
	for (size_t kind = 0; kind < ROLE_N_SINGLE; kind++) {
		role_start(&self->single[kind]);
		if (self->single[kind].state != ROLE_STARTING)
			return SHOJI_ERR_SYSTEM;
	}
	for (size_t i = 0; i < self->n_hash; i++) {
		role_start(&self->hash[i]);
		if (self->hash[i].state != ROLE_STARTING)
			return SHOJI_ERR_SYSTEM;
	}
	return 0;
}

static void role_stop(struct role *self)
{
	if (self->channel)
		channel_flush(self->channel); /* keeper's last session_ended */
	channel_free(self->channel);
	self->channel = NULL;
	timer_clear(self->timer);
	timer_clear(self->rejoin_timer);
	role_end_close(&self->end_for_keeper);
	role_end_close(&self->end_for_self);
	if (self->state != ROLE_STOPPED)
		role_set_state(self, ROLE_STOPPED);
}

void roles_stop(struct roles *self)
{
	self->is_stopping = true;
	for (size_t kind = 0; kind < ROLE_N_SINGLE; kind++)
		role_stop(&self->single[kind]);
	for (size_t i = 0; i < self->n_hash; i++)
		role_stop(&self->hash[i]);
}

bool roles_is_ready(const struct roles *self, enum role_kind kind)
{
	ensure(kind < ROLE_N_SINGLE);
	return self->single[kind].state == ROLE_READY;
}

bool roles_are_all_ready(const struct roles *self)
{
	for (size_t kind = 0; kind < ROLE_N_SINGLE; kind++)
		if (self->single[kind].state != ROLE_READY)
			return false;
	for (size_t i = 0; i < self->n_hash; i++)
		if (self->hash[i].state != ROLE_READY)
			return false;
	return true;
}

int roles_send(struct roles *self, enum role_kind kind, enum message_number number,
        const void *value, message_put_fn put)
{
	ensure(kind < ROLE_N_SINGLE);
	struct role *role = &self->single[kind];
	if (role->state != ROLE_READY)
		return SHOJI_ERR_AGAIN;
	int error = channel_send(role->channel, number, value, put);
	if (error) {
		log_error(0, "%s takes no more messages: %s; starting it anew", role->name,
		        shoji_error_text(error));
		role_lost(role);
	}
	return error;
}
