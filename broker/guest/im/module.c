/* The input method module that GTK 3 loads into the isolated browser. When the sentinel key reaches the text field that has the
 * focus, the item that capture has sent is fetched from the input agent and put in there and then: as pre-edit at the caret, or
 * committed. No other key passes through it.
 *
 * It runs in the browser's process and is as trustworthy as that. GTK calls it in its main thread; it blocks there for
 * the answer of the agent, which never waits for anything. */
#include "base/guest.h"
#include "base/text_door.h"

#include <gtk/gtk.h>
#include <gtk/gtkimmodule.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_DEADLINE_S 1

struct context {
	GtkIMContext parent;
	GdkWindow *window; /* of the client; NULL: none */
	GdkRectangle caret, told;
	bool has_focus;
	char *preedit; /* NULL: none */
	int preedit_caret;
	guint n_clauses;
	uint8_t clauses[TEXT_DOOR_CLAUSES_MAX * TEXT_DOOR_CLAUSE_BYTES];
};

struct context_class {
	GtkIMContextClass parent;
};

/* GObject's macro makes names of these two. */
typedef struct context ShojiContext;
typedef struct context_class ShojiContextClass;
G_DEFINE_DYNAMIC_TYPE(ShojiContext, context, GTK_TYPE_IM_CONTEXT)

/* ---- the line to the agent ---- */

static int agent = -1;

