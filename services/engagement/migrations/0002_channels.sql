-- Channels as they are heard, what is usual in them, cold spells, topics, and everything that Hearth says by itself.

-- What a community chose; keys that are not there have their starting values.
CREATE TABLE community_choice (
    community_id text PRIMARY KEY,
    version      integer NOT NULL,
    choices      jsonb NOT NULL,
    changed_by   text NOT NULL,
    reason       text NOT NULL
);

-- One row a community of which anything was heard: when a channel is looked at next, up to which day is learned.
CREATE TABLE community_pulse (
    community_id text PRIMARY KEY,
    look_at      timestamptz,
    learned_day  date NOT NULL,
    learns_at    timestamptz,
    pauses       jsonb NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);

-- One row a channel. pulse: the last messages [microseconds, id], how pauses ended, minutes that are waited.
CREATE TABLE channel_pulse (
    community_id text NOT NULL,
    channel_id   text NOT NULL,
    last_at      timestamptz NOT NULL,
    look_at      timestamptz,
    pulse        jsonb NOT NULL,
    PRIMARY KEY (community_id, channel_id)
) WITH (fillfactor = 50);
CREATE INDEX channel_pulse_look ON channel_pulse (community_id, look_at) WHERE look_at IS NOT NULL;

-- People's messages by local hour. Forgotten when the baseline has learned them and four weeks have passed.
CREATE TABLE channel_hour (
    community_id text NOT NULL,
    hour_at      timestamptz NOT NULL,
    channel_id   text NOT NULL,
    messages     integer NOT NULL,
    PRIMARY KEY (community_id, hour_at, channel_id)
) WITH (fillfactor = 50);

-- What is usual: decayed counts and hours by hour of week, and the rates an hour that follow: 168 numbers each, as
-- float8send writes them, since every number of an array costs the client by itself, at every midnight and channel.
CREATE TABLE channel_baseline (
    community_id text NOT NULL,
    channel_id   text NOT NULL,
    level        double precision NOT NULL,
    weight       double precision NOT NULL,
    days         integer NOT NULL,
    counts       bytea NOT NULL,
    exposure     bytea NOT NULL,
    rates        bytea NOT NULL,
    PRIMARY KEY (community_id, channel_id)
);

-- A channel that was cold, what was done about it, and what people said in the half hour after.
CREATE TABLE cold_spell (
    community_id      text NOT NULL,
    spell_id          text NOT NULL,
    channel_id        text NOT NULL,
    opened_at         timestamptz NOT NULL,
    silent_since      timestamptz NOT NULL,
    usual_gap_minutes double precision NOT NULL,
    expected          double precision NOT NULL,
    outcome           text NOT NULL CHECK (outcome IN ('sent', 'held_out', 'approval', 'skipped')),
    reason            text,
    topic_id          text,
    measured_at       timestamptz,
    messages          integer,
    members           integer,
    PRIMARY KEY (community_id, spell_id)
);
CREATE INDEX cold_spell_of_channel ON cold_spell (community_id, channel_id, opened_at);
CREATE INDEX cold_spell_by_time ON cold_spell (community_id, opened_at DESC, spell_id DESC);

-- Something to talk about. A shipped one has no text of its own: it is said in the community's language.
CREATE TABLE topic (
    community_id   text NOT NULL,
    topic_id       text NOT NULL,
    text           text NOT NULL,
    tags           text[] NOT NULL,
    source         text NOT NULL,
    state          text NOT NULL CHECK (state IN ('draft', 'active', 'retired')),
    seeded         integer NOT NULL,
    answered       integer NOT NULL,
    replies        integer NOT NULL,
    members        integer NOT NULL,
    failures       integer NOT NULL,
    last_seeded_at timestamptz,
    rests_days     integer NOT NULL,
    changed_by     text NOT NULL,
    PRIMARY KEY (community_id, topic_id)
);

-- Which topic was put to which channel. Forgotten after a month.
CREATE TABLE topic_seeding (
    community_id text NOT NULL,
    seed_id      text NOT NULL,
    topic_id     text NOT NULL,
    channel_id   text NOT NULL,
    seeded_at    timestamptz NOT NULL,
    tags         text[] NOT NULL,
    PRIMARY KEY (community_id, seed_id)
);
CREATE INDEX topic_seeding_by_time ON topic_seeding (community_id, seeded_at);

-- Everything that Hearth says or wanted to say by itself, with what became of it and why.
CREATE TABLE post (
    community_id text NOT NULL,
    post_id      text NOT NULL,
    channel_id   text NOT NULL,
    kind         text NOT NULL,
    subject_id   text NOT NULL,
    text         text NOT NULL,
    cause_id     text NOT NULL,
    state        text NOT NULL CHECK (state IN ('sent', 'waiting', 'approval', 'skipped')),
    reason       text,
    wanted_at    timestamptz NOT NULL,
    decided_at   timestamptz NOT NULL,
    local_date   date NOT NULL,
    latest       timestamptz NOT NULL,
    silent_since timestamptz,
    topic_id     text,
    watch_kind   text,
    approved_by  text,
    PRIMARY KEY (community_id, post_id)
);
CREATE INDEX post_sent ON post (community_id, channel_id, local_date) WHERE state = 'sent';
CREATE INDEX post_by_time ON post (community_id, wanted_at DESC, post_id DESC);

-- What people say in the half hour after a post, or after a spell that was held out. Gone when it is measured.
CREATE TABLE channel_watch (
    community_id text NOT NULL,
    channel_id   text NOT NULL,
    subject_id   text NOT NULL,
    kind         text NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    topic_id     text,
    messages     integer NOT NULL DEFAULT 0,
    members      text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (community_id, channel_id, subject_id)
) WITH (fillfactor = 50);

-- How posts of a channel were answered, by local hour of the day.
CREATE TABLE channel_answer (
    community_id text NOT NULL,
    channel_id   text NOT NULL,
    hour         smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),
    posts        integer NOT NULL,
    answered     integer NOT NULL,
    replies      integer NOT NULL,
    PRIMARY KEY (community_id, channel_id, hour)
) WITH (fillfactor = 50);
