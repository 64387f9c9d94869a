/* Watches for the sentinel with XInput 2's raw events, which come to everybody whoever has the focus, and then sends the focused
 * window a _NET_WM_PING (freedesktop.org, Extended Window Manager Hints): a window answers it in the order of its events, so the
 * answer says that the sentinel has been handled. A time-out would say so only most of the time: a browser that loads
 * a page is busy for longer than anybody wants to wait. */
#include "guest/agent_x.h"

#include "base/loop.h"
#include "base/text_door.h"
#include "guest/x_atom.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>
#include <xcb/xinput.h>

/* From the focused window up to the one that has protocols: a GTK window keeps its focus in a child. */
#define PARENTS_MAX 6
#define PROTOCOLS_MAX 32

struct agent_x {
	xcb_connection_t *connection;
	xcb_window_t root;
	xcb_atom_t protocols, ping;
	uint8_t xinput_opcode;
	uint32_t serial; /* of the last ping; never 0 */
	struct watch *watch;
	const struct agent_x_events *events;
	void *data;
};

/* ---- the window to ask ---- */

static bool takes_pings(const struct agent_x *self, xcb_window_t window)
{
	xcb_get_property_cookie_t cookie = xcb_get_property(
	        self->connection, 0, window, self->protocols, XCB_ATOM_ATOM, 0, PROTOCOLS_MAX);
	xcb_get_property_reply_t *reply = xcb_get_property_reply(self->connection, cookie, NULL);
	bool takes = false;

	if (reply && reply->format == 32) {
		const xcb_atom_t *atoms = xcb_get_property_value(reply);
		for (uint32_t i = 0; i < reply->value_len; i++)
			takes |= atoms[i] == self->ping;
	}
	free(reply);
	return takes;
}

static xcb_window_t parent_of(const struct agent_x *self, xcb_window_t window)
{
	xcb_query_tree_reply_t *reply = xcb_query_tree_reply(
	        self->connection, xcb_query_tree(self->connection, window), NULL);
	xcb_window_t parent = reply ? reply->parent : XCB_WINDOW_NONE;

	free(reply);
	return parent;
}

/* XCB_WINDOW_NONE: nobody has the focus, or nobody who answers. */
static xcb_window_t focused(const struct agent_x *self)
{
	xcb_get_input_focus_reply_t *reply = xcb_get_input_focus_reply(
	        self->connection, xcb_get_input_focus(self->connection), NULL);
	xcb_window_t window = reply ? reply->focus : XCB_WINDOW_NONE;

	free(reply);
	for (int i = 0; i < PARENTS_MAX; i++) {
		if (window <= XCB_INPUT_FOCUS_POINTER_ROOT || window == self->root)
			return XCB_WINDOW_NONE;
		if (takes_pings(self, window))
			return window;
		window = parent_of(self, window);
	}
	return XCB_WINDOW_NONE;
}

/* ---- events ---- */

static void ping(struct agent_x *self)
{
	xcb_window_t window = focused(self);

	self->serial = self->serial == UINT32_MAX ? 1 : self->serial + 1;
	if (window == XCB_WINDOW_NONE) {
		self->events->on_handled(self->data);
		return;
	}
	xcb_client_message_event_t event = {.response_type = XCB_CLIENT_MESSAGE,
	        .format = 32,
	        .window = window,
	        .type = self->protocols,
	        .data.data32 = {self->ping, self->serial, window}};
	xcb_send_event(self->connection, 0, window, XCB_EVENT_MASK_NO_EVENT, (const char *)&event);
	xcb_flush(self->connection);
}

static void on_generic(struct agent_x *self, const xcb_ge_generic_event_t *event)
{
	const xcb_input_raw_key_press_event_t *key = (const void *)event;

	if (event->extension != self->xinput_opcode ||
	        event->event_type != XCB_INPUT_RAW_KEY_PRESS ||
	        key->detail != TEXT_DOOR_SENTINEL_KEYCODE)
		return;
	self->events->on_sentinel(self->data);
	ping(self);
}

static void on_client_message(struct agent_x *self, const xcb_client_message_event_t *event)
{
	/* An answer is the ping itself, sent to the root window. Only the last one counts. */
	if (event->type == self->protocols && event->format == 32 &&
	        event->data.data32[0] == self->ping && event->data.data32[1] == self->serial)
		self->events->on_handled(self->data);
}

static void on_event(struct agent_x *self, const xcb_generic_event_t *event)
{
	uint8_t type = event->response_type & 0x7f;

	if (type == XCB_GE_GENERIC)
		on_generic(self, (const void *)event);
	else if (type == XCB_CLIENT_MESSAGE)
		on_client_message(self, (const void *)event);
}

/* Until nothing is left: what a reply brought along lies in xcb's own queue, and wakes no loop. */
static void on_readable(void *data, unsigned events)
{
	struct agent_x *self = data;
	xcb_generic_event_t *event;

	(void)events;
	while ((event = xcb_poll_for_event(self->connection))) {
		on_event(self, event);
		free(event);
	}
	if (xcb_connection_has_error(self->connection))
		self->events->on_gone(self->data);
}

/* ---- life ---- */

static bool select_events(struct agent_x *self)
{
	struct {
		xcb_input_event_mask_t head;
		uint32_t mask;
	} mask = {{XCB_INPUT_DEVICE_ALL_MASTER, 1}, XCB_INPUT_XI_EVENT_MASK_RAW_KEY_PRESS};
	uint32_t root_mask = XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY;
	const xcb_query_extension_reply_t *extension =
	        xcb_get_extension_data(self->connection, &xcb_input_id);

	if (!extension || !extension->present)
		return false;
	self->xinput_opcode = extension->major_opcode;
	xcb_input_xi_query_version_reply_t *version = xcb_input_xi_query_version_reply(
	        self->connection, xcb_input_xi_query_version(self->connection, 2, 2), NULL);
	bool has_raw = version && version->major_version >= 2;
	free(version);
	if (!has_raw)
		return false;
	xcb_input_xi_select_events(self->connection, self->root, 1, &mask.head);
	xcb_change_window_attributes(self->connection, self->root, XCB_CW_EVENT_MASK, &root_mask);
	return xcb_flush(self->connection) > 0;
}

struct agent_x *agent_x_new(struct loop *loop, const struct agent_x_events *events, void *data)
{
	struct agent_x *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->events = events;
	self->data = data;
	self->connection = xcb_connect(NULL, NULL);
	if (xcb_connection_has_error(self->connection)) {
		agent_x_free(self);
		return NULL;
	}
	self->root = xcb_setup_roots_iterator(xcb_get_setup(self->connection)).data->root;
	self->protocols = x_atom(self->connection, "WM_PROTOCOLS");
	self->ping = x_atom(self->connection, "_NET_WM_PING");
	self->watch = watch_new(
	        loop, xcb_get_file_descriptor(self->connection), LOOP_READ, on_readable, self);
	if (self->watch && self->ping != XCB_ATOM_NONE && select_events(self))
		return self;
	agent_x_free(self);
	return NULL;
}

void agent_x_free(struct agent_x *self)
{
	if (!self)
		return;
	watch_free(self->watch);
	xcb_disconnect(self->connection);
	free(self);
}