static bool connect_agent(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = GUEST_IM_SOCKET};
	struct timeval deadline = {.tv_sec = ANSWER_DEADLINE_S};

	if (agent >= 0)
		return true;
	agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (agent < 0)
		return false;
	setsockopt(agent, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
	setsockopt(agent, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
	if (connect(agent, (struct sockaddr *)&address, sizeof(address)) == 0)
		return true;
	close(agent);
	agent = -1;
	return false;
}

static void drop_agent(void)
{
	close(agent);
	agent = -1;
}

static bool tell(enum text_door_record kind, uint8_t value, const GdkRectangle *area)
{
	uint8_t record[TEXT_DOOR_RECORD_BYTES] = {(uint8_t)kind, value};

	if (area) {
		const int fields[4] = {area->x, area->y, area->width, area->height};
		for (int i = 0; i < 4; i++) {
			record[4 + 2 * i] = (uint8_t)fields[i];
			record[5 + 2 * i] = (uint8_t)(fields[i] >> 8);
		}
	}
	/* A second try finds an agent that was started again. */
	for (int i = 0; i < 2 && connect_agent(); i++) {
		if (send(agent, record, sizeof(record), MSG_NOSIGNAL) == (ssize_t)sizeof(record))
			return true;
		drop_agent();
	}
	return false;
}

static bool receive(uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = recv(agent, bytes, length, 0);
		if (n <= 0) {
			drop_agent();
			return false;
		}
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

/* ---- what is shown ---- */

static void show_preedit(struct context *self, const char *text)
{
	bool was_shown = self->preedit != NULL;

	g_free(self->preedit);
	self->preedit = text && *text ? g_strdup(text) : NULL;
	if (!was_shown && !self->preedit)
		return;
	if (!was_shown)
		g_signal_emit_by_name(self, "preedit-start");
	g_signal_emit_by_name(self, "preedit-changed");
	if (!self->preedit)
		g_signal_emit_by_name(self, "preedit-end");
}

static int u16_at(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8;
}

static void put_in(struct context *self, const uint8_t *head, const uint8_t *clauses, char *text)
{
	if (!g_utf8_validate(text, -1, NULL))
		return;
	if (head[0] == TEXT_DOOR_COMMIT) {
		self->n_clauses = 0;
		show_preedit(self, NULL);
		g_signal_emit_by_name(self, "commit", text);
		return;
	}
	self->n_clauses = head[1];
	memcpy(self->clauses, clauses, head[1] * (size_t)TEXT_DOOR_CLAUSE_BYTES);
	self->preedit_caret = u16_at(head + 2);
	show_preedit(self, text);
}

static void fetch(struct context *self)
{
	static uint8_t body[TEXT_DOOR_ITEM_MAX + 1];
	uint8_t head[TEXT_DOOR_ITEM_BYTES];

	if (!tell(TEXT_DOOR_NEXT, 0, NULL) || !receive(head, sizeof(head)))
		return;
	size_t clauses = head[1] * (size_t)TEXT_DOOR_CLAUSE_BYTES;
	size_t length = clauses + (size_t)u16_at(head + 8);
	if (head[1] > TEXT_DOOR_CLAUSES_MAX || length >= sizeof(body)) {
		drop_agent();
		return;
	}
	if (!receive(body, length) || head[0] == TEXT_DOOR_NOTHING)
		return;
	body[length] = '\0';
	put_in(self, head, body, (char *)body + clauses);
}

/* ---- GtkIMContext ---- */

static gboolean filter_keypress(GtkIMContext *context, GdkEventKey *event)
{
	if (event->hardware_keycode != TEXT_DOOR_SENTINEL_KEYCODE)
		return FALSE;
	if (event->type == GDK_KEY_PRESS)
		fetch((struct context *)(void *)context);
	return TRUE;
}

static void add_underline(
        PangoAttrList *list, const char *text, int first, int count, PangoUnderline underline)
{
	PangoAttribute *attribute = pango_attr_underline_new(underline);
	long length = g_utf8_strlen(text, -1);

	first = first < length ? first : (int)length;
	count = first + count < length ? count : (int)length - first;
	attribute->start_index = (guint)(g_utf8_offset_to_pointer(text, first) - text);
	attribute->end_index = (guint)(g_utf8_offset_to_pointer(text, first + count) - text);
	pango_attr_list_insert(list, attribute);
}

static void get_preedit_string(
        GtkIMContext *context, gchar **text, PangoAttrList **attributes, gint *caret)
{
	const struct context *self = (const struct context *)(const void *)context;
	const char *shown = self->preedit ? self->preedit : "";
	int length = (int)g_utf8_strlen(shown, -1);

	if (text)
		*text = g_strdup(shown);
	if (caret)
		*caret = self->preedit_caret < length ? self->preedit_caret : length;
	if (!attributes)
		return;
	*attributes = pango_attr_list_new();
	if (self->n_clauses == 0 && length > 0)
		add_underline(*attributes, shown, 0, length, PANGO_UNDERLINE_SINGLE);
	for (guint i = 0; i < self->n_clauses; i++) {
		const uint8_t *clause = self->clauses + (size_t)i * TEXT_DOOR_CLAUSE_BYTES;
		/* The one that is being converted is drawn thicker: Chromium does so for a double line. */
		add_underline(*attributes, shown, u16_at(clause), u16_at(clause + 2),
		        clause[4] ? PANGO_UNDERLINE_DOUBLE : PANGO_UNDERLINE_SINGLE);
	}
}

static int clamp(int value, int max)
{
	return value < 0 ? 0 : value > max ? max : value;
}

static void tell_caret(struct context *self)
{
	GdkRectangle area = self->caret;

	if (!self->has_focus || !self->window)
		return;
	gdk_window_get_root_coords(self->window, area.x, area.y, &area.x, &area.y);
	area.x = clamp(area.x, G_MAXINT16);
	area.y = clamp(area.y, G_MAXINT16);
	area.width = clamp(area.width, G_MAXINT16);
	area.height = clamp(area.height, G_MAXINT16);
	if (memcmp(&area, &self->told, sizeof(area)) == 0)
		return;
	self->told = area;
	tell(TEXT_DOOR_CARET, 0, &area);
}

static void set_cursor_location(GtkIMContext *context, GdkRectangle *area)
{
	struct context *self = (struct context *)(void *)context;

	self->caret = *area;
	tell_caret(self);
}

static void set_client_window(GtkIMContext *context, GdkWindow *window)
{
	struct context *self = (struct context *)(void *)context;

	if (self->window)
		g_object_unref(self->window);
	self->window = window ? g_object_ref(window) : NULL;
}

static void focus_in(GtkIMContext *context)
{
	struct context *self = (struct context *)(void *)context;

	self->has_focus = true;
	self->told = (GdkRectangle){-1, -1, -1, -1};
	tell(TEXT_DOOR_TAKES_TEXT, 1, NULL);
	tell_caret(self);
}

static void focus_out(GtkIMContext *context)
{
	struct context *self = (struct context *)(void *)context;

	self->has_focus = false;
	tell(TEXT_DOOR_TAKES_TEXT, 0, NULL);
}

/* The field was left, or the page changed it: what was not committed is gone. */
static void reset(GtkIMContext *context)
{
	struct context *self = (struct context *)(void *)context;

	self->n_clauses = 0;
	show_preedit(self, NULL);
}

static void finalize(GObject *object)
{
	struct context *self = (struct context *)(void *)object;

	g_free(self->preedit);
	set_client_window(GTK_IM_CONTEXT(object), NULL);
	G_OBJECT_CLASS(context_parent_class)->finalize(object);
}

static void context_class_init(struct context_class *class)
{
	GtkIMContextClass *im = GTK_IM_CONTEXT_CLASS(class);

	im->filter_keypress = filter_keypress;
	im->get_preedit_string = get_preedit_string;
	im->set_cursor_location = set_cursor_location;
	im->set_client_window = set_client_window;
	im->focus_in = focus_in;
	im->focus_out = focus_out;
	im->reset = reset;
	G_OBJECT_CLASS(class)->finalize = finalize;
}

static void context_class_finalize(struct context_class *class)
{
	(void)class;
}

static void context_init(struct context *self)
{
	(void)self;
}

/* ---- what GTK looks for in a module ---- */

G_MODULE_EXPORT void im_module_init(GTypeModule *type_module)
{
	g_type_module_use(type_module); /* a type that went away would take the browser with it */
	context_register_type(type_module);
}

G_MODULE_EXPORT void im_module_exit(void)
{
}

G_MODULE_EXPORT void im_module_list(const GtkIMContextInfo ***contexts, guint *n_contexts)
{
	static const GtkIMContextInfo info = {"shoji", "Shoji", "shoji", "", "*"};
	static const GtkIMContextInfo *list[] = {&info};

	*contexts = list;
	*n_contexts = 1;
}

G_MODULE_EXPORT GtkIMContext *im_module_create(const gchar *id)
{
	return strcmp(id, "shoji") == 0 ? g_object_new(context_get_type(), NULL) : NULL;
}
