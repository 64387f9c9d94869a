/* Tries to get out of an isolated host. It is installed in a folder of its own under the name of
 * shoji-guest-init, so that the product's engine starts it in the product's walls, and nothing in the product
 * knows of it. Run outside of any walls it is its own positive control: everything must then succeed.
 *
 * --start-page=probe:NUMBER,PATH,... carries what to try (struct target); NUMBER is the machine's TCP port.
 * It writes a line of letters to standard error: for each probe in the order of the table o (open) or c
 * (closed), first as the host's first process, then again with all capabilities in a nested user namespace, which
 * is what a taken browser can have. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct target {
	unsigned port;       /* the machine's, on every address below */
	char secret[128];    /* a file that only root reads */
	char plain[128];     /* a file of the machine's that anybody reads */
	char neighbour[100]; /* another session's socket */
	char abstract[64];   /* an abstract socket of the machine's */
	int shm_key;         /* System V shared memory of the machine's */
	int process;         /* a process outside */
	char address[64];    /* the machine's address on the LGWAN side */
};

static struct target target;

static bool connects(int family, const void *address, socklen_t length)
{
	struct timeval soon = {.tv_sec = 2};
	int fd = socket(family, SOCK_STREAM, 0);
	bool is_open;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
	is_open = connect(fd, address, length) == 0;
	close(fd);
	return is_open;
}

static bool connects_ip(const char *text)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET, .sin_port = htons((uint16_t)target.port)};

	return inet_pton(AF_INET, text, &address.sin_addr) == 1 &&
	       connects(AF_INET, &address, sizeof(address));
}

static bool interface_other_than_lo(void)
{
	char name[IF_NAMESIZE];
	bool is_found = false;

	/* By ioctl: if_nameindex() asks netlink, which is refused whatever there is. */
	for (unsigned i = 1; i < 256; i++)
		is_found = is_found || (if_indextoname(i, name) && strcmp(name, "lo") != 0);
	return is_found;
}

static bool loopback_service(void)
{
	return connects_ip("127.0.0.1");
}

static bool lgwan_address(void)
{
	return connects_ip(target.address);
}

static bool metadata_address(void)
{
	return connects_ip("169.254.169.254");
}

static bool reads(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY);
	bool is_open = fd >= 0 && read(fd, &byte, 1) == 1;

	if (fd >= 0)
		close(fd);
	return is_open;
}

static bool keepers_file(void)
{
	return reads(target.secret);
}

static bool plain_file_of_the_machine(void)
{
	return reads(target.plain);
}

static bool shadow(void)
{
	return reads("/etc/shadow");
}

static bool accounts_of_the_machine(void)
{
	char text[4096] = "";
	int fd = open("/etc/passwd", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return n > 0 && strstr(text, "root:");
}

static bool neighbours_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", target.neighbour);
	return connects(AF_UNIX, &address, sizeof(address));
}

static bool abstract_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(target.abstract);

	memcpy(address.sun_path + 1, target.abstract, length);
	return connects(AF_UNIX, &address,
	        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length));
}

static bool shared_memory(void)
{
	return shmget(target.shm_key, 0, 0) >= 0;
}

static bool process_outside(void)
{
	return kill(target.process, 0) == 0;
}

static bool processes_listed(void)
{
	DIR *list = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	while (list && (entry = readdir(list)))
		n += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
	if (list)
		closedir(list);
	/* Ourselves and, with capabilities, two more. */
	return n > 3;
}

static bool writes_in(const char *folder)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/.shoji-probe", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return false;
	close(fd);
	unlink(path);
	return true;
}

