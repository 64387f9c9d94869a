/* libwebsockets' side of gate: its context, its virtual host, its callbacks. */
#ifndef SHOJI_GATE_PROTOCOLS_H
#define SHOJI_GATE_PROTOCOLS_H

#include <stdint.h>

struct gate;

/* Makes gate->context. To be called before the process confines itself: lws opens /dev/urandom. n_files_max: descriptors
 * that the process may ever have. SHOJI_ERR_MEMORY. */
int protocols_create_context(struct gate *gate, uint64_t n_files_max);
/* Makes gate->vhost with gate->identity. SHOJI_ERR_CONFIG (logged). */
int protocols_create_vhost(struct gate *gate);

#endif
