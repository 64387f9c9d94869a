/* Network namespaces and a few netlink messages. With "local 0.0.0.0/0 dev lo" the kernel takes every address for
 * its own, so that a listener on any address is reached by all of them: nothing leaves, and nothing that egress
 * refuses would have failed by itself. */
#include "integration/egress/own_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LO_INDEX 1

struct request {
	struct nlmsghdr header;
	union {
		struct rtmsg route;
		struct ifaddrmsg address;
	} body;
	char attributes[128];
};

static void add_attribute(
        struct request *request, unsigned short type, const void *data, unsigned short length)
{
	struct rtattr *attribute =
	        (struct rtattr *)(void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(length);
	memcpy(RTA_DATA(attribute), data, length);
	request->header.nlmsg_len =
	        NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

static int send_request(struct request *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char more[512];
	} reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int result = -1;

	request->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	if (fd >= 0 && send(fd, request, request->header.nlmsg_len, 0) >= 0 &&
	        recv(fd, &reply, sizeof(reply), 0) >= 0 && reply.header.nlmsg_type == NLMSG_ERROR &&
	        reply.error.error == 0)
		result = 0;
	if (result)
		perror("netlink");
	close(fd);
	return result;
}

static int route_everything(unsigned char family)
{
	struct request request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
	                                  .nlmsg_type = RTM_NEWROUTE}};
	int index = LO_INDEX;

	request.body.route = (struct rtmsg){.rtm_family = family,
	        .rtm_table = RT_TABLE_LOCAL,
	        .rtm_protocol = RTPROT_STATIC,
	        .rtm_scope = RT_SCOPE_HOST,
	        .rtm_type = RTN_LOCAL};
	add_attribute(&request, RTA_OIF, &index, sizeof(index));
	return send_request(&request);
}

int own_network_add_address(const char *v4)
{
	struct request request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
	                                  .nlmsg_type = RTM_NEWADDR}};
	struct in_addr address;

	if (inet_pton(AF_INET, v4, &address) != 1)
		return -1;
	request.body.address = (struct ifaddrmsg){
	        .ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = LO_INDEX};
	add_attribute(&request, IFA_LOCAL, &address, sizeof(address));
	return send_request(&request);
}

static int bring_lo_up(void)
{
	struct ifreq interface = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &interface);

	close(fd);
	return result;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	close(fd);
	return n < 0 ? -1 : 0;
}

/* Root of a user namespace, where we are not root. */
static int become_root(void)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -1;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (write_file("/proc/self/uid_map", map) || write_file("/proc/self/setgroups", "deny"))
		return -1;
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return write_file("/proc/self/gid_map", map);
}

int own_network_enter(void)
{
	int result = geteuid() == 0 ? unshare(CLONE_NEWNET) : become_root();

	if (!result)
		result = bring_lo_up();
	if (!result)
		result = route_everything(AF_INET);
	if (!result)
		result = route_everything(AF_INET6);
	if (result)
		perror("cannot make a network for the tests (needs root or user namespaces)");
	return result;
}
