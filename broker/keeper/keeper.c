/* The keeper role's process: sets up its parts and runs the loop. It sits between gate (which may have been taken
 * over), egress (the same), shojictl (a local administrator) and the data folder, and it trusts monitor only. */
#include "keeper/keeper.h"

#include "base/error.h"
#include "base/log.h"
#include "keeper/control.h"
#include "keeper/egress_link.h"
#include "keeper/gate_link.h"
#include "keeper/sandbox_calls.h"
#include "keeper/sessions.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWEEP_MS 500 /* how long what is due may wait for what else is due */
/* The database is at most 256 MiB; an audit file of one month may grow to this. */
#define FILE_BYTES_MAX (16ull * 1024 * 1024 * 1024)
#define OPEN_FILES_MAX 128

/* ---- set-up ---- */

static struct lease_rules rules_of(const struct config *config)
{
	return (struct lease_rules){.start_ms = config->sessions.start_deadline_s * 1000,
	        .attach_ms = config->sessions.attach_deadline_s * 1000,
	        .abandoned_ms = config->sessions.abandoned_deadline_s * 1000,
	        .end_ms = config->sessions.end_deadline_s * 1000,
	        .idle_ms = config->sessions.idle_min * 60000,
	        .duration_ms = config->sessions.duration_min * 60000};
}

static int save(void *data)
{
	struct keeper *self = data;
	struct store_clocks clocks = keeper_clocks();
	int error = sessions_save(self);

	for (size_t i = 0; !error && i < self->lockout.n_dirty; i++) {
		uint32_t bucket = self->lockout.dirty[i];
		error = store_save_attempts(
		        self->store, bucket, &self->lockout.entries[bucket], &clocks);
	}
	return error;
}

static void on_commit(void *data, int error)
{
	struct keeper *self = data;

	sessions_on_commit(self, error);
	if (!error)
		lockout_saved(&self->lockout);
}

static int restore_attempts(void *data, uint32_t bucket, const struct lockout_entry *entry)
{
	int error = lockout_restore(data, bucket, entry);

	return error == SHOJI_ERR_LIMIT ? 0 : error;
}

static int open_store(struct keeper *self, const char *folder)
{
	uint8_t key[LOCKOUT_KEY_BYTES];
	char path[CONFIG_STRING_MAX + 32];
	struct store_clocks clocks = keeper_clocks();

	snprintf(path, sizeof(path), "%s/keeper.sqlite", folder);
	int error = store_open(&self->store, path);
	if (!error)
		error = store_name_key(self->store, key);
	if (error)
		return error;
	error = lockout_init(&self->lockout, key, (uint32_t)self->config.people.lockout_failures,
	        self->config.people.lockout_s * 1000);
	sodium_memzero(key, sizeof(key));
	if (error)
		return error;
	return store_each_attempts(self->store, &clocks, restore_attempts, &self->lockout);
}

static int open_audit(struct keeper *self, const char *folder)
{
	struct audit_head known;
	char path[CONFIG_STRING_MAX + 32];
	int error = store_audit_head(self->store, &known);

	snprintf(path, sizeof(path), "%s/audit", folder);
	if (!error)
		error = audit_log_open(&self->audit, path, &known, &self->audit_found);
	if (error)
		return error;
	self->journal = journal_new(self->loop, &self->audit, self->store, save, on_commit, self);
	return self->journal ? 0 : SHOJI_ERR_MEMORY;
}

static bool has_leases(const struct keeper *self)
{
	size_t at = 0;

	return leases_next(&self->leases, &at) != NULL;
}

/* The first records of this process, and the proof that the log can be written at all: without it no broker, unless
 * sessions are there already. Those are kept as they are when the disk becomes full under a running keeper: the
 * records wait in memory, and until they are written nobody comes in, no viewer attaches, and egress has no answer.
 * Not to start would be no safer: the hosts would end, and with them what people have open. */
