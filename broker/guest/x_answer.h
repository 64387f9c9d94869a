/* Whether an X server answers. */
#ifndef SHOJI_GUEST_X_ANSWER_H
#define SHOJI_GUEST_X_ANSWER_H

#include <stdbool.h>

/* Connects to the display's unix socket and asks to be let in; waits at most timeout_ms for the answer. */
bool x_answers(int display, int timeout_ms);

#endif
