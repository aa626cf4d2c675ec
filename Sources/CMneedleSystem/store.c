#include "CMneedleSystem.h"

#include <sqlite3.h>

int mneedle_sqlite_configure(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
