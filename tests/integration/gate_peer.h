/* What gate_peer's files share: see gate_peer.c. */
#ifndef SHOJI_TESTS_GATE_PEER_H
#define SHOJI_TESTS_GATE_PEER_H

#include "base/channel.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Says what errno says and ends the process. */
_Noreturn void peer_die(const char *what);

/* One event: a line on standard output. */
#define EVENT(...) (printf(__VA_ARGS__), putchar('\n'), fflush(stdout))

/* ---- gate_peer_start.c: gate's process, started as monitor does ---- */

/* In the process that becomes gate; root is its empty folder. The exit status. */
int gate_become(const char *root);
/* monitor's end of gate's channel. The process is the caller's to wait for. */
int gate_spawn(const char *root, pid_t *pid);
/* arguments: CONFIG CERTIFICATE KEY FOLDER-OF-ASSETS. keeper is closed; *port is where gate listens. */
void gate_set_up(struct channel *monitor, int keeper, char **arguments, unsigned *port);
/* -1: the process is gone. */
long gate_pss_kib(pid_t pid);
long gate_count_fds(pid_t pid);

/* ---- gate_peer_events.c: what gate says to whoever stands behind it ---- */

void event_of_keeper(struct message *in);
/* seat: SEAT_PERSON or SEAT_ONLOOKER */
void event_of_encode(struct message *in, uint64_t lease_id, int seat);
void event_of_capture(struct message *in, uint64_t lease_id);

#endif
