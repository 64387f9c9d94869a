/* A network of the test's own: only lo, and every address of IPv4 and IPv6 that can be routed leads to it. */
#ifndef SHOJI_TESTS_OWN_NETWORK_H
#define SHOJI_TESTS_OWN_NETWORK_H

/* Once, in main(). Works as root, and as anybody where user namespaces are permitted. 0 or -1 (said on stderr). */
int own_network_enter(void);
/* Gives lo one more address: it is then one of the machine's own. */
int own_network_add_address(const char *v4);

#endif
