import MneedleKit

/// The host's own tables, `mneedle_…`: the ledger, and what the service has to remember of itself.
enum HostTables {
    /// Where the versions of all tables are kept, so that it is there before any of them.
    static let versions = """
        CREATE TABLE IF NOT EXISTS mneedle_schema (
            module TEXT NOT NULL, version INTEGER NOT NULL, summary TEXT NOT NULL, PRIMARY KEY (module, version))
        """

    static let migrations = [
        Migration(
            1, "the ledger, and what the service remembers of itself",
            [
                "CREATE TABLE mneedle_store (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
                "INSERT INTO mneedle_store (name, value) VALUES ('id', lower(hex(randomblob(16))))",
                "CREATE TABLE mneedle_modules (name TEXT NOT NULL PRIMARY KEY, guards INTEGER NOT NULL)",
                """
                CREATE TABLE mneedle_ledger (
                    seq INTEGER PRIMARY KEY,
                    at INTEGER NOT NULL,
                    actor TEXT NOT NULL,
                    module TEXT NOT NULL,
                    kind TEXT NOT NULL,
                    subject TEXT NOT NULL,
                    person TEXT,
                    body TEXT NOT NULL,
                    hash BLOB NOT NULL)
                """,
                """
                CREATE TABLE mneedle_idempotency (
                    uid INTEGER NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, reply TEXT NOT NULL, at INTEGER NOT NULL,
                    PRIMARY KEY (uid, key))
                """,
                "CREATE INDEX mneedle_idempotency_at ON mneedle_idempotency (at)",
                """
                CREATE TABLE mneedle_failed_reactions (
                    seq INTEGER NOT NULL, module TEXT NOT NULL, kind TEXT NOT NULL, attempts INTEGER NOT NULL,
                    retry_at INTEGER NOT NULL, PRIMARY KEY (seq, module))
                """,
                """
                CREATE TABLE mneedle_clock (
                    id INTEGER PRIMARY KEY CHECK (id = 1), latest INTEGER NOT NULL, jumped INTEGER NOT NULL)
                """,
            ])
    ]
}
