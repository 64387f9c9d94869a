/* shoji-broker: wires the command line to the broker, to one of its roles, or to a look at the
 * configuration. It stands on no boundary: its arguments are the administrator's, or monitor's own.
 */
#include "base/config.h"
#include "base/error.h"
#include "base/number.h"
#include "base/role.h"
#include "capture/capture.h"
#include "egress/egress.h"
#include "egress/egress_policy.h"
#include "encode/encode.h"
#include "gate/gate.h"
#include "gate/origin.h"
#include "hash/hash.h"
#include "keeper/keeper.h"
#include "monitor/monitor.h"
#include "shepherd/shepherd.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/shoji/shoji.yaml"
#define EXIT_USAGE 2
#define COMPLAINT_MAX 512

static const struct {
	const char *name;
	const char *process_name; /* as ps shows it */
	role_run_fn run;
} roles[] = {
        {"capture", "shoji-capture", capture_run},
        {"egress", "shoji-egress", egress_run},
        {"encode", "shoji-encode", encode_run},
        {"gate", "shoji-gate", gate_run},
        {"hash", "shoji-hash", hash_run},
        {"keeper", "shoji-keeper", keeper_run},
        {"shepherd", "shoji-shepherd", shepherd_run},
};

enum action { ACTION_RUN, ACTION_CHECK, ACTION_DUMP, ACTION_DOCS, ACTION_ROLE };

struct arguments {
	enum action action;
	const char *config; /* NULL: the default file */
	const char *docs;
	struct role_start role;
};

static void usage(FILE *out)
{
	fputs("Usage: shoji-broker [--config FILE]\n"
	      "       shoji-broker --check-config FILE\n"
	      "       shoji-broker --dump-config [FILE]\n"
	      "       shoji-broker --write-docs markdown|roff\n"
	      "       shoji-broker --help | --version\n"
	      "\n"
	      "Runs the broker in the foreground until SIGTERM or SIGINT ends it and all sessions; "
	      "SIGUSR1 stops\n"
	      "it for a restart and leaves the isolated hosts to the next broker.\n"
	      "\n"
	      "  --config FILE        the configuration, instead of " DEFAULT_CONFIG "\n"
	      "  --check-config FILE  say whether FILE is a valid configuration, and do nothing "
	      "else\n"
	      "  --dump-config FILE   print every setting that is in force (without FILE: the "
	      "defaults)\n"
	      "  --write-docs FORMAT  print the list of all settings\n"
	      "  --help, --version    print this text, or the version\n",
	        out);
}

static int complain(const char *text)
{
	fprintf(stderr, "shoji-broker: %s\nTry: shoji-broker --help\n", text);
	return -1;
}

enum option_code {
	OPTION_CONFIG = 256,
	OPTION_CHECK,
	OPTION_DUMP,
	OPTION_DOCS,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_ROLE,
	OPTION_UID,
	OPTION_GID,
	OPTION_ROOT,
};

static const struct option options[] = {
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"check-config", required_argument, NULL, OPTION_CHECK},
        {"dump-config", no_argument, NULL, OPTION_DUMP},
        {"write-docs", required_argument, NULL, OPTION_DOCS},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        /* monitor's own, not in --help */
        {"role", required_argument, NULL, OPTION_ROLE},
        {"uid", required_argument, NULL, OPTION_UID},
        {"gid", required_argument, NULL, OPTION_GID},
        {"root", required_argument, NULL, OPTION_ROOT},
        {NULL, 0, NULL, 0},
};

static int parse_id(const char *text, unsigned *out)
{
	uint64_t value;

	if (number_parse(text, strlen(text), 0, UINT32_MAX - 1, &value))
		return complain("not a user or group id");
	*out = (unsigned)value;
	return 0;
}

static int take_option(struct arguments *out, int code)
{
	switch (code) {
	case OPTION_CONFIG:
		out->config = optarg;
		return 0;
	case OPTION_CHECK:
		out->action = ACTION_CHECK;
		out->config = optarg;
		return 0;
	case OPTION_DUMP:
		out->action = ACTION_DUMP;
		return 0;
	case OPTION_DOCS:
		out->action = ACTION_DOCS;
		out->docs = optarg;
		return 0;
	case OPTION_ROLE:
		out->action = ACTION_ROLE;
		out->role.name = optarg;
		return 0;
	case OPTION_UID:
		return parse_id(optarg, &out->role.identity.uid);
	case OPTION_GID:
		return parse_id(optarg, &out->role.identity.gid);
	case OPTION_ROOT:
		out->role.identity.root = optarg;
		return 0;
	case OPTION_HELP:
		usage(stdout);
		exit(EXIT_SUCCESS);
	case OPTION_VERSION:
		printf("shoji-broker %s\n", SHOJI_VERSION);
		exit(EXIT_SUCCESS);
	}
	return complain("unknown option"); /* getopt_long has named it */
}

