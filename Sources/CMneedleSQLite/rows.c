/* Rows as bytes, as they are changed and as they are read: the same values give the same bytes. */
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include "CMneedleSQLite.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct row {
    unsigned char *bytes;
    size_t length, room;
    int failed;
    /* NULLs that no other value has followed yet: a row from before a column was added has fewer of them. */
    int nulls;
};

static void add(struct row *row, const void *bytes, size_t count)
{
    if (row->failed || count == 0)
        return;
    if (row->room - row->length < count) {
        size_t room = (row->length + count) * 2;
        unsigned char *grown = realloc(row->bytes, room);
        if (grown == NULL) {
            row->failed = 1;
            return;
        }
        row->bytes = grown;
        row->room = room;
    }
    memcpy(row->bytes + row->length, bytes, count);
    row->length += count;
}

static void add_number(struct row *row, unsigned char type, const void *eight)
{
    add(row, &type, 1);
    add(row, eight, 8);
}

static void clear(struct row *row)
{
    row->length = 0;
    row->failed = 0;
    row->nulls = 0;
}

static void add_value(struct row *row, sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) {
        row->nulls++;
        return;
    }
    for (unsigned char null = 5; row->nulls > 0; row->nulls--)
        add(row, &null, 1);
    if (type == SQLITE_FLOAT) {
        double real = sqlite3_value_double(value);
        /* A column of reals keeps whole ones as integers, and gives them as the one or the other. */
        if (real >= -9e15 && real <= 9e15 && floor(real) == real) {
            sqlite3_int64 whole = (sqlite3_int64)real;
            add_number(row, 1, &whole);
        } else {
            add_number(row, 2, &real);
        }
    } else if (type == SQLITE_INTEGER) {
        sqlite3_int64 whole = sqlite3_value_int64(value);
        add_number(row, 1, &whole);
    } else {
        const void *bytes = type == SQLITE_TEXT ? (const void *)sqlite3_value_text(value) : sqlite3_value_blob(value);
        sqlite3_int64 count = sqlite3_value_bytes(value);
        add_number(row, type == SQLITE_TEXT ? 3 : 4, &count);
        if (bytes == NULL && count > 0)
            row->failed = 1;
        else
            add(row, bytes, (size_t)count);
    }
}

/* The tables that are no part of this: the ledger is proved by itself, and these are written before anybody watches. */
static int is_left_out(const char *table)
{
    static const char *const names[] = {"mneedle_ledger", "mneedle_ledger_nodes", "mneedle_sums", "mneedle_store",
                                        "mneedle_schema", NULL};
    if (strncmp(table, "sqlite_", 7) == 0)
        return 1;
    for (int index = 0; names[index] != NULL; index++)
        if (strcmp(table, names[index]) == 0)
            return 1;
    return 0;
}

int mneedle_sqlite_is_summed(const char *table) { return !is_left_out(table); }

struct watch {
    void *context;
    mneedle_row_seen seen;
    struct row row;
};

static void tell(struct watch *watch, const char *table, int is_added)
{
    watch->seen(watch->context, table, is_added, watch->row.bytes, watch->row.failed ? -1 : (long)watch->row.length);
}

static void changed(void *context, sqlite3 *connection, int operation, const char *database, const char *table,
                    sqlite3_int64 old_id, sqlite3_int64 new_id)
{
    struct watch *watch = context;
    (void)old_id, (void)new_id;
    if (strcmp(database, "main") != 0 || is_left_out(table))
        return;
    int count = sqlite3_preupdate_count(connection);
    for (int is_new = 0; is_new < 2; is_new++) {
        if (operation == (is_new ? SQLITE_DELETE : SQLITE_INSERT))
            continue;
        clear(&watch->row);
        for (int index = 0; index < count; index++) {
            sqlite3_value *value = NULL;
            int code = is_new ? sqlite3_preupdate_new(connection, index, &value)
                              : sqlite3_preupdate_old(connection, index, &value);
            if (code != SQLITE_OK || value == NULL)
                watch->row.failed = 1;
            else
                add_value(&watch->row, value);
        }
        tell(watch, table, is_new);
    }
}

int mneedle_sqlite_watch_rows(sqlite3 *connection, void *context, mneedle_row_seen seen)
{
    /* It lives as long as the process: a connection is opened anew a few times at the most. */
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return SQLITE_NOMEM;
    watch->context = context;
    watch->seen = seen;
    sqlite3_preupdate_hook(connection, changed, watch);
    return SQLITE_OK;
}

int mneedle_sqlite_read_rows(sqlite3 *connection, const char *table, void *context, mneedle_row_seen seen)
{
    char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
    sqlite3_stmt *statement = NULL;
    struct watch watch = {context, seen, {NULL, 0, 0, 0, 0}};
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
    sqlite3_free(sql);
    if (code != SQLITE_OK)
        return code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        clear(&watch.row);
        for (int index = 0; index < sqlite3_column_count(statement); index++)
            add_value(&watch.row, sqlite3_column_value(statement, index));
        tell(&watch, table, 1);
    }
    free(watch.row.bytes);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}