/* Everything but home, /tmp and /dev/shm, which have a size. */
static bool writes_outside_its_tmpfs(void)
{
	static const char *const folders[] = {"/", "/usr", "/usr/lib", "/etc",
	        "/etc/chromium/policies/managed", "/etc/fonts", "/var", "/var/cache/fontconfig",
	        "/run", "/run/shoji", "/run/shoji/bin", "/run/shoji/guest", "/run/shoji/doors",
	        "/home", "/dev", "/dev/pts", "/proc", "/sys"};
	bool is_open = false;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (writes_in(folders[i]))
			is_open = true;
	return is_open;
}

static bool overwrites_programs(void)
{
	int fd = open("/usr/bin/env", O_WRONLY);
	int own = open("/run/shoji/bin/shoji-guest-init", O_WRONLY);

	if (fd >= 0)
		close(fd);
	if (own >= 0)
		close(own);
	return fd >= 0 || own >= 0;
}

static bool mounts(void)
{
	bool is_open = mount("none", "/tmp", "tmpfs", 0, NULL) == 0;

	if (is_open)
		umount("/tmp");
	/* Making a read-only wall writable again. */
	return is_open || mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL) == 0;
}

static bool socket_opens(int family, int protocol)
{
	int fd = socket(family, SOCK_RAW, protocol);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Netfilter and the other families behind netlink: with capabilities in a nested namespace they open up. */
static bool netlink_families(void)
{
	return socket_opens(AF_NETLINK, NETLINK_ROUTE) ||
	       socket_opens(AF_NETLINK, NETLINK_GENERIC) ||
	       socket_opens(AF_NETLINK, NETLINK_NETFILTER);
}

/* Refused for want of a capability is a wall as well: hence a network in which we have all of them. */
static bool table_opens(int family, int level, int option)
{
	uint8_t bytes[64] = {0};
	int fd = socket(family, SOCK_RAW, IPPROTO_RAW);
	bool is_open = false;

	if (fd < 0)
		return true; /* not even in a network of our own: the probe would say nothing */
	if (setsockopt(fd, level, option, bytes, sizeof(bytes)) == 0 || errno != EPERM)
		is_open = true;
	close(fd);
	return is_open;
}

/* As a number whose upper half the kernel does not look at. */
static bool table_opens_by_wide_number(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	long result =
	        syscall(SYS_setsockopt, fd, (long)IPPROTO_IP | 1L << 32, 64L | 1L << 32, "", 0);
	bool is_open = result == 0 || errno != EPERM;

	close(fd);
	return is_open;
}

/* iptables, ip6tables, arptables, ebtables: options of IP sockets. */
static bool tables(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 && unshare(CLONE_NEWNET) < 0)
			_exit(1);
		_exit(table_opens(AF_INET, IPPROTO_IP, 64) ||
		        table_opens(AF_INET, IPPROTO_IP, 96) ||
		        table_opens(AF_INET, IPPROTO_IP, 128) ||
		        table_opens(AF_INET6, IPPROTO_IPV6, 64) || table_opens_by_wide_number());
	}
	waitpid(pid, &status, 0);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* Sockets that know no network namespace: vsock reaches the hypervisor. */
static bool other_families(void)
{
	int alg = socket(AF_ALG, SOCK_SEQPACKET, 0);
	int vsock = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (alg >= 0)
		close(alg);
	if (vsock >= 0)
		close(vsock);
	return alg >= 0 || vsock >= 0;
}

static bool keyrings(void)
{
	return syscall(SYS_add_key, "user", "shoji-probe", "x", 1, -2 /* process keyring */) >= 0;
}

static bool io_rings(void)
{
	struct io_uring_params parameters = {0};
	long fd = syscall(SYS_io_uring_setup, 1, &parameters);

	if (fd >= 0)
		close((int)fd);
	/* Switched off for the whole machine is not a wall of ours: then it counts as open, for the control. */
	return fd >= 0 || (errno != EPERM && errno != ENOSYS);
}

/* 0 the RFB door, 1 and 2 the engine's errors, the text door, and the one that says that we stand. */
static int descriptors_expected = 5;

static bool descriptors_inherited(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n > descriptors_expected;
}

