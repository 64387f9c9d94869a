/* The broker's configuration: one table of options makes the parser, the defaults, the effective
 * dump, docs/configuration.md and the man page.
 *
 * The file is YAML (libyaml), two levels deep: a section, then its keys. Anything else refuses to
 * start and says file, line, what is wrong, and the nearest valid key. */
#ifndef SHOJI_BASE_CONFIG_H
#define SHOJI_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_TEXT_MAX 49152 /* bytes of a configuration, as it travels to the roles */
#define CONFIG_STRING_MAX 1024
#define CONFIG_LIST_MAX 1024 /* entries of a list or map */

struct config_list {
	char **items; /* owned */
	size_t n_items;
};

/* name -> value, in the file's order */
struct config_map {
	struct config_list names;
	struct config_list values;
};

enum config_isolation { ISOLATION_FULL, ISOLATION_REDUCED };
enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };
enum config_limits_layer { LIMITS_AUTO, LIMITS_CGROUP2, LIMITS_CGROUP1, LIMITS_WATCH };
enum config_onlookers { ONLOOKERS_OFF, ONLOOKERS_ANNOUNCED };
enum config_egress_mode { EGRESS_MODE_DIRECT, EGRESS_MODE_UPSTREAM };

/* Of a limit that says none. (0 never means unlimited.) */
#define CONFIG_NO_LIMIT UINT64_MAX

struct config {
	struct {
		char *run_folder;
		char *data_folder;
		uint64_t log_level;         /* enum config_log_level */
		uint64_t require_isolation; /* enum config_isolation: the least that is accepted */
	} broker;
	struct {
		char *listen; /* address:port; port 0: any free one, told in the READY line */
		struct config_list origins; /* what a browser may send as Origin */
		char *certificate;          /* PEM chain */
		char *key;                  /* PEM */
		char *viewer_folder;        /* the viewer's files; empty: beside the program */
		bool tls_1_2;
		uint64_t connections_max;
		uint64_t connections_per_address_max;
		uint64_t request_deadline_s; /* accept to complete request */
		uint64_t attach_deadline_s;  /* WebSocket open to HELLO */
		uint64_t sign_ins_per_address_per_minute_max;
	} gate;
	struct {
		uint64_t argon2_memory_kib;
		uint64_t argon2_passes;
		uint64_t hash_workers;
		uint64_t lockout_failures; /* so many failures in a row lock the person ... */
		uint64_t lockout_s;        /* ... for so long */
		uint64_t password_length_min;
		char *contact; /* shown to staff beside a refusal: 情報担当（内線○○） */
	} people;
	struct {
		uint64_t max; /* sessions at once: slots */
		uint64_t start_deadline_s;
		uint64_t attach_deadline_s;    /* ready, but nobody attached */
		uint64_t abandoned_deadline_s; /* line cut */
		uint64_t end_deadline_s;
		uint64_t idle_min;
		uint64_t duration_min;
		uint64_t lease_s; /* a shepherd ends its host when it was not told for so long */
		uint64_t memory_mib;
		uint64_t processes;
		uint64_t home_mib;
		uint64_t shm_mib;
		uint64_t limits;    /* enum config_limits_layer */
		uint64_t onlookers; /* enum config_onlookers */
		/* What a session's line, and all of them together, may take; CONFIG_NO_LIMIT: no cap. */
		uint64_t kbit_s_each_max, kbit_s_all_max;
		uint64_t video_all_percent; /* of one core */
	} sessions;
	struct {
		char *start_page;
		uint64_t width_min,
		        width_max; /* pixels; the viewer's window chooses between them */
		uint64_t height_min, height_max; /* pixels */
		bool kiosk;
		bool watermark;
		bool video;
		uint64_t video_core_percent;
		bool caret_blink;
		char *keyboard; /* jp or us */
		char *timezone;
		char *extra_ca; /* PEM that the isolated browser trusts (a security cloud's
		                   inspection); empty: none */
	} profile;
	struct {
		uint64_t mode;  /* enum config_egress_mode */
		char *upstream; /* host:port of the security cloud's proxy; required in upstream
		                   mode */
		struct config_list ports;
		struct config_list deny;           /* domains; each with everything below it */
		struct config_list deny_addresses; /* networks in CIDR beyond the built-in ones:
		                                      LGWAN, My Number */
		struct config_map
		        hosts; /* name -> address, used instead of DNS and allowed as it stands */
		struct config_list name_servers; /* empty: the machine's own */
		bool check_server_name; /* refuse a TLS server name that differs from CONNECT's */
		uint64_t connections_per_session_max;
		uint64_t destinations_per_session_per_minute_max;
		uint64_t connect_deadline_s;
		uint64_t idle_deadline_s;
	} egress;
	struct {
		uint64_t gate, keeper, hash, egress; /* uid and gid of each role */
		uint64_t sessions_first;             /* three a slot: host, capture, encode */
	} accounts;
};

/* Reads text. name is for messages ("shoji.yaml"). On an error one line for a person is written to
 * `complaint` (size bytes, NUL-terminated) and SHOJI_ERR_CONFIG returned; self is then empty.
 * text may be empty: all defaults. */
int config_read(struct config *self, const char *name, const char *text, size_t length,
        char *complaint, size_t size);
int config_read_file(struct config *self, const char *path, char *complaint, size_t size);
void config_finish(struct config *self);

/* The effective configuration as YAML that config_read() accepts. Returns 0 or SHOJI_ERR_LIMIT.
 * *length without NUL. */
int config_dump(const struct config *self, char *out, size_t size, size_t *length);

/* docs/configuration.md and the option part of the man page (roff), from the table. */
void config_write_markdown(FILE *out);
void config_write_roff(FILE *out);

#endif
