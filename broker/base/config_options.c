/* The table of options: every setting that exists, with its default, its limits and its explanation.
 * Parser, dump, docs/configuration.md and the man page are made from it. */
#include "base/config_options.h"

#include <stdio.h>

#define AT(field) offsetof(struct config, field)

static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const isolations[] = {"full", "reduced", NULL};
static const char *const limits_layers[] = {"auto", "cgroup2", "cgroup1", "watch", NULL};
static const char *const onlookers[] = {"off", "announced", NULL};
static const char *const egress_modes[] = {"direct", "upstream", NULL};
static const char *const keyboards[] = {"jp", "us", NULL};

/* clang-format off: a table, one option an entry */
static const struct config_option options[] = {
        {"broker", "run_folder", OPTION_PATH, AT(broker.run_folder), .text = "/run/shoji",
                .help = "Sockets and the folders of live sessions. Made by the broker, writable by "
                        "nobody else."},
        {"broker", "data_folder", OPTION_PATH, AT(broker.data_folder), .text = "/var/lib/shoji",
                .help = "People, leases and the audit log. Belongs to keeper's account."},
        {"broker", "log_level", OPTION_CHOICE, AT(broker.log_level), .text = "info",
                .choices = log_levels,
                .help = "The most talkative lines that are written to standard error."},
        {"broker", "require_isolation", OPTION_CHOICE, AT(broker.require_isolation), .text = "full",
                .choices = isolations,
                .help = "full: every session needs user accounts of its own, so the broker has to "
                        "be started as "
                        "root. reduced: one account for all is accepted; for trying it out only."},

        {"gate", "listen", OPTION_ADDRESS_PORT, AT(gate.listen), .text = "127.0.0.1:8443",
                .help = "Address and port towards the terminals. Port 0 takes any free one, told "
                        "in the READY line."},
        {"gate", "origins", OPTION_LIST, AT(gate.origins), .text = "", .max = 16,
                .help = "What a terminal's browser may name as origin, such as "
                        "https://shoji.example.lg.jp. Empty: "
                        "only https:// and the Host that it asked for."},
        {"gate", "certificate", OPTION_PATH, AT(gate.certificate), .text = "/etc/shoji/server.crt",
                .help = "The server's certificate with its chain, PEM."},
        {"gate", "key", OPTION_PATH, AT(gate.key), .text = "/etc/shoji/server.key",
                .help = "The server's private key, PEM, readable by root only."},
        {"gate", "viewer_folder", OPTION_PATH_OR_EMPTY, AT(gate.viewer_folder), .text = "",
                .help = "The viewer's files. Empty: ../viewer beside the program."},
        {"gate", "tls_1_2", OPTION_BOOL, AT(gate.tls_1_2), .text = "false",
                .help = "Accept TLS 1.2 as well, for terminals that know no better."},
        {"gate", "connections_max", OPTION_NUMBER, AT(gate.connections_max), .text = "1024",
                .min = 1, .max = 16384, .help = "Connections at once."},
        {"gate", "connections_per_address_max", OPTION_NUMBER, AT(gate.connections_per_address_max),
                .text = "32", .min = 1, .max = 4096,
                .help = "Connections at once from one address."},
        {"gate", "request_deadline_s", OPTION_NUMBER, AT(gate.request_deadline_s), .text = "10",
                .min = 1, .max = 120,
                .help = "From accepting a connection to its complete request, seconds."},
        {"gate", "attach_deadline_s", OPTION_NUMBER, AT(gate.attach_deadline_s), .text = "5",
                .min = 1, .max = 60,
                .help = "From the opened WebSocket to the viewer's first message, seconds."},
        {"gate", "sign_ins_per_address_per_minute_max", OPTION_NUMBER,
                AT(gate.sign_ins_per_address_per_minute_max), .text = "20", .min = 1, .max = 1000,
                .help = "Sign-in attempts from one address in a minute; and, counted apart, "
                        "attempts to "
                        "enter a session that were refused."},

        {"people", "argon2_memory_kib", OPTION_NUMBER, AT(people.argon2_memory_kib),
                .text = "65536", .min = 8192, .max = 1048576,
                .help = "Memory of one password hash, KiB. A password's hash is made anew at its "
                        "next sign-in "
                        "when this or argon2_passes was changed; one that needs over 128 MiB more "
                        "than "
                        "is set here can no longer be checked, so lower it in steps."},
        {"people", "argon2_passes", OPTION_NUMBER, AT(people.argon2_passes), .text = "3", .min = 1,
                .max = 16, .help = "Passes of one password hash."},
        {"people", "hash_workers", OPTION_NUMBER, AT(people.hash_workers), .text = "2", .min = 1,
                .max = 16,
                .help = "Password hashes computed at once, each in a process of its own."},
        {"people", "lockout_failures", OPTION_NUMBER, AT(people.lockout_failures), .text = "5",
                .min = 2, .max = 100, .help = "So many failed sign-ins in a row lock a person."},
        {"people", "lockout_s", OPTION_NUMBER, AT(people.lockout_s), .text = "600", .min = 1,
                .max = 86400, .help = "How long that lock holds, seconds."},
        {"people", "password_length_min", OPTION_NUMBER, AT(people.password_length_min),
                .text = "10", .min = 8, .max = 128, .help = "Characters that a password needs."},
        {"people", "contact", OPTION_TEXT, AT(people.contact), .text = "情報担当", .min = 1,
                .max = 128, .help = "Whom staff are told to ask, such as 情報担当（内線123）."},

        {"sessions", "max", OPTION_NUMBER, AT(sessions.max), .text = "8", .min = 1, .max = 333,
                .help = "Sessions at once. Each needs about 1 GiB."},
        {"sessions", "start_deadline_s", OPTION_NUMBER, AT(sessions.start_deadline_s), .text = "30",
                .min = 1, .max = 300, .help = "From sign-in to the first picture, seconds."},
        {"sessions", "attach_deadline_s", OPTION_NUMBER, AT(sessions.attach_deadline_s),
                .text = "60", .min = 1, .max = 3600,
                .help = "How long a session waits for its viewer to come, seconds."},
        {"sessions", "abandoned_deadline_s", OPTION_NUMBER, AT(sessions.abandoned_deadline_s),
                .text = "600", .min = 1, .max = 86400,
                .help = "How long a session waits after its line was cut, seconds."},
        {"sessions", "end_deadline_s", OPTION_NUMBER, AT(sessions.end_deadline_s), .text = "10",
                .min = 1, .max = 60,
                .help = "How long an ending session may take before it is killed, seconds."},
        {"sessions", "idle_min", OPTION_NUMBER, AT(sessions.idle_min), .text = "60", .min = 1,
                .max = 1440, .help = "Minutes without a key or click after which a session ends."},
        {"sessions", "duration_min", OPTION_NUMBER, AT(sessions.duration_min), .text = "720",
                .min = 1, .max = 1440, .help = "The longest that a session may last, minutes."},
        {"sessions", "lease_s", OPTION_NUMBER, AT(sessions.lease_s), .text = "30", .min = 10,
                .max = 600,
                .help = "A shepherd that hears nothing from a broker for so long ends its isolated "
                        "host, seconds."},
        {"sessions", "memory_mib", OPTION_NUMBER, AT(sessions.memory_mib), .text = "2048",
                .min = 512, .max = 65536, .help = "Memory of one isolated host, MiB."},
        {"sessions", "processes", OPTION_NUMBER, AT(sessions.processes), .text = "512", .min = 64,
                .max = 8192, .help = "Processes and threads of one isolated host."},
        {"sessions", "home_mib", OPTION_NUMBER, AT(sessions.home_mib), .text = "256", .min = 16,
                .max = 16384,
                .help = "What an isolated host may write to its home folder, MiB (in memory)."},
        {"sessions", "shm_mib", OPTION_NUMBER, AT(sessions.shm_mib), .text = "512", .min = 64,
                .max = 16384, .help = "Shared memory of one isolated host, MiB."},
        {"sessions", "limits", OPTION_CHOICE, AT(sessions.limits), .text = "auto",
                .choices = limits_layers,
                .help = "What enforces memory and processes. auto takes the strongest that the "
                        "machine has; watch "
                        "samples and kills."},
        {"sessions", "onlookers", OPTION_CHOICE, AT(sessions.onlookers), .text = "off",
                .choices = onlookers,
                .help = "Whether an administrator may look on at a session (shojictl watch). "
                        "announced: yes, and the person is told as long as it lasts; it is "
                        "recorded."},
        {"sessions", "kbit_s_each_max", OPTION_LIMIT, AT(sessions.kbit_s_each_max), .text = "none",
                .min = 64, .max = 10000000,
                .help = "What one session's picture may take of the line to its terminal, kbit/s, "
                        "with all that carries it (video, an onlooker's picture, headers). 300 "
                        "are enough for reading and typing."},
        {"sessions", "kbit_s_all_max", OPTION_LIMIT, AT(sessions.kbit_s_all_max), .text = "none",
                .min = 64, .max = 10000000,
                .help = "The same for all sessions of this broker together (a site's line): those "
                        "that have something to show share it evenly."},
        {"sessions", "video_all_percent", OPTION_NUMBER, AT(sessions.video_all_percent),
                .text = "100", .min = 10, .max = 10000,
                .help = "The video of all sessions together takes at most so much of one core, "
                        "percent (200: two cores): sessions in which a film plays share it "
                        "evenly, each of them up to profile.video_core_percent."},

        {"profile", "start_page", OPTION_TEXT, AT(profile.start_page),
                .text = "http://start.shoji.internal/", .min = 1, .max = 1024,
                .help = "The page that a session begins with."},
        {"profile", "width_min", OPTION_NUMBER, AT(profile.width_min), .text = "800", .min = 320,
                .max = 3840, .help = "Narrowest screen, pixels."},
        {"profile", "width_max", OPTION_NUMBER, AT(profile.width_max), .text = "1920", .min = 320,
                .max = 3840,
                .help = "Widest screen, device pixels of the terminal: for a 4K monitor 3840."},
        {"profile", "height_min", OPTION_NUMBER, AT(profile.height_min), .text = "500", .min = 240,
                .max = 2160, .help = "Lowest screen, pixels."},
        {"profile", "height_max", OPTION_NUMBER, AT(profile.height_max), .text = "1200", .min = 240,
                .max = 2160, .help = "Highest screen, device pixels of the terminal."},
        {"profile", "watermark", OPTION_BOOL, AT(profile.watermark), .text = "false",
                .help = "Lay the person's id, the terminal's address and the time faintly over the "
                        "whole picture, screenshots included. Films are then sent as pictures."},
        {"profile", "kiosk", OPTION_BOOL, AT(profile.kiosk), .text = "false",
                .help = "One page without tabs and address bar."},
        {"profile", "video", OPTION_BOOL, AT(profile.video), .text = "true",
                .help = "Moving pictures are sent as H.264 to terminals that decode it; else as "
                        "pictures like all the rest."},
        {"profile", "video_core_percent", OPTION_NUMBER, AT(profile.video_core_percent),
                .text = "40", .min = 1, .max = 100,
                .help = "A session's video takes at most so much of one core, percent, and less "
                        "while the machine is busy; frames beyond are left out."},
        {"profile", "caret_blink", OPTION_BOOL, AT(profile.caret_blink), .text = "false",
                .help = "The caret of the isolated browser blinks. Each blink wakes every role of "
                        "the "
                        "session and costs the line a "
                        "frame, twice in 1.2 s, while nobody does anything."},
        {"profile", "keyboard", OPTION_CHOICE_TEXT, AT(profile.keyboard), .text = "jp",
                .choices = keyboards, .help = "Layout of the isolated host's keyboard."},
        {"profile", "timezone", OPTION_TEXT, AT(profile.timezone), .text = "Asia/Tokyo", .min = 1,
                .max = 63, .help = "Time zone of the isolated host."},
        {"profile", "extra_ca", OPTION_PATH_OR_EMPTY, AT(profile.extra_ca), .text = "",
                .help = "A certificate authority, PEM, that the isolated browser trusts: a "
                        "security cloud's, where it "
                        "inspects TLS."},

        {"egress", "mode", OPTION_CHOICE, AT(egress.mode), .text = "direct",
                .choices = egress_modes,
                .help = "direct: names are resolved and connected to here. upstream: through the "
                        "proxy of a security "
                        "cloud, which is then the only way out."},
        {"egress", "upstream", OPTION_HOST_PORT_OR_EMPTY, AT(egress.upstream), .text = "",
                .help = "That proxy, as host:port. Required in upstream mode."},
        {"egress", "ports", OPTION_NUMBER_LIST, AT(egress.ports), .text = "80,443", .min = 1,
                .max = 65535, .help = "Ports that may be connected to."},
        {"egress", "deny", OPTION_LIST, AT(egress.deny), .text = "", .max = CONFIG_LIST_MAX,
                .help = "Domains that are refused, each with everything below it."},
        {"egress", "deny_addresses", OPTION_LIST, AT(egress.deny_addresses), .text = "",
                .max = CONFIG_LIST_MAX,
                .help = "Networks (CIDR) that are refused beside the private ones, which always "
                        "are: your LGWAN and "
                        "My Number addresses."},
        {"egress", "hosts", OPTION_MAP, AT(egress.hosts), .text = "", .max = CONFIG_LIST_MAX,
                .help = "Names with a fixed address (ADDRESS or ADDRESS:PORT), used instead of DNS "
                        "and allowed even "
                        "where the address is private."},
        {"egress", "name_servers", OPTION_LIST, AT(egress.name_servers), .text = "", .max = 8,
                .help = "DNS servers (ADDRESS or ADDRESS:PORT). Empty: the machine's own."},
        {"egress", "check_server_name", OPTION_BOOL, AT(egress.check_server_name), .text = "true",
                .help = "Refuse a TLS connection whose server name differs from the name that was "
                        "asked for."},
        {"egress", "connections_per_session_max", OPTION_NUMBER,
                AT(egress.connections_per_session_max), .text = "128", .min = 1, .max = 4096,
                .help = "Connections of one session at once."},
        {"egress", "destinations_per_session_per_minute_max", OPTION_NUMBER,
                AT(egress.destinations_per_session_per_minute_max), .text = "1200", .min = 60,
                .max = 100000,
                .help = "Destinations that one session may ask for in a minute; each is a line of "
                        "the audit log, and what goes beyond is refused and told there in one "
                        "line a minute. People do not reach it; a broken isolated host would "
                        "fill the disk without it."},
        {"egress", "connect_deadline_s", OPTION_NUMBER, AT(egress.connect_deadline_s), .text = "10",
                .min = 1, .max = 120, .help = "For resolving and connecting, seconds."},
        {"egress", "idle_deadline_s", OPTION_NUMBER, AT(egress.idle_deadline_s), .text = "300",
                .min = 1, .max = 86400,
                .help = "A connection on which nothing moves for so long is closed, seconds."},

        {"accounts", "gate", OPTION_NUMBER, AT(accounts.gate), .text = "60991", .min = 1,
                .max = 4294967293, .help = "uid and gid of gate."},
        {"accounts", "keeper", OPTION_NUMBER, AT(accounts.keeper), .text = "60992", .min = 1,
                .max = 4294967293, .help = "uid and gid of keeper."},
        {"accounts", "hash", OPTION_NUMBER, AT(accounts.hash), .text = "60993", .min = 1,
                .max = 4294967293, .help = "uid and gid of the password hash workers."},
        {"accounts", "egress", OPTION_NUMBER, AT(accounts.egress), .text = "60994", .min = 1,
                .max = 4294967293, .help = "uid and gid of egress."},
        {"accounts", "sessions_first", OPTION_NUMBER, AT(accounts.sessions_first), .text = "61000",
                .min = 1, .max = 4294960000,
                .help = "First uid of the sessions: each slot takes three."},
};

const struct config_option *config_options(size_t *n)
{
	*n = sizeof(options) / sizeof(options[0]);
	return options;
}

void config_option_choices(const struct config_option *option, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; option->choices[i] && length < size; i++)
		length += (size_t)snprintf(
		        out + length, size - length, "%s%s", i ? ", " : "", option->choices[i]);
}
