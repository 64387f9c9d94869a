/* What a person does at the terminal goes on to capture: one channel a session, one-way, one numbered sequence. */
#ifndef SHOJI_GATE_SESSION_INPUT_H
#define SHOJI_GATE_SESSION_INPUT_H

struct session;
struct viewer_message;

/* Takes fd as the channel to capture, in place of an earlier one. 0 or SHOJI_ERR_MEMORY. */
int session_input_open(struct session *self, int fd);
void session_input_close(struct session *self);

/* A KEY, POINTER, WHEEL, TEXT, RELEASE_ALL or SCREEN goes on to capture, if it is there; positions and sizes are held to the policy's
 * screens. */
void session_input(struct session *self, const struct viewer_message *message);
/* Nothing stays pressed. */
void session_input_release(struct session *self);

#endif