static int record_start(struct keeper *self)
{
	const struct audit_found *found = &self->audit_found;

	if (found->was_cut)
		journal_record(self->journal, RECORD_FACT,
		        json_pack("{s:s, s:s, s:I, s:I, s:s}", "event", "audit_cut", "file",
		                found->cut_file, "at", (json_int_t)found->cut_at, "bytes",
		                (json_int_t)found->cut_bytes, "saved_as", found->cut_saved_as));
	if (found->is_damaged)
		journal_record(self->journal, RECORD_FACT,
		        json_pack("{s:s, s:s}", "event", "audit_damage", "fault", found->damage));
	journal_record(self->journal, RECORD_FACT,
	        json_pack("{s:s, s:s, s:b}", "event", "broker_start", "version", SHOJI_VERSION,
	                "after_stop", self->audit.head.number == 0 || found->was_stopped));
	return journal_commit(self->journal);
}

static int read_config(struct keeper *self, const struct message_setup_keeper *setup)
{
	char complaint[512];

	if (!config_read(&self->config, "configuration", (const char *)setup->config,
	            setup->config_length, complaint, sizeof(complaint)))
		return 0;
	log_error(0, "%s", complaint);
	return SHOJI_ERR_CONFIG;
}

static void on_sweep(void *data)
{
	struct keeper *self = data;

	self->swept_ms = clock_now_ms();
	sessions_sweep(self);
	control_sweep(self->control);
}

/* To the nearest deadline, whatever moved it: sessions at rest cost no sweep. */
static void set_sweep(void *data)
{
	struct keeper *self = data;
	uint64_t due_ms = sessions_due_ms(self), control_ms = control_due_ms(self->control);

	due_ms = control_ms < due_ms ? control_ms : due_ms;
	if (due_ms == UINT64_MAX)
		timer_clear(self->sweep);
	else if (due_ms > self->swept_ms + SWEEP_MS)
		timer_set_at(self->sweep, due_ms);
	else
		timer_set_at(self->sweep, self->swept_ms + SWEEP_MS);
}

static int open_parts(struct keeper *self, const struct role_start *start)
{
	/* Confined, the data folder is our root. */
	const char *folder = start->identity.uid ? "" : self->config.broker.data_folder;
	int error;

	self->started_utc_ms = clock_utc_ms();
	self->rules = rules_of(&self->config);
	leases_init(&self->leases, (size_t)self->config.sessions.max);
	self->hash = hash_pool_new(self->loop);
	self->sweep = timer_new(self->loop, on_sweep, self);
	if (!self->hash || !self->sweep)
		return SHOJI_ERR_MEMORY;
	error = open_store(self, folder);
	if (!error)
		error = open_audit(self, folder);
	if (!error)
		error = sessions_load(self);
	if (!error)
		error = record_start(self);
	if (error && self->journal && has_leases(self)) {
		log_error(
		        0, "starting all the same, because there are sessions that would be lost");
		return 0;
	}
	return error;
}

/* ---- monitor ---- */

static void on_broker_status(struct keeper *self, struct message *in)
{
	struct message_broker_status message;

	if (message_get_broker_status(in, &message))
		return;
	self->has_broker_status = true;
	self->is_full_isolation = message.full_isolation;
	snprintf(self->limits, sizeof(self->limits), "%s", message.limits);
	snprintf(self->version, sizeof(self->version), "%s", message.version);
}

static void on_monitor(void *data, struct channel *channel, struct message *in)
{
	struct keeper *self = data;
	struct message_hash_worker hash_worker;
	struct message_gate_peer gate_peer;
	struct message_egress_peer egress_peer;
	struct message_session_started started;
	struct message_session_ended ended;

	(void)channel;
	switch (in->number) {
	case MESSAGE_HASH_WORKER:
		if (!message_get_hash_worker(in, &hash_worker))
			hash_pool_add_worker(self->hash, hash_worker.worker);
		return;
	case MESSAGE_GATE_PEER:
		if (!message_get_gate_peer(in, &gate_peer))
			gate_link_open(self, gate_peer.peer, gate_peer.is_same);
		return;
	case MESSAGE_EGRESS_PEER:
		if (!message_get_egress_peer(in, &egress_peer))
			egress_link_open(self, egress_peer.peer);
		return;
	case MESSAGE_BROKER_STATUS:
		on_broker_status(self, in);
		return;
	case MESSAGE_SESSION_STARTED:
		if (!message_get_session_started(in, &started))
			sessions_on_started(self, &started);
		return;
	case MESSAGE_SESSION_ENDED:
		if (!message_get_session_ended(in, &ended))
			sessions_on_ended(self, &ended);
		return;
	case MESSAGE_SNAPSHOT_TAKEN:
		control_on_snapshot(self->control, in);
		return;
	default: /* a number, not an enum */
		log_warning(0, "message %u is not for keeper", in->number);
	}
}

