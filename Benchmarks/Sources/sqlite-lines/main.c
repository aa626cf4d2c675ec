// The peer in C of `scheduling.remind`: the least that a program does that writes the same rows to SQLite, in the same
// groups, for a client that sees the same.
//
//     sqlite-lines STORE SOCKET
//
// STORE is one that mneedled has made: its tables and indexes are the same for both, and `ledger.verify` proves what this
// writes. It serves one connection at a time. For each line `scheduling.remind person=… at=… title=…` it looks for the
// person, inserts the reminder, and appends the hash-chained ledger entry. All lines that have come in share a
// transaction, synced once; the answers follow the commit.
//
// It does not: read quotes, JSON, other commands or other times than `…Z`; ask who the peer is and what that one may do; keep
// savepoints, idempotency keys, subscribers, timers, limits; answer errors (it ends), but for a person whom nobody knows.

#define _GNU_SOURCE
#include <openssl/evp.h>
#include <pwd.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { HASH = 32, LARGEST_GROUP = 1024, ANSWER = 2048 };

static void fail(const char *what, const char *why) {
    fprintf(stderr, "sqlite-lines: %s: %s\n", what, why);
    exit(1);
}

// ---- The store ----

static sqlite3 *store;
static sqlite3_stmt *begin, *commit, *find_person, *insert_reminder, *insert_entry;

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(store, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        fail(sql, sqlite3_errmsg(store));
    return statement;
}

// Runs a statement and makes it ready for its next use; returns whether it gave a row.
static int run(sqlite3_stmt *statement) {
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE && code != SQLITE_ROW) fail(sqlite3_sql(statement), sqlite3_errmsg(store));
    sqlite3_reset(statement);
    return code == SQLITE_ROW;
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text) {
    sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

// ---- The ledger ----

static int64_t sequence;
static unsigned char head[HASH];
static const char *actor;
static EVP_MD *sha256;
static EVP_MD_CTX *hashing;

static void find_head(void) {
    sqlite3_stmt *newest = prepare("SELECT seq, hash FROM mneedle_ledger ORDER BY seq DESC LIMIT 1");
    if (sqlite3_step(newest) != SQLITE_ROW) fail("the store", "its ledger is empty");
    sequence = sqlite3_column_int64(newest, 0);
    memcpy(head, sqlite3_column_blob(newest, 1), HASH);
    sqlite3_finalize(newest);
}

// Documentation/ledger.md has the form of what is hashed.
static void append_entry(int64_t at, const char *subject, const char *person, const char *body) {
    char fields[2 * ANSWER];
    sequence += 1;
    int length = snprintf(
        fields, sizeof fields, "%lld\n%lld\n%s\nscheduling\nreminder.queued\n%s\n%s\n%s\n", (long long)sequence,
        (long long)at, actor, subject, person, body);
    EVP_DigestInit_ex2(hashing, sha256, NULL);
    EVP_DigestUpdate(hashing, head, HASH);
    EVP_DigestUpdate(hashing, fields, (size_t)length);
    EVP_DigestFinal_ex(hashing, head, NULL);
    sqlite3_bind_int64(insert_entry, 1, sequence);
    sqlite3_bind_int64(insert_entry, 2, at);
    bind_text(insert_entry, 3, actor);
    bind_text(insert_entry, 4, subject);
    bind_text(insert_entry, 5, person);
    bind_text(insert_entry, 6, body);
    sqlite3_bind_blob(insert_entry, 7, head, HASH, SQLITE_STATIC);
    run(insert_entry);
}

// ---- A request ----

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

// Milliseconds since 1970 of `2099-01-01T10:00:00Z`.
static int64_t instant(const char *text) {
    struct tm time = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &time);
    if (!end || *end) fail(text, "is no time that this program reads");
    return timegm(&time) * 1000LL;
}

static void quote(char *to, const char *text) {
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') *to++ = '\\';
        if ((unsigned char)*text < ' ') fail(text, "holds a control character");
        *to++ = *text;
    }
    *to = 0;
}

