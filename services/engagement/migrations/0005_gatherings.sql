-- Gatherings: activities and hosted sessions, who comes, who came, what is asked.

CREATE TABLE gathering (
    community_id text NOT NULL,
    event_id     text NOT NULL,
    version      integer NOT NULL,
    title        text NOT NULL,
    channel_id   text NOT NULL,
    place        text NOT NULL,
    is_session   boolean NOT NULL,
    host_id      text,
    speaker_ids  text[] NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    capacity     integer,
    state        text NOT NULL CHECK (state IN ('planned', 'open', 'closed', 'cancelled')),
    changed_by   text NOT NULL,
    PRIMARY KEY (community_id, event_id),
    CHECK (starts_at < ends_at)
);
CREATE INDEX gathering_ahead ON gathering (community_id, starts_at) WHERE state IN ('planned', 'open');

-- asked_at orders the waiting list.
CREATE TABLE gathering_member (
    community_id text NOT NULL,
    event_id     text NOT NULL,
    member_id    text NOT NULL,
    state        text NOT NULL CHECK (state IN ('going', 'waiting', 'away')),
    asked_at     timestamptz NOT NULL,
    attended_at  timestamptz,
    PRIMARY KEY (community_id, event_id, member_id)
);

-- Questions to the speakers of a session, in the order in which they were asked.
CREATE TABLE session_question (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    event_id     text NOT NULL,
    member_id    text NOT NULL,
    asked_at     timestamptz NOT NULL,
    text         text NOT NULL,
    is_taken     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (community_id, message_id)
);
CREATE INDEX session_question_queue ON session_question (community_id, event_id, asked_at);
