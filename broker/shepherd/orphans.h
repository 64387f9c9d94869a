/* Whatever of an isolated host has become the shepherd's child. */
#ifndef SHOJI_SHEPHERD_ORPHANS_H
#define SHOJI_SHEPHERD_ORPHANS_H

/* Kills those that there are now (SIGKILL): the engine's death may have come before its child could ask to die with it.
 * They are waited for by the caller. */
void orphans_kill(void);

#endif
