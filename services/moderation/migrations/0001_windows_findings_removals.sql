-- What moderation remembers of members between messages, and what it found and took away.

-- One row a member: the messages of the last two minutes of the member's own time, at most 48 of them.
-- recent is a list of [posted (microseconds since 1970), message, channel, length, sketch, removed].
CREATE TABLE member_window (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    recent       jsonb NOT NULL,
    told_at      timestamptz,
    alerted_at   timestamptz,
    is_exempt    boolean NOT NULL,
    touched_at   timestamptz NOT NULL,
    PRIMARY KEY (community_id, member_id)
) WITH (fillfactor = 60);

CREATE TABLE finding (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    rule         text NOT NULL,
    rule_version integer NOT NULL,
    member_id    text NOT NULL,
    channel_id   text NOT NULL,
    score        double precision NOT NULL,
    spans        jsonb NOT NULL,
    evidence     text NOT NULL,
    posted_at    timestamptz NOT NULL,
    found_at     timestamptz NOT NULL,
    PRIMARY KEY (community_id, message_id, rule, rule_version)
);

CREATE TABLE removal (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    decision     integer NOT NULL,
    member_id    text NOT NULL,
    channel_id   text NOT NULL,
    rule         text NOT NULL,
    rule_version integer NOT NULL,
    evidence     text NOT NULL,
    posted_at    timestamptz NOT NULL,
    removed_at   timestamptz NOT NULL,
    cause_id     text NOT NULL,
    deletion     text NOT NULL CHECK (deletion IN ('asked', 'unable', 'gone')),
    PRIMARY KEY (community_id, message_id, decision)
);
-- Operators read the newest first.
CREATE INDEX removal_by_time ON removal (community_id, removed_at DESC, message_id DESC, decision DESC);

-- Messages that the platform says are deleted, so that nobody asks for it again.
CREATE TABLE gone_message (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    noted_at     timestamptz NOT NULL,
    PRIMARY KEY (community_id, message_id)
);

-- What was found and decided stands; later decisions are rows of their own.
REVOKE UPDATE ON finding, removal FROM hearth_moderation;
