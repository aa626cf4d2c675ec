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

/* Called with a row as bytes, or with the length -1 where there was no memory for it. `is_added` is 0 for one that goes. */
typedef void (*mneedle_row_seen)(void *context, const char *table, int is_added, const unsigned char *row, long length);
/* Whether a table's rows are summed up. */
int mneedle_sqlite_is_summed(const char *table);
/* Has a connection tell each row that it adds and each that it takes away, of the tables that are summed up; a row that is
 * changed is both. A statement that fails afterwards has told them all the same. */
int mneedle_sqlite_watch_rows(struct sqlite3 *connection, void *context, mneedle_row_seen seen);
/* Tells all rows of a table as added ones. */
int mneedle_sqlite_read_rows(struct sqlite3 *connection, const char *table, void *context, mneedle_row_seen seen);

#endif
