-- Looking after a community: reminders of its rules, members who fell silent, warnings and disputes.

-- One row a community of which anything was heard or set.
CREATE TABLE community_care (
    community_id  text PRIMARY KEY,
    version       integer NOT NULL DEFAULT 1,
    reminders_on  boolean NOT NULL DEFAULT true,
    reminder_days smallint[] NOT NULL DEFAULT '{2,4,6}',
    reminder_at   time NOT NULL DEFAULT '20:00',
    changed_by    text,
    reason        text NOT NULL DEFAULT '',
    watched_since timestamptz
);

-- How many messages of people were heard in each channel, by hour of the community's clock. Forgotten after a month.
CREATE TABLE channel_hour (
    community_id text NOT NULL,
    hour         timestamptz NOT NULL,
    channel_id   text NOT NULL,
    messages     integer NOT NULL,
    PRIMARY KEY (community_id, hour, channel_id)
) WITH (fillfactor = 50);

-- Which rules were broken in a week.
CREATE INDEX finding_by_time ON finding (community_id, posted_at);

-- When a member was last heard of, by day of the community's own time: a message, a reaction or joining.
CREATE TABLE member_seen (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    first_on     date NOT NULL,
    seen_on      date NOT NULL,
    is_operator  boolean NOT NULL,
    is_bot       boolean NOT NULL,
    is_gone      boolean NOT NULL,
    PRIMARY KEY (community_id, member_id)
) WITH (fillfactor = 80);

-- Members whom a list that the community follows allows: they are never cleaned away.
CREATE VIEW allow_listed_member AS
    SELECT s.community_id, e.value AS member_id
    FROM list_subscription s JOIN moderation_list l USING (list_id) JOIN list_entry e USING (list_id)
    WHERE l.effect = 'allow' AND e.kind = 'member';

-- A plan to take silent members out; nothing happens before a person confirms it.
CREATE TABLE cleaning (
    cleaning_id  text PRIMARY KEY,
    community_id text NOT NULL,
    version      integer NOT NULL DEFAULT 1,
    state        text NOT NULL CHECK (state IN ('planned', 'running', 'stopped', 'done')),
    silent_days  integer NOT NULL CHECK (silent_days > 0),
    members      integer NOT NULL,
    planned_by   text NOT NULL,
    planned_at   timestamptz NOT NULL,
    reason       text NOT NULL,
    expires_at   timestamptz NOT NULL,
    confirmed_by text,
    confirmed_at timestamptz,
    stopped_by   text,
    stop_reason  text NOT NULL DEFAULT '',
    ended_at     timestamptz,
    CONSTRAINT a_person_confirms CHECK (state IN ('planned', 'stopped') OR confirmed_by IS NOT NULL)
);
CREATE INDEX cleaning_by_time ON cleaning (community_id, planned_at DESC, cleaning_id DESC);
CREATE UNIQUE INDEX one_cleaning_runs ON cleaning (community_id) WHERE state = 'running';

CREATE TABLE cleaning_member (
    cleaning_id text NOT NULL REFERENCES cleaning,
    member_id   text NOT NULL,
    seen_on     date NOT NULL,
    state       text NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'dropped', 'asked', 'removed', 'failed')),
    note        text NOT NULL DEFAULT '',
    command_id  text UNIQUE,
    PRIMARY KEY (cleaning_id, member_id)
) WITH (fillfactor = 60);
CREATE INDEX cleaning_waiting ON cleaning_member (cleaning_id, seen_on, member_id) WHERE state = 'waiting';

-- What happened in an hour or a day of the community's own time; a day begins at its midnight.
-- The *_ids are the first three: messages with findings, messages with negative words, members who left.
CREATE TABLE pulse (
    community_id text NOT NULL,
    span         text NOT NULL CHECK (span IN ('hour', 'day')),
    starts_at    timestamptz NOT NULL,
    messages     integer NOT NULL,
    findings     integer NOT NULL,
    negative     integer NOT NULL,
    leaves       integer NOT NULL,
    finding_ids  text[] NOT NULL,
    negative_ids text[] NOT NULL,
    leave_ids    text[] NOT NULL,
    PRIMARY KEY (community_id, span, starts_at)
) WITH (fillfactor = 50);

-- Operators are warned once a day of each kind; with the numbers that made it so.
CREATE TABLE warning (
    community_id text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('findings', 'negative', 'leaves')),
    day          date NOT NULL,
    span         text NOT NULL,
    starts_at    timestamptz NOT NULL,
    warned_at    timestamptz NOT NULL,
    counted      integer NOT NULL,
    expected     double precision NOT NULL,
    rule         text,
    ids          text[] NOT NULL,
    cause_id     text NOT NULL,
    PRIMARY KEY (community_id, kind, day)
);
REVOKE UPDATE ON warning FROM hearth_moderation;
GRANT UPDATE (ids) ON warning TO hearth_moderation;  -- to forget a member

-- Two members who answer each other in heat; recent is a list of
-- [posted (microseconds since 1970), message, 1 if by member_a, abuse]. Forgotten a day after its last change.
CREATE TABLE dispute_pair (
    community_id text NOT NULL,
    member_a     text NOT NULL,
    member_b     text NOT NULL,
    recent       jsonb NOT NULL,
    told_at      timestamptz,
    touched_at   timestamptz NOT NULL,
    PRIMARY KEY (community_id, member_a, member_b)
) WITH (fillfactor = 60);
CREATE INDEX dispute_pair_by_age ON dispute_pair (community_id, touched_at);

-- Disputes of which both members and the operators were told, with what made them ones.
CREATE TABLE dispute (
    community_id text NOT NULL,
    member_a     text NOT NULL,
    member_b     text NOT NULL,
    told_at      timestamptz NOT NULL,
    channel_id   text NOT NULL,
    exchanges    integer NOT NULL,
    abuse        double precision NOT NULL,
    message_ids  jsonb NOT NULL,
    PRIMARY KEY (community_id, member_a, member_b, told_at)
);
CREATE INDEX dispute_by_time ON dispute (community_id, told_at DESC, member_a DESC, member_b DESC);
REVOKE UPDATE ON dispute FROM hearth_moderation;
