-- The work of `scheduling.remind` as one function of PostgreSQL, on the tables and indexes of the module and the ledger.
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;

CREATE TABLE people (person text PRIMARY KEY);
INSERT INTO people VALUES ('anna');

CREATE TABLE reminders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person text NOT NULL, kind text NOT NULL, title text NOT NULL,
    body text, urgency text NOT NULL, state text NOT NULL, due_at timestamptz NOT NULL, planned_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL, changed_at timestamptz NOT NULL, session bigint, device text, closed_because text);
CREATE INDEX ON reminders (person, due_at);
CREATE INDEX ON reminders (due_at, id) WHERE state IN ('pending', 'snoozed');
CREATE INDEX ON reminders (device, kind) WHERE device IS NOT NULL;
CREATE INDEX ON reminders (due_at, id) WHERE state = 'due';
CREATE INDEX ON reminders (person, kind) WHERE kind <> 'custom';

CREATE TABLE ledger (
    seq bigint PRIMARY KEY, at timestamptz NOT NULL, actor text NOT NULL, module text NOT NULL, kind text NOT NULL,
    subject text NOT NULL, person text, body text NOT NULL, hash bytea NOT NULL);
-- The ledger's head: whoever appends holds its row, as entries come one after the other.
CREATE TABLE head (seq bigint NOT NULL, hash bytea NOT NULL);
INSERT INTO head VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION remind(whom text, due timestamptz, words text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    reminder bigint;
    said text;
    entry bigint;
    link bytea;
BEGIN
    IF due < moment THEN RAISE EXCEPTION 'in the past'; END IF;
    PERFORM FROM people WHERE person = whom;
    IF NOT FOUND THEN RAISE EXCEPTION 'not-found'; END IF;
    INSERT INTO reminders (person, kind, title, urgency, state, due_at, planned_at, created_at, changed_at)
        VALUES (whom, 'custom', words, 'normal', 'pending', due, due, moment, moment) RETURNING id INTO reminder;
    said := json_build_object(
        'reminder', reminder, 'person', whom, 'kind', 'custom', 'title', words, 'body', '', 'due', due, 'state', 'pending',
        'urgency', 'normal');
    SELECT seq + 1, hash INTO entry, link FROM head FOR UPDATE;
    link := sha256(link || convert_to(concat_ws(
        E'\n', entry, moment, session_user, 'scheduling', 'reminder.queued', 'reminder/' || reminder, whom, said), 'UTF8'));
    INSERT INTO ledger
        VALUES (entry, moment, session_user, 'scheduling', 'reminder.queued', 'reminder/' || reminder, whom, said, link);
    UPDATE head SET seq = entry, hash = link;
    RETURN said;
END
$$;
