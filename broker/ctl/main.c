/* shojictl: the administrator's command. Reads the command line and finds the command. */
#include "base/number.h"
#include "ctl/ctl.h"
#include "ctl/words.h"

#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_SOCKET "/run/shoji/control.sock"
#define RECORDS_DEFAULT 10
#define RECORDS_MAX 1000

static const struct {
	const char *words[2]; /* the second may be NULL */
	size_t n_arguments;
	command_fn run;
} commands[] = {
        {{"status", NULL}, 0, command_status},
        {{"sessions", NULL}, 0, command_sessions},
        {{"end", NULL}, 1, command_end},
        {{"screenshot", NULL}, 2, command_screenshot},
        {{"watch", NULL}, 1, command_watch},
        {{"people", "add"}, 1, command_people_add},
        {{"people", "passwd"}, 1, command_people_passwd},
        {{"people", "lock"}, 1, command_people_lock},
        {{"people", "unlock"}, 1, command_people_unlock},
        {{"people", "list"}, 0, command_people_list},
        {{"audit", "verify"}, 0, command_audit_verify},
        {{"audit", "tail"}, 0, command_audit_tail},
};

enum long_option {
	OPTION_SOCKET = 256,
	OPTION_JSON,
	OPTION_LANG,
	OPTION_NAME,
	OPTION_REASON,
	OPTION_PASSWORD_STDIN,
	OPTION_GENERATE,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
        {"socket", required_argument, NULL, OPTION_SOCKET},
        {"json", no_argument, NULL, OPTION_JSON},
        {"lang", required_argument, NULL, OPTION_LANG},
        {"name", required_argument, NULL, OPTION_NAME},
        {"reason", required_argument, NULL, OPTION_REASON},
        {"password-stdin", no_argument, NULL, OPTION_PASSWORD_STDIN},
        {"generate", no_argument, NULL, OPTION_GENERATE},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
};

static int usage(const char *what, const char *detail)
{
	if (what)
		print_error(what, detail);
	fprintf(stderr, "%s\n", word(WORD_USAGE_HINT));
	return EXIT_USAGE;
}

/* -1: go on; else the exit status. */
static int take_option(struct options *options, int option)
{
	uint64_t n;

	switch (option) {
	case OPTION_SOCKET:
		options->socket = optarg;
		return -1;
	case OPTION_JSON:
		options->is_json = true;
		return -1;
	case OPTION_LANG:
		return words_choose(optarg) ? -1 : usage("--lang: ja, en", NULL);
	case OPTION_NAME:
		options->name = optarg;
		return -1;
	case OPTION_REASON:
		options->reason = optarg;
		return -1;
	case OPTION_PASSWORD_STDIN:
		options->is_password_stdin = true;
		return -1;
	case OPTION_GENERATE:
		options->is_generate = true;
		return -1;
	case 'n':
		if (number_parse(optarg, strlen(optarg), 1, RECORDS_MAX, &n))
			return usage("-n: 1-1000", NULL);
		options->n = (long)n;
		return -1;
	case OPTION_HELP:
		fputs(help_text(), stdout);
		return EXIT_DONE;
	case OPTION_VERSION:
		printf("shojictl %s\n", SHOJI_VERSION);
		return EXIT_DONE;
	default: /* getopt_long has said what is wrong */
		return usage(NULL, NULL);
	}
}

static int run(struct options *options, char **words, size_t n_words)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		size_t n_own = commands[i].words[1] ? 2 : 1;
		if (n_words < n_own || strcmp(words[0], commands[i].words[0]) != 0 ||
		        (n_own == 2 && strcmp(words[1], commands[i].words[1]) != 0))
			continue;
		options->n_arguments = n_words - n_own;
		if (options->n_arguments != commands[i].n_arguments)
			return usage(words_are_japanese() ? "引数の数が違います"
			                                  : "wrong number of arguments",
			        words[0]);
		for (size_t j = 0; j < options->n_arguments; j++)
			options->arguments[j] = words[n_own + j];
		return commands[i].run(options);
	}
	return usage(
	        words_are_japanese() ? "そのコマンドはありません" : "no such command", words[0]);
}

int main(int argc, char **argv)
{
	struct options options = {.socket = DEFAULT_SOCKET, .n = RECORDS_DEFAULT};
	int option;

	setlocale(LC_ALL, "");
	words_choose(NULL);
	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt_long(argc, argv, "n:", long_options, NULL)) != -1) {
		int status = take_option(&options, option);
		if (status >= 0)
			return status;
	}
	if (options.is_generate && options.is_password_stdin)
		return usage("--generate, --password-stdin: one of them", NULL);
	if (optind == argc)
		return usage(words_are_japanese() ? "コマンドを指定してください" : "which command?",
		        NULL);
	return run(&options, argv + optind, (size_t)(argc - optind));
}
