-- Forms: polls, quizzes, surveys, lotteries and collections of ideas; the content calendar; topic sources.

-- seed_hash is published when a lottery opens, seed when it is drawn: anyone can then recompute the draw.
CREATE TABLE form (
    community_id text NOT NULL,
    form_id      text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('poll', 'quiz', 'survey', 'lottery', 'ideas')),
    title        text NOT NULL,
    channel_id   text NOT NULL,
    options      text[] NOT NULL,
    answer       integer,
    winners      integer NOT NULL,
    closes_at    timestamptz NOT NULL,
    state        text NOT NULL CHECK (state IN ('open', 'closed', 'cancelled')),
    seed         text,
    seed_hash    text,
    result       jsonb,
    opened_by    text NOT NULL,
    PRIMARY KEY (community_id, form_id)
);
CREATE INDEX form_open ON form (community_id, closes_at) WHERE state = 'open';

-- A member's answer: of a poll or quiz the number of an option, of an idea its text, of a lottery nothing.
CREATE TABLE form_answer (
    community_id text NOT NULL,
    form_id      text NOT NULL,
    member_id    text NOT NULL,
    number       integer NOT NULL,
    text         text NOT NULL,
    answered_at  timestamptz NOT NULL,
    PRIMARY KEY (community_id, form_id, member_id, number)
);

CREATE TABLE calendar_item (
    community_id text NOT NULL,
    item_id      text NOT NULL,
    version      integer NOT NULL,
    theme        text NOT NULL,
    form         text NOT NULL,
    channel_id   text NOT NULL,
    text         text NOT NULL,
    tag          text,
    first_on     date NOT NULL,
    at           time NOT NULL,
    recurrence   text NOT NULL,
    owner        text NOT NULL,
    state        text NOT NULL CHECK (state IN ('draft', 'approved', 'done', 'stopped')),
    approve_each boolean NOT NULL,
    next_at      timestamptz,
    PRIMARY KEY (community_id, item_id)
);

-- Where topics are fetched from.
CREATE TABLE topic_source (
    community_id text NOT NULL,
    source_id    text NOT NULL,
    url          text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('feed', 'json')),
    mapping      jsonb NOT NULL,
    tags         text[] NOT NULL,
    etag         text,
    modified     text,
    fetched_at   timestamptz,
    note         text NOT NULL DEFAULT '',
    PRIMARY KEY (community_id, source_id)
);
