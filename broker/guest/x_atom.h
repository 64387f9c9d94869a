/* Names of the X server as numbers. */
#ifndef SHOJI_GUEST_X_ATOM_H
#define SHOJI_GUEST_X_ATOM_H

#include <xcb/xcb.h>

/* The atom of that name, made where there is none; waits for the server. XCB_ATOM_NONE: the connection is broken. */
xcb_atom_t x_atom(xcb_connection_t *connection, const char *name);

#endif
