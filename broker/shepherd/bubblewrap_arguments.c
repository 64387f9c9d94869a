/* The walls of an isolated host under bubblewrap. Every line here is a part of the security model
 * (docs/security.md); tests/isolation probes each from inside. */
#include "shepherd/bubblewrap_arguments.h"

#include "base/error.h"
#include "base/guest.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Xvnc compiles its keyboard map there, Chromium keeps its lock files. */
#define TMP_BYTES ((uint64_t)64 * 1024 * 1024)
#define MIB ((uint64_t)1024 * 1024)

static void add(struct bubblewrap_arguments *self, const char *argument)
{
	if (self->n == BUBBLEWRAP_ARGUMENTS_MAX)
		self->error = SHOJI_ERR_LIMIT;
	if (!self->error)
		self->list[self->n++] = argument;
}

static void add_all(struct bubblewrap_arguments *self, const char *const *arguments)
{
	for (; *arguments; arguments++)
		add(self, *arguments);
}

__attribute__((format(printf, 2, 3))) static void add_made(
        struct bubblewrap_arguments *self, const char *format, ...)
{
	char *at = self->text + self->text_used;
	size_t room = sizeof(self->text) - self->text_used;
	va_list values;

	va_start(values, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is; clang 14 loses va_start here */
	int n = vsnprintf(at, room, format, values);
	va_end(values);
	if (n < 0 || (size_t)n >= room)
		self->error = SHOJI_ERR_LIMIT;
	if (self->error)
		return;
	self->text_used += (size_t)n + 1;
	add(self, at);
}

static void add_walls(struct bubblewrap_arguments *self)
{
	static const char *const walls[] = {"/usr/bin/bwrap",
	        /* A new network namespace has lo and nothing else: no page reaches anything but the doors. */
	        "--unshare-net", "--unshare-user", "--unshare-pid", "--unshare-ipc",
	        "--unshare-uts", "--unshare-cgroup", "--hostname", "shoji",
	        /* The parent is the shepherd: no host without one. */
	        "--die-with-parent",
	        /* A terminal of the broker's cannot be typed into (TIOCSTI). */
	        "--new-session", "--as-pid-1", "--cap-drop", "ALL", NULL};

	add_all(self, walls);
	add(self, "--uid");
	add_made(self, "%d", GUEST_UID);
	add(self, "--gid");
	add_made(self, "%d", GUEST_GID);
}

static void add_system(struct bubblewrap_arguments *self)
{
	static const char *const system[] = {"--ro-bind", "/usr", "/usr", "--symlink", "usr/bin",
	        "/bin", "--symlink", "usr/sbin", "/sbin", "--symlink", "usr/lib", "/lib",
	        "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev",
	        /* Of /etc and /var only what programs inside were seen to need: the machine's secrets lie there. */
	        "--ro-bind", "/etc/fonts", "/etc/fonts", "--ro-bind-try", "/etc/ld.so.cache",
	        "/etc/ld.so.cache",
	        /* Without the cache, fontconfig scans all of Noto CJK at every start. */
	        "--ro-bind-try", "/var/cache/fontconfig", "/var/cache/fontconfig", NULL};

	add_all(self, system);
}

static void add_tmpfs(
        struct bubblewrap_arguments *self, uint64_t bytes, const char *mode, const char *path)
{
	add(self, "--size");
	add_made(self, "%" PRIu64, bytes);
	add(self, "--perms");
	add(self, mode);
	add(self, "--tmpfs");
	add(self, path);
}

static void add_files(struct bubblewrap_arguments *self, const struct guest_files *files)
{
	for (size_t i = 0; i < files->n_files; i++) {
		const struct guest_file *file = &files->files[i];
		add(self, "--perms");
		add(self, file->is_program ? "0555" : "0444");
		add(self, "--ro-bind-data");
		add_made(self, "%d", file->fd);
		add(self, file->path);
	}
}

static void add_init(struct bubblewrap_arguments *self, const struct engine_host *host)
{
	const struct message_shepherd_setup *setup = host->setup;

	add(self, "--");
	add(self, GUEST_PROGRAMS "/" GUEST_INIT);
	add_made(self, "--width=%d", setup->width);
	add_made(self, "--height=%d", setup->height);
	add_made(self, "--scale=%d", setup->scale);
	add_made(self, "--tasks=%u", setup->tasks);
	add_made(self, "--text-door=%d", host->text_listener);
	add_made(self, "--keyboard=%s", setup->keyboard);
	add_made(self, "--start-page=%s", setup->start_page);
	if (setup->is_kiosk)
		add(self, "--kiosk");
}

int bubblewrap_arguments_init(
        struct bubblewrap_arguments *self, const struct engine_host *host, int filter)
{
	const struct message_shepherd_setup *setup = host->setup;
	/* bubblewrap's own root and /dev are tmpfs without a size: read-only, once everything stands in them. */
	static const char *const closing[] = {
	        "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", NULL};

	memset(self, 0, sizeof(*self));
	add_walls(self);
	add_system(self);
	add_tmpfs(self, setup->shm_mib * MIB, "1777", "/dev/shm");
	add_tmpfs(self, TMP_BYTES, "1777", "/tmp");
	add_tmpfs(self, setup->home_mib * MIB, "0700", GUEST_HOME);
	add(self, "--symlink");
	add_made(self, "/usr/share/zoneinfo/%s", setup->timezone);
	add(self, "/etc/localtime");
	add_files(self, host->files);
	/* Read-only: the host connects to what lies there, and can put nothing there. */
	add(self, "--ro-bind");
	add_made(self, "%s/doors", setup->run_folder);
	add(self, GUEST_DOORS);
	add(self, "--seccomp");
	add_made(self, "%d", filter);
	add_all(self, closing);
	add_init(self, host);
	return self->error;
}

void bubblewrap_environment_init(struct bubblewrap_environment *self, const char *timezone)
{
	static const char *const fixed[] = {"PATH=/usr/bin:/bin", "HOME=" GUEST_HOME, "USER=user",
	        "DISPLAY=:0", "LANG=ja_JP.UTF-8", "LOCPATH=" GUEST_DATA "/locale",
	        "XDG_RUNTIME_DIR=" GUEST_HOME "/.run",
	        /* There is no bus; without this GTK and Chromium each look for one for a while. */
	        "DBUS_SESSION_BUS_ADDRESS=disabled:", "DBUS_SYSTEM_BUS_ADDRESS=disabled:",
	        "NO_AT_BRIDGE=1", "FONTCONFIG_FILE=" GUEST_DATA "/fonts.conf"};
	size_t n = sizeof(fixed) / sizeof(fixed[0]);

	memset(self, 0, sizeof(*self));
	for (size_t i = 0; i < n; i++)
		self->list[i] = fixed[i];
	snprintf(self->timezone, sizeof(self->timezone), "TZ=%s", timezone);
	self->list[n] = self->timezone;
}
