/* A network line of a given rate, delay and loss between this network namespace and another one: two TUN devices
 * and packets carried between them. It does what "tc qdisc add .. netem" does, for kernels that have no netem
 * (that of our build machines has none), and it is gone, devices and all, when the process is.
 * Bench tool: stands outside the product.
 *
 * usage: netline PID NAME ADDRESS_HERE ADDRESS_THERE KBIT_PER_S DELAY_MS LOSS_PERCENT
 *   PID: a process in the other namespace. Delay is one way; rate, delay and loss hold both ways; a rate of 0
 *   is refused. Prints READY when packets flow. Each way has a queue of 250 ms of its rate, at least 64 KiB; what does
 *   not fit is dropped, as a router does. Loss is drawn from a fixed seed: the same in each run. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MTU 1500
#define PACKETS_MAX 16384
#define QUEUE_MS 250
#define QUEUE_BYTES_MIN 65536

struct packet {
	double due_ms;
	uint16_t length;
	uint8_t data[MTU];
};

/* One way. */
struct way {
	int from, to;
	double rate_bytes_per_ms, delay_ms, loss;
	double free_ms; /* when the wire is free again */
	size_t queue_bytes_max;
	struct packet *packets; /* a ring */
	size_t first, n;
};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void set_address(int control, const char *name, unsigned long request, const char *address)
{
	struct ifreq device = {0};
	struct sockaddr_in *to = (struct sockaddr_in *)(void *)&device.ifr_addr;

	snprintf(device.ifr_name, sizeof(device.ifr_name), "%s", name);
	to->sin_family = AF_INET;
	if (inet_pton(AF_INET, address, &to->sin_addr) != 1 || ioctl(control, request, &device))
		fail(address);
}

static void bring_up(const char *name, const char *here, const char *there)
{
	struct ifreq device = {0};
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	set_address(control, name, SIOCSIFADDR, here);
	set_address(control, name, SIOCSIFDSTADDR, there);
	snprintf(device.ifr_name, sizeof(device.ifr_name), "%s", name);
	device.ifr_flags = IFF_UP | IFF_RUNNING | IFF_POINTOPOINT;
	if (ioctl(control, SIOCSIFFLAGS, &device))
		fail("interface up");
	close(control);
}

static int open_device(const char *name, const char *here, const char *there)
{
	struct ifreq device = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	snprintf(device.ifr_name, sizeof(device.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &device))
		fail("/dev/net/tun");
	bring_up(name, here, there);
	return fd;
}

static void enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(path);
	close(fd);
}

static void way_init(
        struct way *self, int from, int to, double kbit_per_s, double delay, double loss)
{
	double rate = kbit_per_s / 8;
	size_t queue = (size_t)(rate * QUEUE_MS);

	*self = (struct way){.from = from,
	        .to = to,
	        .rate_bytes_per_ms = rate,
	        .delay_ms = delay,
	        .loss = loss / 100,
	        .queue_bytes_max = queue > QUEUE_BYTES_MIN ? queue : QUEUE_BYTES_MIN,
	        .packets = calloc(PACKETS_MAX, sizeof(struct packet))};
	if (!self->packets)
		fail("memory");
}

/* When it will have left the wire, were it put on it now; -1: the queue is full. */
static double due_ms(struct way *self, size_t length)
{
	double now = now_ms(), start = self->free_ms > now ? self->free_ms : now;

	if (self->n == PACKETS_MAX ||
	        (start - now) * self->rate_bytes_per_ms > (double)self->queue_bytes_max)
		return -1;
	self->free_ms = start + (double)length / self->rate_bytes_per_ms;
	return self->free_ms + self->delay_ms;
}

static void take(struct way *self)
{
	for (;;) {
		struct packet *packet = &self->packets[(self->first + self->n) % PACKETS_MAX];
		static uint8_t dropped[MTU];
		bool is_full = self->n == PACKETS_MAX;
		ssize_t length = read(self->from, is_full ? dropped : packet->data, MTU);
		if (length <= 0)
			return;
		double due = due_ms(self, (size_t)length);
		if (due < 0 || drand48() < self->loss)
			continue;
		packet->due_ms = due;
		packet->length = (uint16_t)length;
		self->n++;
	}
}

/* Milliseconds until the next one is due; -1: none. */
static double deliver(struct way *self)
{
	while (self->n > 0) {
		struct packet *packet = &self->packets[self->first];
		double left = packet->due_ms - now_ms();
		if (left > 0)
			return left;
		/* A device that is full drops it, as a wire would. */
		if (write(self->to, packet->data, packet->length) < 0) {
		}
		self->first = (self->first + 1) % PACKETS_MAX;
		self->n--;
	}
	return -1;
}

static void carry(struct way *ways)
{
	for (;;) {
		double a = deliver(&ways[0]), b = deliver(&ways[1]);
		double left = a < 0 ? b : b < 0 || a < b ? a : b;
		struct timespec wait = {.tv_sec = (time_t)(left / 1000),
		        .tv_nsec = (long)(left * 1e6) % 1000000000};
		struct pollfd ready[2] = {{.fd = ways[0].from, .events = POLLIN},
		        {.fd = ways[1].from, .events = POLLIN}};
		ppoll(ready, 2, left < 0 ? NULL : &wait, NULL);
		take(&ways[0]);
		take(&ways[1]);
	}
}

int main(int argc, char **argv)
{
	struct way ways[2];
	char path[64];

	if (argc != 8 || atoi(argv[1]) < 1 || atof(argv[5]) <= 0 || atof(argv[6]) < 0 ||
	        atof(argv[7]) < 0) {
		fprintf(stderr, "usage: netline PID NAME ADDRESS_HERE ADDRESS_THERE KBIT_PER_S "
		                "DELAY_MS LOSS_PERCENT\n");
		return 2;
	}
	/* Whoever measures may end in any way. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1000L);
	srand48(1);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", atoi(argv[1]));
	int here = open_device(argv[2], argv[3], argv[4]);
	enter(path);
	int there = open_device(argv[2], argv[4], argv[3]);
	way_init(&ways[0], here, there, atof(argv[5]), atof(argv[6]), atof(argv[7]));
	way_init(&ways[1], there, here, atof(argv[5]), atof(argv[6]), atof(argv[7]));
	printf("READY\n");
	fflush(stdout);
	carry(ways);
}
