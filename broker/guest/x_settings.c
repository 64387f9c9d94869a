/* An XSETTINGS manager: one property of one window, and the selection that says which window. Debian's xsettingsd does the same from
 * a file and a signal; here the scale comes over the text door, and neither file nor further process is needed.
 *
 * It runs inside the isolated host; nothing that it says is believed outside. */
#include "guest/x_settings.h"

#include "base/bytes.h"
#include "base/session.h"
#include "guest/x_atom.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

#define BYTES_MAX 512
#define DPI_ONE (96 * 1024) /* Xft/DPI is in 1024ths of a dot per inch; Chromium's scale 1 is 96 */

enum setting_type { SETTING_INTEGER = 0, SETTING_TEXT = 1 };

struct x_settings {
	xcb_connection_t *connection;
	xcb_window_t window;
	xcb_atom_t property;
	xcb_window_t root;
	xcb_atom_t
	        kept; /* a property of the root window: the scale, for whoever manages after us */
	uint32_t serial; /* of the last change */
};

/* ---- the property ---- */

static void put_text(struct bytes_writer *writer, const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < (length + 3) / 4 * 4; i++)
		bytes_put_u8(writer, i < length ? (uint8_t)text[i] : 0);
}

static void put_head(
        struct bytes_writer *writer, enum setting_type type, const char *name, uint32_t serial)
{
	bytes_put_u8(writer, (uint8_t)type);
	bytes_put_u8(writer, 0);
	bytes_put_u16(writer, (uint16_t)strlen(name));
	put_text(writer, name);
	bytes_put_u32(writer, serial);
}

static void put_integer(
        struct bytes_writer *writer, const char *name, uint32_t value, uint32_t serial)
{
	put_head(writer, SETTING_INTEGER, name, serial);
	bytes_put_u32(writer, value);
}

static void put_string(struct bytes_writer *writer, const char *name, const char *value)
{
	put_head(writer, SETTING_TEXT, name, 1);
	bytes_put_u32(writer, (uint32_t)strlen(value));
	put_text(writer, value);
}

static void tell(struct x_settings *self, uint32_t scale)
{
	uint8_t bytes[BYTES_MAX];
	struct bytes_writer writer;

	self->serial++;
	bytes_writer_init(&writer, bytes, sizeof(bytes));
	bytes_put_u32(&writer, 0); /* LSBFirst, and padding */
	bytes_put_u32(&writer, self->serial);
	bytes_put_u32(&writer, 5);
	put_integer(&writer, "Xft/DPI", scale * (DPI_ONE / SCREEN_SCALE_ONE), self->serial);
	put_integer(&writer, "Xft/Antialias", 1, 1);
	put_integer(&writer, "Xft/Hinting", 1, 1);
	/* The same as fonts.conf: no coloured edges, which only suit one panel and cost the stream its palettes. */
	put_string(&writer, "Xft/HintStyle", "hintslight");
	put_string(&writer, "Xft/RGBA", "none");
	xcb_change_property(self->connection, XCB_PROP_MODE_REPLACE, self->window, self->property,
	        self->property, 8, (uint32_t)writer.length, bytes);
	xcb_change_property(self->connection, XCB_PROP_MODE_REPLACE, self->root, self->kept,
	        XCB_ATOM_CARDINAL, 32, 1, &scale);
	xcb_flush(self->connection);
}

static bool is_scale(uint32_t scale)
{
	return scale >= SCREEN_SCALE_MIN && scale <= SCREEN_SCALE_MAX;
}

/* What the manager before us told; 0: there was none. */
static uint32_t kept_scale(const struct x_settings *self)
{
	xcb_get_property_reply_t *reply = xcb_get_property_reply(self->connection,
	        xcb_get_property(
	                self->connection, 0, self->root, self->kept, XCB_ATOM_CARDINAL, 0, 1),
	        NULL);
	uint32_t scale = 0;

	if (reply && reply->format == 32 && xcb_get_property_value_length(reply) == sizeof(scale))
		memcpy(&scale, xcb_get_property_value(reply), sizeof(scale));
	free(reply);
	return is_scale(scale) ? scale : 0;
}

/* ---- the manager ---- */

/* Programs that started before look for it anew when they see this. */
static void announce(struct x_settings *self, xcb_atom_t selection)
{
	xcb_client_message_event_t event = {.response_type = XCB_CLIENT_MESSAGE,
	        .format = 32,
	        .window = self->root,
	        .type = x_atom(self->connection, "MANAGER"),
	        .data.data32 = {XCB_CURRENT_TIME, selection, self->window}};

	xcb_send_event(self->connection, 0, self->root, XCB_EVENT_MASK_STRUCTURE_NOTIFY,
	        (const char *)&event);
	xcb_flush(self->connection);
}

static void manage(struct x_settings *self, uint32_t scale)
{
	xcb_atom_t selection = x_atom(self->connection, "_XSETTINGS_S0");

	self->root = xcb_setup_roots_iterator(xcb_get_setup(self->connection)).data->root;
	self->property = x_atom(self->connection, "_XSETTINGS_SETTINGS");
	self->kept = x_atom(self->connection, "_SHOJI_SCALE");
	self->window = xcb_generate_id(self->connection);
	xcb_create_window(self->connection, XCB_COPY_FROM_PARENT, self->window, self->root, -1, -1,
	        1, 1, 0, XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, 0, NULL);
	uint32_t kept = kept_scale(self);
	tell(self, kept ? kept : scale);
	xcb_set_selection_owner(self->connection, self->window, selection, XCB_CURRENT_TIME);
	announce(self, selection);
}

struct x_settings *x_settings_new(uint32_t scale)
{
	struct x_settings *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->connection = xcb_connect(NULL, NULL);
	if (xcb_connection_has_error(self->connection)) {
		x_settings_free(self);
		return NULL;
	}
	manage(self, scale);
	return self;
}

void x_settings_free(struct x_settings *self)
{
	if (!self)
		return;
	xcb_disconnect(self->connection);
	free(self);
}

void x_settings_set_scale(struct x_settings *self, uint32_t scale)
{
	if (is_scale(scale))
		tell(self, scale);
}
