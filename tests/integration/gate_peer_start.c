/* gate's process, started and set up as monitor does, and what it takes of the machine. */
#include "gate_peer.h"

#include "base/assets.h"
#include "base/role.h"
#include "gate/gate.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 24);

	if (!file || !bytes)
		peer_die(path);
	*length = fread(bytes, 1, 1 << 24, file);
	fclose(file);
	return bytes;
}

static int memfd_of(const char *path)
{
	size_t length;
	int fd;
	uint8_t *bytes = read_file(path, &length);

	if (memfd_sealed("file", bytes, length, &fd))
		peer_die("memfd");
	free(bytes);
	return fd;
}

static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot && !strcmp(dot, ".html"))
		return "text/html; charset=utf-8";
	return dot && !strcmp(dot, ".js") ? "text/javascript; charset=utf-8"
	                                  : "application/octet-stream";
}

static int bundle_of(const char *folder)
{
	struct assets_writer writer;
	struct dirent *entry;
	DIR *dir = opendir(folder);
	int fd;

	if (!dir || assets_writer_init(&writer))
		peer_die(folder);
	while ((entry = readdir(dir))) {
		char path[1024];
		size_t length;
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		uint8_t *bytes = read_file(path, &length);
		assets_writer_add(&writer, entry->d_name, type_of(entry->d_name), bytes, length);
		free(bytes);
	}
	closedir(dir);
	if (assets_writer_finish(&writer, &fd))
		peer_die("assets");
	return fd;
}

static int listen_any(unsigned *port)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 256) < 0)
		peer_die("listen");
	getsockname(fd, (struct sockaddr *)&address, &length);
	*port = ntohs(address.sin_port);
	return fd;
}

/* As root it is confined as in the product. */
int gate_become(const char *root)
{
	struct role_start start = {.name = "gate"};

	if (getuid() == 0)
		start.identity =
		        (struct sandbox_identity){.uid = 60991, .gid = 60991, .root = root};
	return gate_run(&start);
}

int gate_spawn(const char *root, pid_t *pid)
{
	int ours, theirs;
	char program[1024] = {0};

	if (channel_pair(&ours, &theirs) ||
	        readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		peer_die("spawn");
	*pid = fork();
	if (*pid == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		if (theirs == ROLE_CHANNEL_FD)
			fcntl(theirs, F_SETFD, 0);
		else
			dup2(theirs, ROLE_CHANNEL_FD);
		close_range(ROLE_CHANNEL_FD + 1, ~0u, 0);
		execl(program, program, "--gate", root, (char *)NULL);
		_exit(127);
	}
	close(theirs);
	return ours;
}

void gate_set_up(struct channel *monitor, int keeper, char **arguments, unsigned *port)
{
	size_t length;
	uint8_t *config = read_file(arguments[0], &length);
	struct message_setup_gate setup = {.config = config,
	        .config_length = (uint32_t)length,
	        .listener = listen_any(port),
	        .certificate = memfd_of(arguments[1]),
	        .key = memfd_of(arguments[2]),
	        .assets = bundle_of(arguments[3]),
	        .keeper = keeper};

	CHANNEL_SEND_VALUE(monitor, setup_gate, &setup);
	close(setup.listener);
	close(setup.keeper);
	close(setup.assets);
	close(setup.certificate);
	close(setup.key);
	free(config);
}

long gate_pss_kib(pid_t pid)
{
	char path[64], text[256];
	long pss = -1;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	FILE *file = fopen(path, "r");
	while (file && fgets(text, sizeof(text), file))
		if (sscanf(text, "Pss: %ld", &pss) == 1)
			break;
	if (file)
		fclose(file);
	return pss;
}

long gate_count_fds(pid_t pid)
{
	char path[64];
	long n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n - 2;
}
