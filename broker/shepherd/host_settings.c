/* What the isolated host reads as its settings: written by the shepherd from its set-up, which monitor wrote; nothing
 * here comes from a host. */
#include "shepherd/host_settings.h"

#include "base/guest.h"
#include "shepherd/profile_policies.h"

#include <unistd.h>

static int add_policies(struct guest_files *files, struct message_shepherd_setup *setup)
{
	char profile[8192];
	int policies = setup->policies;
	int error = profile_policies_write(profile, sizeof(profile), setup->start_page);

	setup->policies = -1;
	/* bubblewrap reads from where the descriptor stands, and monitor hands out the same one each time. */
	if (!error)
		error = guest_files_add_copy(files, GUEST_POLICIES "/shoji.json", policies);
	close(policies);
	if (!error)
		error = guest_files_add_text(files, GUEST_POLICIES "/profile.json", profile);
	return error;
}

static int add_accounts(struct guest_files *files)
{
	int error = guest_files_add_text(
	        files, "/etc/passwd", "user:x:1000:1000::" GUEST_HOME ":/usr/sbin/nologin\n");

	if (!error)
		error = guest_files_add_text(files, "/etc/group", "user:x:1000:\n");
	if (!error)
		error = guest_files_add_text(
		        files, "/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
	return error;
}

/* Chromium takes the caret's blinking from GTK (its OsSettingsProviderGtk), and GTK, without a settings daemon, from this
 * file. */
static int add_caret(struct guest_files *files, const struct message_shepherd_setup *setup)
{
	if (setup->caret_blinks)
		return 0;
	return guest_files_add_text(
	        files, "/etc/gtk-3.0/settings.ini", "[Settings]\ngtk-cursor-blink=false\n");
}

int host_settings_add(struct guest_files *files, struct message_shepherd_setup *setup)
{
	int error = add_policies(files, setup);

	if (!error)
		error = add_accounts(files);
	if (!error)
		error = add_caret(files, setup);
	return error;
}
