#include "CMneedleSQLite.h"

#include <sqlite3.h>
#include <stddef.h>

int mneedle_sqlite_configure(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

int mneedle_sqlite_harden(struct sqlite3 *connection)
{
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
}

void mneedle_sqlite_leave_log(struct sqlite3 *connection, int leaves)
{
    sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leaves, NULL);
}
