/* A list of what is refused, not of what is allowed: Chromium, X and the libraries below them call most of the
 * kernel, and Chromium puts a far narrower filter on its renderers itself. What is refused here either leads
 * around a namespace (vsock reaches a hypervisor from any network namespace) or has often been the way from a
 * taken browser into the kernel. */
#include "shepherd/host_filter.h"

#include "base/error.h"

#include <errno.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static const int refused[] = {
        /* keyrings are the machine's, not the namespace's */
        SCMP_SYS(add_key),
        SCMP_SYS(keyctl),
        SCMP_SYS(request_key),
        /* large parts of the kernel that a browser has no use for */
        SCMP_SYS(bpf),
        SCMP_SYS(perf_event_open),
        SCMP_SYS(userfaultfd),
        SCMP_SYS(io_uring_setup),
        SCMP_SYS(io_uring_enter),
        SCMP_SYS(io_uring_register),
        SCMP_SYS(vmsplice),
        SCMP_SYS(fanotify_init),
        SCMP_SYS(lookup_dcookie),
        SCMP_SYS(uselib),
        SCMP_SYS(remap_file_pages),
        SCMP_SYS(move_pages),
        SCMP_SYS(mbind),
        SCMP_SYS(migrate_pages),
        /* the machine's administration: denied anyway, never even looked at */
        SCMP_SYS(init_module),
        SCMP_SYS(finit_module),
        SCMP_SYS(delete_module),
        SCMP_SYS(kexec_load),
        SCMP_SYS(kexec_file_load),
        SCMP_SYS(reboot),
        SCMP_SYS(swapon),
        SCMP_SYS(swapoff),
        SCMP_SYS(acct),
        SCMP_SYS(quotactl),
        SCMP_SYS(syslog),
        SCMP_SYS(nfsservctl),
        SCMP_SYS(iopl),
        SCMP_SYS(ioperm),
        SCMP_SYS(settimeofday),
        SCMP_SYS(clock_settime),
        SCMP_SYS(adjtimex),
        SCMP_SYS(clock_adjtime),
        /* opening by handle walks around mount namespaces */
        SCMP_SYS(open_by_handle_at),
        SCMP_SYS(name_to_handle_at),
        /* new mounts and namespaces to enter: a nested user namespace (Chromium's sandbox makes one) would grant them */
        SCMP_SYS(mount),
        SCMP_SYS(umount2),
        SCMP_SYS(pivot_root),
        SCMP_SYS(fsopen),
        SCMP_SYS(fsconfig),
        SCMP_SYS(fsmount),
        SCMP_SYS(fspick),
        SCMP_SYS(open_tree),
        SCMP_SYS(move_mount),
        SCMP_SYS(mount_setattr),
        SCMP_SYS(setns),
};

static struct scmp_arg_cmp argument(unsigned n, enum scmp_compare compare, int value)
{
	return (struct scmp_arg_cmp){.arg = n, .op = compare, .datum_a = (scmp_datum_t)value};
}

static int refuse_family(scmp_filter_ctx filter, enum scmp_compare compare, int family)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
	        argument(0, compare, family));
}

/* Left are local sockets and IP (there is only lo). Netlink would open up in a nested user namespace with a network of
 * its own: traffic control, netfilter. Chromium asks it which interfaces there are and, refused, takes itself for
 * online; the C library's name look-up takes both kinds of IP for present. Rules for one call are alternatives,
 * so the gap between the permitted families is refused one by one. */
static int refuse_sockets(scmp_filter_ctx filter)
{
	int error = refuse_family(filter, SCMP_CMP_LT, AF_UNIX);

	for (int family = AF_INET + 1; family < AF_INET6; family++)
		error |= refuse_family(filter, SCMP_CMP_EQ, family);
	error |= refuse_family(filter, SCMP_CMP_GT, AF_INET6);
	return error;
}

/* The kernel looks at 32 bits only. */
static struct scmp_arg_cmp level_is(int level)
{
	return (struct scmp_arg_cmp){.arg = 1,
	        .op = SCMP_CMP_MASKED_EQ,
	        .datum_a = UINT32_MAX,
	        .datum_b = (scmp_datum_t)level};
}

static struct scmp_arg_cmp option_is(int option)
{
	return (struct scmp_arg_cmp){.arg = 2,
	        .op = SCMP_CMP_MASKED_EQ,
	        .datum_a = UINT32_MAX,
	        .datum_b = (scmp_datum_t)option};
}

/* iptables, arptables, ebtables: reached by socket options of any IP socket, and loaded by asking. Above 63 the
 * options of IPPROTO_IP are theirs alone; of IPPROTO_IPV6 some are the traffic class, which Chromium sets. */
static int refuse_tables(scmp_filter_ctx filter)
{
	static const int calls[] = {SCMP_SYS(setsockopt), SCMP_SYS(getsockopt)};
	static const int ipv6[] = {64, 65, 68, 69};
	int error = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		error |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 2,
		        level_is(IPPROTO_IP), argument(2, SCMP_CMP_GE, 64));
		for (size_t j = 0; j < sizeof(ipv6) / sizeof(ipv6[0]); j++)
			error |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 2,
			        level_is(IPPROTO_IPV6), option_is(ipv6[j]));
	}
	return error;
}

static int fill(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
		/* Calls that this architecture never had. */
		if (error && error != -EDOM)
			return error;
	}
	int error = refuse_sockets(filter);
	return error ? error : refuse_tables(filter);
}

int host_filter_open(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int fd = memfd_create("host-filter", MFD_CLOEXEC);

	if (!filter || fd < 0 || fill(filter) || seccomp_export_bpf(filter, fd) ||
	        lseek(fd, 0, SEEK_SET) != 0) {
		seccomp_release(filter);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	seccomp_release(filter);
	return fd;
}
