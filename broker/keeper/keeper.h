/* The keeper role: people, leases and the audit log. It decides who may enter; it has no network. */
#ifndef SHOJI_KEEPER_KEEPER_H
#define SHOJI_KEEPER_KEEPER_H

#include "base/role.h"

int keeper_run(const struct role_start *start);

#endif