// Does what a line asks for and writes the answer; returns how long that is.
static int remind(char *line, char *answer) {
    const char *person = NULL, *at = NULL, *title = NULL;
    char quoted[512], subject[32];
    if (strlen(line) > 200) fail(line, "is longer than this program reads");
    char *verb = strsep(&line, " ");
    if (strcmp(verb, "scheduling.remind")) fail(verb, "is not known here");
    for (char *word; (word = strsep(&line, " "));) {
        if (!strncmp(word, "person=", 7)) person = word + 7;
        else if (!strncmp(word, "at=", 3)) at = word + 3;
        else if (!strncmp(word, "title=", 6)) title = word + 6;
        else fail(word, "is no argument here");
    }
    if (!person || !at || !title) fail("scheduling.remind", "takes person, at and title");
    int64_t due = instant(at), created = now();
    if (due < created) fail(at, "is in the past");

    bind_text(find_person, 1, person);
    if (!run(find_person)) return sprintf(answer, "ERR {\"code\":\"not-found\"}\n");

    bind_text(insert_reminder, 1, person);
    bind_text(insert_reminder, 2, title);
    sqlite3_bind_int64(insert_reminder, 3, due);
    sqlite3_bind_int64(insert_reminder, 4, created);
    run(insert_reminder);
    long long number = sqlite3_last_insert_rowid(store);

    quote(quoted, title);
    sprintf(subject, "reminder/%lld", number);
    int length = snprintf(
        answer, ANSWER,
        "OK {\"reminder\":%lld,\"person\":\"%s\",\"kind\":\"custom\",\"title\":\"%s\",\"body\":\"\",\"due\":\"%s\","
        "\"state\":\"pending\",\"urgency\":\"normal\"}",
        number, person, quoted, at);
    append_entry(created, subject, person, answer + 3);
    answer[length] = '\n';
    return length + 1;
}

// ---- Serving ----

static void serve(int client) {
    static char input[1 << 16], output[LARGEST_GROUP * ANSWER];
    size_t held = 0;
    ssize_t size;
    while ((size = read(client, input + held, sizeof input - held)) > 0) {
        size_t said = 0;
        int count = 0;
        run(begin);
        do {
            held += (size_t)size;
            char *line = input, *end;
            while (count < LARGEST_GROUP && (end = memchr(line, '\n', held - (size_t)(line - input)))) {
                *end = 0;
                said += (size_t)remind(line, output + said);
                line = end + 1;
                count++;
            }
            held -= (size_t)(line - input);
            memmove(input, line, held);
            // What has come in meanwhile shares the commit.
            size = recv(client, input + held, sizeof input - held, MSG_DONTWAIT);
        } while (size > 0 && count < LARGEST_GROUP);
        run(commit);
        for (size_t sent = 0; sent < said;) {
            ssize_t written = write(client, output + sent, said - sent);
            if (written <= 0) return;
            sent += (size_t)written;
        }
    }
}

int main(int count, char **arguments) {
    if (count != 3) fail("usage", "sqlite-lines STORE SOCKET");
    if (sqlite3_open_v2(arguments[1], &store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        fail(arguments[1], sqlite3_errmsg(store));
    // As mneedled sets them.
    if (sqlite3_exec(
            store,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;"
            "PRAGMA journal_size_limit = 33554432",
            NULL, NULL, NULL) != SQLITE_OK)
        fail(arguments[1], sqlite3_errmsg(store));
    begin = prepare("BEGIN IMMEDIATE");
    commit = prepare("COMMIT");
    find_person = prepare("SELECT 1 FROM records_people WHERE person = ?");
    insert_reminder = prepare(
        "INSERT INTO scheduling_reminders"
        " (person, kind, title, body, urgency, state, due_at, planned_at, created_at, changed_at, session, device)"
        " VALUES (?1, 'custom', ?2, NULL, 'normal', 'pending', ?3, ?3, ?4, ?4, NULL, NULL)");
    insert_entry = prepare(
        "INSERT INTO mneedle_ledger (seq, at, actor, module, kind, subject, person, body, hash)"
        " VALUES (?, ?, ?, 'scheduling', 'reminder.queued', ?, ?, ?, ?)");
    find_head();
    struct passwd *user = getpwuid(getuid());
    actor = user ? strdup(user->pw_name) : "nobody";
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    hashing = EVP_MD_CTX_new();
    if (!sha256 || !hashing) fail("libcrypto", "has no SHA-256");

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", arguments[2]);
    int door = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(door, (struct sockaddr *)&address, sizeof address) || listen(door, 1)) fail(arguments[2], "cannot be bound");
    for (;;) {
        int client = accept(door, NULL, NULL);
        if (client < 0) fail(arguments[2], "does not accept");
        serve(client);
        close(client);
    }
}
