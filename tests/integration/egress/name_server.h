/* A DNS server whose answers the test decides, one by one. */
#ifndef SHOJI_TESTS_NAME_SERVER_H
#define SHOJI_TESTS_NAME_SERVER_H

#include <stdbool.h>
#include <stdint.h>

/* On 127.0.0.1; *port is chosen by the kernel. Returns its descriptor. */
int name_server_open(uint16_t *port);

/* Waits for the two queries (A and AAAA) of one lookup of `name`, at most 5 s, and answers them. v4 and v6:
 * NULL-terminated lists of addresses; NULL: none. Both NULL: there is no such name. */
void name_server_answer(int fd, const char *name, const char *const *v4, const char *const *v6);
/* Takes the two queries and says nothing. */
void name_server_ignore(int fd, const char *name);
/* Whether a query waits to be answered. */
bool name_server_was_asked(int fd);

#define ADDRESSES(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
