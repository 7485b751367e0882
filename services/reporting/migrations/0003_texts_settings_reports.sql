-- What content analysis reads, what operators set, what was sent, and who is not to be named.

CREATE TABLE report_setting (
    community_id   text PRIMARY KEY,
    version        integer NOT NULL,
    text_days      integer NOT NULL,
    brands         text[] NOT NULL,
    daily          boolean NOT NULL,
    weekly         boolean NOT NULL,
    monthly        boolean NOT NULL,
    send_at        time NOT NULL,
    webhook_url    text,
    webhook_secret text,
    changed_by     text NOT NULL
);
COMMENT ON COLUMN report_setting.text_days IS 'how long texts are kept for content analysis; 0: not at all';

-- Timers that are set for a community, so that each is set once.
CREATE TABLE scheduled (
    community_id text NOT NULL,
    kind         text NOT NULL,
    PRIMARY KEY (community_id, kind)
);

-- The beginning of what people wrote, until it is read for words and its days are over.
CREATE TABLE message_text (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    number       bigserial NOT NULL,
    local_date   date NOT NULL,
    member_id    text NOT NULL,
    text         text NOT NULL,
    PRIMARY KEY (community_id, number)
);
COMMENT ON COLUMN message_text.number IS 'rises as texts come; a community has one writer at a time';
COMMENT ON TABLE message_text IS 'without an index for messages: a deletion looks through the month that is kept';

CREATE TABLE text_reading (
    community_id text PRIMARY KEY,
    read_up_to   bigint NOT NULL
);

-- What was said on a day: words of several messages, brands, friendly and unfriendly messages.
CREATE TABLE word_day (
    community_id text NOT NULL,
    local_date   date NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('word', 'brand', 'mood')),
    word         text NOT NULL,
    messages     integer NOT NULL,
    PRIMARY KEY (community_id, local_date, kind, word)
);

-- Reports as they were sent: one of each period by schedule, more only when a person asks.
CREATE TABLE sent_report (
    community_id text NOT NULL,
    by           text NOT NULL CHECK (by IN ('day', 'week', 'month')),
    first_day    date NOT NULL,
    attempt      integer NOT NULL,
    period       text NOT NULL,
    state        text NOT NULL CHECK (state IN ('sent', 'empty', 'failed')),
    revision     bigint NOT NULL,
    sent_at      timestamptz NOT NULL,
    sent_to      text[] NOT NULL,
    requested_by text,
    PRIMARY KEY (community_id, by, first_day, attempt)
);
COMMENT ON COLUMN sent_report.revision IS 'of its days when it was sent: a higher one now means later corrections';

-- What goes to a webhook, until it is there or given up.
CREATE TABLE delivery (
    delivery_id  uuid PRIMARY KEY,
    community_id text NOT NULL,
    body         text NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'given_up')),
    attempts     integer NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL,
    last_answer  text NOT NULL DEFAULT ''
);
CREATE INDEX delivery_waiting ON delivery (next_at) WHERE state = 'waiting';

-- Members who were forgotten, by an alias under which their counts stay; and those who do not want to be named.
CREATE TABLE forgotten (
    community_id text NOT NULL,
    alias        text NOT NULL,
    forgotten_at timestamptz NOT NULL,
    PRIMARY KEY (community_id, alias)
);
CREATE TABLE opted_out (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    opted_by     text NOT NULL,
    PRIMARY KEY (community_id, member_id)
);
