-- Check-ins: the messages that ask for one, what was decided about messages, the dates that count, their runs.

-- Kept for as long as the check-in: who owns a date, and who takes over, is decided among these.
CREATE TABLE checkin_message (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    member_id    text NOT NULL,
    channel_id   text NOT NULL,
    occurred_at  timestamptz NOT NULL,
    local_date   date NOT NULL,
    day_ends_at  timestamptz NOT NULL,
    is_void      boolean NOT NULL,
    PRIMARY KEY (community_id, message_id)
);
CREATE INDEX checkin_message_good ON checkin_message (community_id, member_id, local_date, occurred_at, message_id)
    WHERE NOT is_void;

-- Deletions and decisions of moderation about any message, since they may overtake the message they speak of.
-- Those of messages that turn out to be no check-ins are forgotten by a timer.
CREATE TABLE message_verdict (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    noted_at     timestamptz NOT NULL,
    decision     integer NOT NULL,
    is_removed   boolean NOT NULL,
    deleted_at   timestamptz,
    PRIMARY KEY (community_id, message_id)
);
CREATE INDEX message_verdict_noted ON message_verdict (community_id, noted_at);

-- One row per member and date that ever counted; without a message it does not count any more.
-- The date stands before the member: lists and boards ask for days and months, members for their runs below.
CREATE TABLE checkin (
    community_id       text NOT NULL,
    campaign_id        text NOT NULL,
    local_date         date NOT NULL,
    member_id          text NOT NULL,
    message_id         text,
    occurred_at        timestamptz,
    revision           integer NOT NULL CHECK (revision >= 1),
    is_repeat_answered boolean NOT NULL,
    PRIMARY KEY (community_id, campaign_id, local_date, member_id),
    CHECK ((message_id IS NULL) = (occurred_at IS NULL))
);

-- The dates of `checkin` that count, as runs that neither overlap nor touch.
CREATE TABLE checkin_streak (
    community_id text NOT NULL,
    campaign_id  text NOT NULL,
    member_id    text NOT NULL,
    first_date   date NOT NULL,
    last_date    date NOT NULL,
    PRIMARY KEY (community_id, campaign_id, member_id, first_date),
    CHECK (first_date <= last_date)
);
