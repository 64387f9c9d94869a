/* Passwords: typed without echo, read from standard input, or made. Never from the command line, which every user of
 * the machine can read. */
#include "ctl/ctl.h"
#include "ctl/words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

/* 32 characters that are not mistaken for one another on paper: 5 bits each. */
static const char alphabet[] = "23456789abcdefghjkmnpqrstuvwxyzA";
#define GENERATED_CHARACTERS 20 /* 100 bits */
#define GENERATED_GROUP 5

static int terminal = -1;
static struct termios terminal_before;

/* Ctrl-C at the prompt must not leave a terminal without echo behind. */
static void on_signal(int number)
{
	tcsetattr(terminal, TCSAFLUSH, &terminal_before);
	signal(number, SIG_DFL);
	raise(number);
}

/* One line without its newline; false: end of file, too long, or empty. */
static bool read_line(int fd, char password[PASSWORD_SIZE])
{
	size_t length = 0;
	char c;
	ssize_t n;

	while ((n = read(fd, &c, 1)) == 1 && c != '\n') {
		if (length + 1 >= PASSWORD_SIZE)
			return false;
		password[length++] = c;
	}
	if (n < 0)
		return false;
	if (length > 0 && password[length - 1] == '\r')
		length--;
	password[length] = '\0';
	return length > 0 && strlen(password) == length;
}

static bool prompt(const char *text, char password[PASSWORD_SIZE])
{
	struct termios silent = terminal_before;

	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ECHONL;
	if (write(terminal, text, strlen(text)) < 0 || tcsetattr(terminal, TCSAFLUSH, &silent) < 0)
		return false;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	bool is_read = read_line(terminal, password);
	tcsetattr(terminal, TCSAFLUSH, &terminal_before);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	return is_read;
}

static int type_twice(char password[PASSWORD_SIZE])
{
	char again[PASSWORD_SIZE] = "";
	int status = EXIT_DONE;

	if (!prompt(word(WORD_PASSWORD), password) || !prompt(word(WORD_PASSWORD_AGAIN), again)) {
		print_error(word(WORD_PASSWORD_EMPTY), NULL);
		status = EXIT_FAILED;
	} else if (strcmp(password, again) != 0) {
		print_error(word(WORD_PASSWORDS_DIFFER), NULL);
		status = EXIT_FAILED;
	}
	explicit_bzero(again, sizeof(again));
	return status;
}

static int ask_terminal(char password[PASSWORD_SIZE])
{
	int status;

	terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (terminal < 0 || tcgetattr(terminal, &terminal_before) < 0) {
		if (terminal >= 0)
			close(terminal);
		print_error(word(WORD_NO_TERMINAL), NULL);
		return EXIT_USAGE;
	}
	status = type_twice(password);
	close(terminal);
	terminal = -1;
	return status;
}

static int generate(char password[PASSWORD_SIZE])
{
	unsigned char random[GENERATED_CHARACTERS];
	size_t at = 0;

	_Static_assert(sizeof(alphabet) == 33, "five bits choose a character");
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		print_error("getrandom", strerror(errno));
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < sizeof(random); i++) {
		if (i > 0 && i % GENERATED_GROUP == 0)
			password[at++] = '-';
		password[at++] = alphabet[random[i] % 32];
	}
	password[at] = '\0';
	explicit_bzero(random, sizeof(random));
	return EXIT_DONE;
}

int password_get(const struct options *options, char password[PASSWORD_SIZE])
{
	if (options->is_generate)
		return generate(password);
	if (!options->is_password_stdin)
		return ask_terminal(password);
	if (read_line(STDIN_FILENO, password))
		return EXIT_DONE;
	print_error(word(WORD_PASSWORD_EMPTY), NULL);
	return EXIT_FAILED;
}