static bool environment_of_the_broker(void)
{
	return getenv("SHOJI_PROBE_SECRET") != NULL;
}

static bool devices(void)
{
	static const char *const names[] = {"/dev/vda", "/dev/sda", "/dev/mem", "/dev/kmsg",
	        "/dev/fuse", "/dev/net/tun", "/dev/loop-control"};
	struct stat status;
	bool is_open = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		is_open = is_open || stat(names[i], &status) == 0;
	return is_open;
}

static bool sysfs(void)
{
	return reads("/sys/kernel/uevent_seqnum") || access("/sys/fs/cgroup", F_OK) == 0;
}

static const struct {
	const char *name;
	bool (*is_open)(void);
} probes[] = {
        {"interface-other-than-lo", interface_other_than_lo},
        {"loopback-service", loopback_service},
        {"lgwan-address", lgwan_address},
        {"169.254.169.254", metadata_address},
        {"keepers-file", keepers_file},
        {"plain-file-of-the-machine", plain_file_of_the_machine},
        {"etc-shadow", shadow},
        {"accounts-of-the-machine", accounts_of_the_machine},
        {"neighbours-socket", neighbours_socket},
        {"abstract-socket", abstract_socket},
        {"shared-memory", shared_memory},
        {"process-outside", process_outside},
        {"processes-listed", processes_listed},
        {"writes-outside-its-tmpfs", writes_outside_its_tmpfs},
        {"overwrites-programs", overwrites_programs},
        {"mounts", mounts},
        {"netlink-families", netlink_families},
        {"tables", tables},
        {"other-families", other_families},
        {"keyrings", keyrings},
        {"io-rings", io_rings},
        {"descriptors-inherited", descriptors_inherited},
        {"environment-of-the-broker", environment_of_the_broker},
        {"devices", devices},
        {"sysfs", sysfs},
};
#define N_PROBES (sizeof(probes) / sizeof(probes[0]))

static void run(char *out)
{
	for (size_t i = 0; i < N_PROBES; i++)
		out[i] = probes[i].is_open() ? 'o' : 'c';
}

/* What Chromium's own sandbox begins with; a taken browser process can do the same and stay there. */
static bool become_capable(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
}

static void run_capable(char *out)
{
	int ends[2];

	memset(out, '?', N_PROBES);
	if (pipe(ends) < 0)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		char result[N_PROBES];
		close(ends[0]);
		descriptors_expected++; /* the pipe to our parent */
		memset(result, 'n', sizeof(result));
		if (become_capable())
			run(result);
		ssize_t ignored = write(ends[1], result, sizeof(result));
		(void)ignored;
		_exit(0);
	}
	close(ends[1]);
	size_t got = 0;
	ssize_t n;
	while (got < N_PROBES && (n = read(ends[0], out + got, N_PROBES - got)) > 0)
		got += (size_t)n;
	close(ends[0]);
	waitpid(pid, NULL, 0);
}

static bool read_target(const char *text)
{
	return sscanf(text, "--start-page=probe:%u,%127[^,],%127[^,],%99[^,],%63[^,],%d,%d,%63[^,]",
	               &target.port, target.secret, target.plain, target.neighbour, target.abstract,
	               &target.shm_key, &target.process, target.address) == 8;
}

int main(int argc, char *argv[])
{
	char out[2 * N_PROBES + 2];
	bool is_told = false;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (size_t i = 0; i < N_PROBES; i++)
			printf("%s\n", probes[i].name);
		return 0;
	}
	for (int i = 1; i < argc; i++)
		is_told = is_told || read_target(argv[i]);
	if (!is_told) {
		fprintf(stderr, "probe: nothing to try");
		return 64;
	}
	run(out);
	out[N_PROBES] = ' ';
	run_capable(out + N_PROBES + 1);
	out[2 * N_PROBES + 1] = '\0';
	fprintf(stderr, "%s", out);
	return 0;
}
