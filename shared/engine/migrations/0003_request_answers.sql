-- One row a request that was sent with an idempotency key and done: what it asked, and what was answered.
CREATE TABLE request_answer (
    actor       text NOT NULL,
    key         text NOT NULL,
    digest      bytea NOT NULL,
    answered_at timestamptz NOT NULL,
    status      integer,
    body        text,
    PRIMARY KEY (actor, key)
) WITH (fillfactor = 70);
CREATE INDEX request_answer_by_time ON request_answer (answered_at);
