-- What moderation remembers of a community between messages, for rules that look across its members.

-- Texts of the last minutes that are long enough to compare, as fingerprints; those of a campaign name its case.
CREATE TABLE recent_text (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    member_id    text NOT NULL,
    channel_id   text NOT NULL,
    posted_at    timestamptz NOT NULL,
    length       integer NOT NULL,
    sketch       text NOT NULL,
    was_stale    boolean NOT NULL,
    case_id      text,
    PRIMARY KEY (community_id, message_id)
) WITH (fillfactor = 80);
CREATE INDEX recent_text_by_time ON recent_text (community_id, posted_at);

-- Long texts of the last weeks, one row for all that are alike: fingerprint and marks, never the text.
CREATE TABLE original_text (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    member_id    text NOT NULL,
    posted_at    timestamptz NOT NULL,
    length       integer NOT NULL,
    sketch       text NOT NULL,
    mark_1       bigint NOT NULL,
    mark_2       bigint NOT NULL,
    mark_3       bigint NOT NULL
);
-- A text is looked up by any of its marks, which are salted with the community's id.
CREATE INDEX original_text_by_mark_1 ON original_text (mark_1);
CREATE INDEX original_text_by_mark_2 ON original_text (mark_2);
CREATE INDEX original_text_by_mark_3 ON original_text (mark_3);
CREATE INDEX original_text_by_time ON original_text USING brin (posted_at);

-- Joins of the last hours.
CREATE TABLE recent_join (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    joined_at    timestamptz NOT NULL,
    PRIMARY KEY (community_id, member_id, joined_at)
);
CREATE INDEX recent_join_by_time ON recent_join (community_id, joined_at);

-- Until when a wave that was noticed lasts.
CREATE TABLE join_wave (
    community_id text NOT NULL,
    scale        text NOT NULL CHECK (scale IN ('burst', 'wave')),
    lasts_until  timestamptz NOT NULL,
    PRIMARY KEY (community_id, scale)
);

-- Hosted sessions, in whatever order they were said to open and close.
CREATE TABLE hosted_session (
    community_id text NOT NULL,
    session_id   text NOT NULL,
    channel_id   text NOT NULL,
    opened_at    timestamptz,
    ends_at      timestamptz,
    closed_at    timestamptz,
    speaker_ids  text[] NOT NULL,
    PRIMARY KEY (community_id, session_id)
);

-- Messages that disturbed a session; the first is only pointed out.
CREATE TABLE session_offence (
    community_id text NOT NULL,
    session_id   text NOT NULL,
    member_id    text NOT NULL,
    message_id   text NOT NULL,
    posted_at    timestamptz NOT NULL,
    PRIMARY KEY (community_id, session_id, member_id, message_id)
);
