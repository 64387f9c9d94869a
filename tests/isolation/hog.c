/* A hostile first process of an isolated host: takes all that it can get. Installed in a folder of its own under
 * the name of shoji-guest-init. --start-page=hog:idle|fork|memory|tmpfs|exit says how. Whoever connects to the
 * RFB door is told "PROCESSES MIB\n": how many times fork worked, how many MiB of tmpfs it has filled. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIB ((size_t)1024 * 1024)
#define HOG_BYTES (2048 * MIB)

struct shared {
	volatile uint32_t n_forks;
	volatile uint32_t n_mib;
};

#define TEXT_DOOR (STDERR_FILENO + 1)

static struct shared *shared;

/* Enough to be noticed, and not so many that a product that fails takes the machine with it. */
#define FORKS_MAX 2000

static void bomb(void)
{
	for (;;) {
		pid_t pid = shared->n_forks < FORKS_MAX ? fork() : -1;
		if (pid > 0)
			__sync_fetch_and_add(&shared->n_forks, 1);
		if (pid < 0)
			usleep(1000);
	}
}

static void eat(void)
{
	for (size_t eaten = 0; eaten < HOG_BYTES; eaten += 16 * MIB) {
		char *memory = mmap(
		        NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			break;
		memset(memory, 1, 16 * MIB);
		/* As fast as a page allocates, not as fast as memset can: watch looks twice a second. */
		usleep(20000);
	}
	for (;;)
		pause();
}

static void fill_in(const char *folder)
{
	static char block[1024 * 1024];
	char path[128];

	snprintf(path, sizeof(path), "%s/filler", folder);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return;
	while (write(fd, block, sizeof(block)) == (ssize_t)sizeof(block))
		shared->n_mib++;
	close(fd);
}

static void fill(void)
{
	static const char *const folders[] = {"/", "/etc", "/dev", "/run", "/run/shoji", "/var",
	        "/tmp", "/home/user", "/dev/shm", "/run/shoji/doors"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		fill_in(folders[i]);
	for (;;)
		pause();
}

/* Who comes to the text door is let in and goes: a queue that nobody takes from is full after a few, and the door then
 * takes no connection. */
static void serve(void)
{
	struct pollfd doors[2] = {
	        {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = TEXT_DOOR, .events = POLLIN}};

	for (;;) {
		char text[64];
		poll(doors, 2, -1);
		int asks_nothing = doors[1].revents ? accept(TEXT_DOOR, NULL, NULL) : -1;
		if (asks_nothing >= 0)
			close(asks_nothing);
		int fd = doors[0].revents ? accept(STDIN_FILENO, NULL, NULL) : -1;
		if (fd < 0) {
			usleep(1000);
			continue;
		}
		snprintf(text, sizeof(text), "%u %u\n", shared->n_forks, shared->n_mib);
		send(fd, text, strlen(text), MSG_NOSIGNAL);
		close(fd);
	}
}

static const char *find_mode(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--start-page=hog:", 17) == 0)
			return argv[i] + 17;
	return "";
}

static int find_text_door(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--text-door=", 12) == 0)
			return atoi(argv[i] + 12);
	return -1;
}

int main(int argc, char *argv[])
{
	const char *mode = find_mode(argc, argv);

	shared = mmap(
	        NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	signal(SIGCHLD, SIG_IGN);
	int nowhere = open("/dev/null", O_RDWR);
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	/* We stand. */
	if (find_text_door(argc, argv) != TEXT_DOOR)
		dup2(find_text_door(argc, argv), TEXT_DOOR);
	close_range(TEXT_DOOR + 1, ~0u, 0);
	if (strcmp(mode, "exit") == 0)
		return 67;
	if (strcmp(mode, "idle") != 0 && fork() == 0) {
		if (strcmp(mode, "fork") == 0)
			bomb();
		if (strcmp(mode, "memory") == 0)
			eat();
		fill();
	}
	serve();
}
