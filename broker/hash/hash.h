/* The hash role: computes and checks argon2id password hashes for keeper, one at a time. */
#ifndef SHOJI_HASH_HASH_H
#define SHOJI_HASH_HASH_H

#include "base/role.h"

int hash_run(const struct role_start *start);

#endif
