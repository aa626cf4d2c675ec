#ifndef C_MNEEDLE_FAULTS_H
#define C_MNEEDLE_FAULTS_H

#include <stdint.h>

/* A disk for tests, as a file system of SQLite's (a VFS) over its own for unix: calls fail when a test says so, and the
 * power goes when a test says so. Nothing is synced in truth: what a sync would have made certain is kept in memory.
 * Every function may be called from any thread. */

enum mneedle_call {
    MNEEDLE_OPEN,
    MNEEDLE_READ,
    MNEEDLE_WRITE,
    MNEEDLE_SYNC,
    MNEEDLE_TRUNCATE,
    MNEEDLE_FILE_SIZE,
    MNEEDLE_SHM_MAP,
    MNEEDLE_DELETE,
    MNEEDLE_ACCESS,
    MNEEDLE_CALLS
};

struct mneedle_disk;

/* Registers a file system under a name that no other has; NULL when that fails. */
struct mneedle_disk *mneedle_disk_make(const char *name);
/* Takes it away again. No file may be open on it. */
void mneedle_disk_free(struct mneedle_disk *disk);

/* Counts calls anew and has those of one kind fail: the n-th from now, and so many after it. `code` is the result that
 * SQLite gets. A write that is `torn` has done half of its work before it fails. */
void mneedle_disk_fail(struct mneedle_disk *disk, enum mneedle_call call, int64_t nth, int64_t times, int code, int torn);
/* Has no call fail any more. */
void mneedle_disk_mend(struct mneedle_disk *disk);
/* How many calls have failed since mneedle_disk_fail. */
int64_t mneedle_disk_failures(struct mneedle_disk *disk);

/* How many writings to a database or its log were asked for. */
int64_t mneedle_disk_writings(struct mneedle_disk *disk);

/* Has the power go at the n-th call from now that changes the disk: that call and all later ones fail. 0: never. */
void mneedle_disk_cut(struct mneedle_disk *disk, int64_t nth);
/* Whether the power has gone. */
int mneedle_disk_is_cut(struct mneedle_disk *disk);

/* Writes into an empty folder what the disk could hold if the power went now: everything that was synced, and by luck
 * any part of the rest, in sectors of 512 bytes. Then the power is back and nothing is known of any file. No file may be
 * open. The same seed gives the same luck. 0, or the number of the system's error. */
int mneedle_disk_crash(struct mneedle_disk *disk, const char *folder, uint64_t seed);

#endif