/* No role outlives monitor. */
static void on_monitor_close(void *data, struct channel *channel, int error)
{
	struct keeper *self = data;

	(void)channel;
	loop_stop(self->loop, error == SHOJI_ERR_CLOSED ? KEEPER_EXIT_DONE : KEEPER_EXIT_PEER);
}

static int set_up(struct keeper *self, const struct role_start *start)
{
	struct message in = {0};
	struct message_setup_keeper setup = {.gate = -1, .egress = -1, .control_listener = -1};
	int error = role_receive_setup(self->monitor, MESSAGE_SETUP_KEEPER, &in);

	if (!error)
		error = message_get_setup_keeper(&in, &setup);
	message_release(&in);
	if (error)
		return error;
	self->loop = loop_new();
	error = self->loop ? read_config(self, &setup) : SHOJI_ERR_MEMORY;
	if (!error)
		error = open_parts(self, start);
	if (error) {
		close(setup.gate);
		close(setup.egress);
		close(setup.control_listener);
		return error;
	}
	gate_link_open(self, setup.gate, false);
	egress_link_open(self, setup.egress);
	/* In full isolation only root; else whoever started the broker as well. */
	self->control =
	        control_new(self, setup.control_listener, start->identity.uid ? 0 : getuid());
	if (!self->gate || !self->egress || !self->control)
		return SHOJI_ERR_MEMORY;
	return channel_watch(self->monitor, self->loop, on_monitor, on_monitor_close, self);
}

static void stop(struct keeper *self)
{
	if (self->journal) {
		journal_record(
		        self->journal, RECORD_FACT, json_pack("{s:s}", "event", "broker_stop"));
		journal_commit(self->journal);
	}
}

static void finish(struct keeper *self)
{
	control_audit_stop();
	hash_pool_free(self->hash);
	/* Whoever was answered by that waits for a commit: it frees what they hold. */
	if (self->journal)
		journal_commit(self->journal);
	control_free(self->control);
	channel_free(self->gate);
	channel_free(self->egress);
	channel_free(self->monitor);
	journal_free(self->journal);
	leases_finish(&self->leases);
	lockout_finish(&self->lockout);
	store_close(self->store);
	audit_log_close(&self->audit);
	timer_free(self->sweep);
	loop_free(self->loop);
	config_finish(&self->config);
}

int keeper_run(const struct role_start *start)
{
	const struct sandbox_limits limits = {
	        .open_files = OPEN_FILES_MAX, .file_bytes = FILE_BYTES_MAX};
	struct keeper self = {.audit = {.folder_fd = -1, .fd = -1}};
	int status = KEEPER_EXIT_SETUP;

	/* A file over its limit or on a full disk is an error to be handled, not a signal. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	umask(0077);
	self.monitor = role_begin(start, &limits);
	if (!self.monitor)
		return status;
	int error = sodium_init() < 0 ? SHOJI_ERR_SYSTEM : set_up(&self, start);
	if (!error)
		error = sandbox_seccomp(keeper_calls, keeper_n_calls);
	if (!error)
		error = role_ready(self.monitor);
	if (error) {
		log_error(0, "keeper cannot start: %s", shoji_error_text(error));
	} else {
		sessions_tell(&self);
		loop_before_wait(self.loop, set_sweep, &self);
		status = loop_run(self.loop);
		stop(&self);
	}
	finish(&self);
	return status;
}
