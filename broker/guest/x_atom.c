/* Inside the isolated host, for the input agent's two connections to its X server. */
#include "guest/x_atom.h"

#include <stdlib.h>
#include <string.h>

xcb_atom_t x_atom(xcb_connection_t *connection, const char *name)
{
	xcb_intern_atom_cookie_t cookie =
	        xcb_intern_atom(connection, 0, (uint16_t)strlen(name), name);
	xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(connection, cookie, NULL);
	xcb_atom_t atom = reply ? reply->atom : XCB_ATOM_NONE;

	free(reply);
	return atom;
}
