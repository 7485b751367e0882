-- What metrics beyond daily counts need: who was active in each period, members, threads, hours and channels.

ALTER TABLE fact ADD COLUMN local_hour smallint NOT NULL DEFAULT 0;
ALTER TABLE fact ADD COLUMN answers_id text;
ALTER TABLE fact ADD COLUMN thread_key bigint;
COMMENT ON COLUMN fact.answers_id IS 'id of the message that this one answers';
COMMENT ON COLUMN fact.thread_key IS 'hash of channel and thread: its name is written by people and not kept';

-- Counts by day know their publisher's word too: rule, purpose, verdict; of a message its form.
ALTER TABLE day_count ADD COLUMN label text NOT NULL DEFAULT '';
ALTER TABLE day_count ADD COLUMN answers bigint NOT NULL DEFAULT 0;
ALTER TABLE day_count DROP CONSTRAINT day_count_pkey;
ALTER TABLE day_count ADD PRIMARY KEY (community_id, local_date, type, is_bot, label);
COMMENT ON COLUMN day_count.answers IS 'how many of the events are messages that answer another';

-- Facts that name a channel, by channel and by hour of the community's zone.
CREATE TABLE channel_count (
    community_id text NOT NULL,
    local_date   date NOT NULL,
    channel_id   text NOT NULL,
    type         text NOT NULL,
    is_bot       boolean NOT NULL,
    events       bigint NOT NULL,
    amount       bigint NOT NULL,
    answers      bigint NOT NULL,
    PRIMARY KEY (community_id, local_date, channel_id, type, is_bot)
) WITH (fillfactor = 50);

CREATE TABLE hour_count (
    community_id text NOT NULL,
    local_date   date NOT NULL,
    local_hour   smallint NOT NULL,
    type         text NOT NULL,
    is_bot       boolean NOT NULL,
    events       bigint NOT NULL,
    amount       bigint NOT NULL,
    answers      bigint NOT NULL,
    PRIMARY KEY (community_id, local_date, local_hour, type, is_bot)
) WITH (fillfactor = 50);

-- What a member wrote in a local day, ISO week or calendar month. Distinct members are its rows.
DROP TABLE member_day;
CREATE TABLE member_period (
    community_id text NOT NULL,
    by           text NOT NULL CHECK (by IN ('day', 'week', 'month')),
    first_day    date NOT NULL,
    member_id    text NOT NULL,
    messages     integer NOT NULL,
    answers      integer NOT NULL,
    PRIMARY KEY (community_id, by, first_day, member_id)
) WITH (fillfactor = 70);

-- A person, as far as it was heard of one; bots have no row.
CREATE TABLE member (
    community_id     text NOT NULL,
    member_id        text NOT NULL,
    first_seen_on    date NOT NULL,
    joined_at        timestamptz,
    joined_on        date,
    invited_by       text,
    first_message_at timestamptz,
    first_message_on date,
    last_message_at  timestamptz,
    name             text,
    named_at         timestamptz,
    PRIMARY KEY (community_id, member_id)
) WITH (fillfactor = 70);
COMMENT ON COLUMN member.joined_at IS 'the first time; invited_by belongs to it';

-- Comings and goings, for how many members there were on a day.
CREATE TABLE presence (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    occurred_at  timestamptz NOT NULL,
    local_date   date NOT NULL,
    is_join      boolean NOT NULL,
    PRIMARY KEY (community_id, member_id, occurred_at, is_join)
);

-- A thread's first message, and the first one of its second person: all that time to first response needs.
CREATE TABLE thread (
    community_id text NOT NULL,
    thread_key   bigint NOT NULL,
    opened_on    date NOT NULL,
    opened_at    timestamptz NOT NULL,
    opened_by    text NOT NULL,
    answered_at  timestamptz,
    answered_by  text,
    PRIMARY KEY (community_id, thread_key)
) WITH (fillfactor = 70);
CREATE INDEX thread_opened ON thread (community_id, opened_on);
