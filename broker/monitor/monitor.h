/* monitor: the first process of a broker. It starts, adopts, watches and stops every other one, and
 * parses nothing that a network peer or an isolated host wrote.
 *
 * Signals: SIGTERM and SIGINT end all sessions and leave nothing behind. SIGUSR1 stops the broker
 * for a restart: the isolated hosts stay, for sessions.lease_s seconds, and are adopted by the next
 * broker; so they do when monitor is killed. SIGHUP is reserved and does nothing. */
#ifndef SHOJI_MONITOR_MONITOR_H
#define SHOJI_MONITOR_MONITOR_H

struct config;

/* Runs the broker until it is told to stop. program_folder: where this program and the isolated
 * host's files lie. When all roles are ready, prints "READY https://ADDRESS:PORT" to standard
 * output. Returns the exit status: 0, or 1 when it could not start (logged). */
int monitor_run(const struct config *config, const char *program_folder);

#endif
