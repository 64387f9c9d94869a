/* Stand-ins for every role, for the tests of monitor: they follow the message table, or break it
 * when told to. */
#ifndef SHOJI_TESTS_UNIT_MONITOR_ROLES_H
#define SHOJI_TESTS_UNIT_MONITOR_ROLES_H

/* A stand-in finds its test's folder from --root (FOLDER/data or FOLDER/run/empty), and there:
 *   journal         what it was told, a line each; everyone appends
 *   mode.ROLE       how it misbehaves: one word, read when it starts
 *   keeper.orders   what keeper is to say; removed when it was said. Lines:
 *                     start LEASE SLOT WIDTH HEIGHT | stop LEASE REASON | snapshot REQUEST LEASE
 *   leases          what keeper holds when it starts: LEASE SLOT a line
 *
 * modes: "exit" (at once); gate, egress, hash, keeper: "out-of-turn"; shepherd: "silent",
 * "unasked-rfb", "other-lease", "ends", "deaf", "slow-end"; capture: "exit-N", "sigsys",
 * "first-picture"; encode: "exit-N", "first-picture", "no-picture", "lying-snapshot",
 * "slow-snapshot", "film" (one plays from the beginning). */

/* Never returns when this process was started as a role. */
void monitor_roles_dispatch(int argc, char **argv);

#endif
