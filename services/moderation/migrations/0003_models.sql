-- What the spam classifier learns from, and what it has learned.

-- One row a message that an operator has judged. The newest verdict counts; an overturned one teaches nothing.
CREATE TABLE training_sample (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    text         text NOT NULL,
    label        text NOT NULL CHECK (label IN ('spam', 'ham')),
    verdict_at   timestamptz NOT NULL,
    overturned   boolean NOT NULL,
    PRIMARY KEY (community_id, message_id)
);
-- Training reads the newest that teach.
CREATE INDEX training_sample_by_time ON training_sample (community_id, verdict_at DESC, message_id DESC)
    WHERE NOT overturned;

-- One row a trained model of a community. The newest version is in force; older ones are kept to go back to.
CREATE TABLE classifier_model (
    community_id text NOT NULL,
    version      integer NOT NULL CHECK (version > 0),
    weights      bytea NOT NULL,
    slope        double precision NOT NULL,
    intercept    double precision NOT NULL,
    metrics      jsonb NOT NULL,
    samples      integer NOT NULL,
    trained_at   timestamptz NOT NULL,
    PRIMARY KEY (community_id, version)
);

-- A model is never changed: its version is part of what its findings say.
REVOKE UPDATE ON classifier_model FROM hearth_moderation;
