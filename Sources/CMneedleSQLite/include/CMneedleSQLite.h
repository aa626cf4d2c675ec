#ifndef C_MNEEDLE_SQLITE_H
#define C_MNEEDLE_SQLITE_H

/* What SQLite takes as variadic arguments, which Swift does not see. */

/* Has SQLite keep no statistics of its memory, for which it would take a lock at every
 * allocation. Only before its first use; later it answers an error and changes nothing. */
int mneedle_sqlite_configure(void);

struct sqlite3;
/* Has a connection refuse statements that could damage the file on purpose: SQLite's defensive mode. */
int mneedle_sqlite_harden(struct sqlite3 *connection);
/* Has a connection leave the log beside the file alone when it is closed, or bring it in and remove it. */
void mneedle_sqlite_leave_log(struct sqlite3 *connection, int leaves);

#endif
