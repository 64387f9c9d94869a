/* Carries bytes both ways between two connected stream sockets, half-close included. */
#ifndef SHOJI_GUEST_RELAY_H
#define SHOJI_GUEST_RELAY_H

struct loop;
struct relay;

#define RELAY_BUFFER_BYTES 32768 /* each way */

/* Told once, when both ways are closed or one failed; the owner then frees the relay. */
typedef void (*relay_done_fn)(void *data, struct relay *self);

/* Takes both descriptors (non-blocking). NULL: no memory (both are closed). */
struct relay *relay_new(struct loop *loop, int fd_a, int fd_b, relay_done_fn on_done, void *data);
void relay_free(struct relay *self);

#endif
