// Calls one function of PostgreSQL over and over on one pipelined connection, and prints how many calls a second were
// answered: what linebench is for servers of lines.
//
//     postgres-lines FOLDER DEPTH HOW-MANY TRANSACTIONS FUNCTION ARGUMENT…
//
// FOLDER holds the server's socket. `DEPTH` calls are sent at once, then all answers are awaited. HOW-MANY is a number of
// calls, or of seconds (`2s`). TRANSACTIONS is `each` for one a call, as answers for themselves are, or `together` for one
// for all that are sent at once: then they succeed or fail together. `%d` in an argument becomes a running number.

#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ARGUMENTS = 8, LENGTH = 200 };

static PGconn *server;

static void fail(const char *what) {
    fprintf(stderr, "postgres-lines: %s: %s\n", what, server ? PQerrorMessage(server) : "");
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void send_call(char *const templates[], int count, long number) {
    char values[ARGUMENTS][LENGTH];
    const char *pointers[ARGUMENTS];
    for (int index = 0; index < count; index++) {
        char *mark = strstr(templates[index], "%d");
        if (mark)
            snprintf(
                values[index], LENGTH, "%.*s%ld%s", (int)(mark - templates[index]), templates[index], number, mark + 2);
        else
            snprintf(values[index], LENGTH, "%s", templates[index]);
        pointers[index] = values[index];
    }
    if (!PQsendQueryPrepared(server, "call", count, pointers, NULL, NULL, 0)) fail("a call cannot be sent");
}

// Takes one result and the end behind it.
static void take(ExecStatusType wanted) {
    PGresult *result = PQgetResult(server);
    if (!result || PQresultStatus(result) != wanted) fail("a call failed");
    PQclear(result);
    if (wanted == PGRES_TUPLES_OK && PQgetResult(server)) fail("a call has two answers");
}

int main(int argc, char **argv) {
    if (argc < 6 || argc > 6 + ARGUMENTS) fail("usage: FOLDER DEPTH HOW-MANY each|together FUNCTION ARGUMENT…");
    long depth = atol(argv[2]), calls = 0;
    double many = atof(argv[3]);
    int is_time = argv[3][strlen(argv[3]) - 1] == 's', is_together = !strcmp(argv[4], "together");
    int count = argc - 6;
    char connection[LENGTH], sql[LENGTH];
    snprintf(connection, sizeof connection, "host=%s user=postgres dbname=postgres", argv[1]);
    server = PQconnectdb(connection);
    if (PQstatus(server) != CONNECTION_OK) fail("no connection");
    int length = snprintf(sql, sizeof sql, "SELECT %s(", argv[5]);
    for (int index = 1; index <= count; index++)
        length += snprintf(sql + length, sizeof sql - (size_t)length, index < count ? "$%d, " : "$%d)", index);
    PGresult *prepared = PQprepare(server, "call", sql, count, NULL);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) fail(sql);
    PQclear(prepared);
    if (!PQenterPipelineMode(server)) fail("no pipeline");

    double start = now();
    while (is_time ? now() - start < many : (double)calls < many) {
        for (long index = 0; index < depth; index++) {
            send_call(argv + 6, count, calls + index);
            if (!is_together && !PQpipelineSync(server)) fail("cannot end a transaction");
        }
        if (is_together && !PQpipelineSync(server)) fail("cannot end a transaction");
        for (long index = 0; index < depth; index++) {
            take(PGRES_TUPLES_OK);
            if (!is_together) take(PGRES_PIPELINE_SYNC);
        }
        if (is_together) take(PGRES_PIPELINE_SYNC);
        calls += depth;
    }
    printf("%.0f\n", (double)calls / (now() - start));
    PQfinish(server);
    return 0;
}