static int parse_arguments(struct arguments *out, int argc, char **argv)
{
	int code;

	while ((code = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (take_option(out, code))
			return -1;
	if (out->action == ACTION_DUMP && optind < argc)
		out->config = argv[optind++];
	if (optind < argc)
		return complain("an argument too many");
	return 0;
}

static int run_role(struct role_start *start)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(start->name, roles[i].name) != 0)
			continue;
		start->name = roles[i].name;
		if (!start->identity.root)
			start->identity.root = "";
		prctl(PR_SET_NAME, roles[i].process_name, 0, 0, 0);
		return roles[i].run(start);
	}
	complain("no such role");
	return EXIT_USAGE;
}

static int write_docs(const char *format)
{
	if (!strcmp(format, "markdown"))
		config_write_markdown(stdout);
	else if (!strcmp(format, "roff"))
		config_write_roff(stdout);
	else
		return complain("--write-docs takes markdown or roff") ? EXIT_USAGE : 0;
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int read_config(struct config *config, const struct arguments *arguments)
{
	char complaint[COMPLAINT_MAX];
	const char *path = arguments->config;
	int error;

	if (!path && arguments->action == ACTION_DUMP)
		error = config_read(config, "defaults", "", 0, complaint, sizeof(complaint));
	else
		error = config_read_file(
		        config, path ? path : DEFAULT_CONFIG, complaint, sizeof(complaint));
	if (error)
		fprintf(stderr, "shoji-broker: %s\n", complaint);
	return error;
}

static int dump_config(const struct config *config)
{
	static char text[CONFIG_TEXT_MAX];
	size_t length;

	if (config_dump(config, text, sizeof(text), &length)) {
		fputs("shoji-broker: the configuration is too long\n", stderr);
		return EXIT_FAILURE;
	}
	fwrite(text, 1, length, stdout);
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What the roles would find wrong with values when they start. */
static int check_values(const struct config *config, const char *path)
{
	char complaint[COMPLAINT_MAX];
	const char *bad;
	const struct origin_rules origins = {
	        .origins = config->gate.origins.items, .n_origins = config->gate.origins.n_items};
	struct egress_policy *policy = egress_policy_new(config, complaint, sizeof(complaint));

	if (!policy) {
		fprintf(stderr, "shoji-broker: %s: %s\n", path, complaint);
		return EXIT_USAGE;
	}
	egress_policy_free(policy);
	if (!origin_rules_check(&origins, &bad)) {
		fprintf(stderr,
		        "shoji-broker: %s: gate.origins: '%s' is not of the form https://host or "
		        "https://host:port\n",
		        path, bad);
		return EXIT_USAGE;
	}
	printf("%s: valid\n", path);
	return EXIT_SUCCESS;
}

/* The folder of this program: what runs inside the isolated host lies beside it. */
static int run_broker(const struct config *config)
{
	char folder[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", folder, sizeof(folder) - 1);

	if (length <= 0) {
		perror("shoji-broker: /proc/self/exe");
		return EXIT_FAILURE;
	}
	folder[length] = '\0';
	*strrchr(folder, '/') = '\0';
	return monitor_run(config, folder);
}

static int run_configured(const struct arguments *arguments)
{
	struct config config;
	int status = EXIT_SUCCESS;

	if (read_config(&config, arguments))
		return EXIT_USAGE;
	if (arguments->action == ACTION_CHECK)
		status = check_values(&config, arguments->config);
	else if (arguments->action == ACTION_DUMP)
		status = dump_config(&config);
	else
		status = run_broker(&config);
	config_finish(&config);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.action = ACTION_RUN};

	if (parse_arguments(&arguments, argc, argv))
		return EXIT_USAGE;
	switch (arguments.action) {
	case ACTION_ROLE:
		return run_role(&arguments.role);
	case ACTION_DOCS:
		return write_docs(arguments.docs);
	case ACTION_RUN:
	case ACTION_CHECK:
	case ACTION_DUMP:
		return run_configured(&arguments);
	}
	return EXIT_USAGE;
}
