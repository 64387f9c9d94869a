/* The command lines of what runs inside an isolated host. What the browser must not do is said by its managed
 * policies (config/chromium-policies.json), which a page cannot change; the flags here are about speed and
 * looks, and never switch Chromium's own sandbox off. */
#include "guest/programs.h"

#include <stdio.h>
#include <string.h>

static void init_xvnc(struct programs *self, const struct guest_options *options)
{
	struct service *xvnc = &self->services[PROGRAM_XVNC];

	xvnc->stdin_fd = 0; /* -inetd: the listening socket */
	snprintf(self->geometry, sizeof(self->geometry), "%dx%d", options->width_px,
	        options->height_px);
	/* /usr/bin/Xvnc leads through /etc/alternatives, which the host does not see. */
	service_add(xvnc, "/usr/bin/Xtigervnc", ":0", "-inetd", "-geometry", self->geometry,
	        "-depth", "24", "-dpi", "96", "-nolisten", "tcp", "-noreset", "-SecurityTypes",
	        "None",
	        /* capture is the only client; several may be there for a moment while it is replaced. */
	        "-AlwaysShared=1", "-UseBlacklist=0",
	        /* Key codes arrive as they are pressed; the map of this server makes letters of them. */
	        "-RawKeyboard=1", "-AcceptCutText=0", "-SendCutText=0", "-SendPrimary=0",
	        "-SetPrimary=0",
	        /* The default clock of 60 Hz costs up to 20 ms a key. */
	        "-FrameRate", "1000",
	        /* Nothing is told to the outside but pixels: no server name, no log. */
	        "-desktop", "shoji", "-Log", "*:stderr:0", NULL);
}

static void init_keyboard(struct programs *self, const struct guest_options *options)
{
	struct service *keyboard = &self->services[PROGRAM_KEYBOARD];
	bool is_jp = strcmp(options->keyboard, "jp") == 0;

	service_add(keyboard, "/usr/bin/setxkbmap", "-rules", "evdev", "-model",
	        is_jp ? "jp106" : "pc105", "-layout", options->keyboard, NULL);
}

static void init_browser(struct programs *self, const struct guest_options *options)
{
	struct service *browser = &self->services[PROGRAM_BROWSER];

	snprintf(self->window_size, sizeof(self->window_size), "--window-size=%d,%d",
	        options->width_px, options->height_px);
	service_add(browser, "/usr/lib/chromium/chromium", "--user-data-dir=" PROGRAMS_PROFILE,
	        "--lang=ja", "--ozone-platform=x11", self->window_size, "--window-position=0,0",
	        "--start-maximized",
	        /* The input agent is a GTK 3 module. */
	        "--gtk-version=3",
	        /* No graphics device: drawing in software without the detour over an emulated one. */
	        "--disable-gpu", "--no-first-run", "--no-default-browser-check",
	        "--hide-crash-restore-bubble", "--disable-breakpad", "--password-store=basic",
	        "--disable-background-networking", "--disable-component-update",
	        /* One component is asked for all the same, in every session, in the name of the person. The
	         * port is one that Chromium never connects to. */
	        "--component-updater=url-source=https://127.0.0.1:1/",
	        /* Signing in to the browser is off by policy; it asks for the accounts there are all the same. (In this
	         * form no bar warns of an unusual flag.) */
	        "--gaia-config-contents={\"urls\":{\"gaia_url\":{\"url\":\"https://"
	        "127.0.0.1:1\"}}}",
	        "--disable-sync", "--no-pings", "--disable-domain-reliability",
	        /* Policy forbids extensions; with the system on, its updater still asks its maker for news. */
	        "--disable-extensions",
	        "--disable-features=MediaRouter,Translate,OptimizationHints,"
	        "NetworkTimeServiceQuerying",
	        NULL);
	if (options->is_kiosk)
		service_add(browser, "--kiosk", NULL);
	service_add(browser, options->start_page, NULL);
}

void programs_init(struct programs *self, const struct guest_options *options)
{
	memset(self, 0, sizeof(*self));
	for (int i = 0; i < N_PROGRAMS; i++)
		self->services[i].stdin_fd = -1;
	init_xvnc(self, options);
	init_keyboard(self, options);
	service_add(&self->services[PROGRAM_WINDOWS], "/usr/bin/openbox", "--config-file",
	        GUEST_DATA "/openbox.xml", NULL);
	service_add(&self->services[PROGRAM_FORWARD], GUEST_PROGRAMS "/" GUEST_FORWARD, NULL);
	self->services[PROGRAM_AGENT].stdin_fd = options->text_door;
	snprintf(self->scale, sizeof(self->scale), "%d", options->scale);
	service_add(
	        &self->services[PROGRAM_AGENT], GUEST_PROGRAMS "/" GUEST_AGENT, self->scale, NULL);
	init_browser(self, options);
}
