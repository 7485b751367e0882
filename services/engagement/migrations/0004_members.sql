-- Members: newcomers and their first days, questions and answers, who talks with whom, what was told of oneself.

-- A member's first seven days.
CREATE TABLE newcomer (
    community_id  text NOT NULL,
    member_id     text NOT NULL,
    member_name   text NOT NULL,
    channel_id    text,
    invited_by    text,
    joined_at     timestamptz NOT NULL,
    welcomed_at   timestamptz,
    introduced_at timestamptz,
    message_id    text,
    words         text[] NOT NULL DEFAULT '{}',
    answered_at   timestamptz,
    came_back_on  date,
    left_at       timestamptz,
    alerted_at    timestamptz,
    PRIMARY KEY (community_id, member_id)
);
CREATE INDEX newcomer_waiting ON newcomer (community_id, joined_at) WHERE welcomed_at IS NULL AND left_at IS NULL;
CREATE INDEX newcomer_by_time ON newcomer (community_id, joined_at DESC, member_id DESC);
CREATE INDEX newcomer_words ON newcomer USING gin (words);

-- While many join at once nobody is greeted one by one.
CREATE TABLE welcome_pause (
    community_id text PRIMARY KEY,
    until        timestamptz NOT NULL
);

-- What somebody asked, and who answered. Texts are forgotten after 90 days. settled_at: the clock at the answer;
-- check_at: when it is looked at next, which the clock may have passed already while a batch is read.
CREATE TABLE question (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    member_id    text NOT NULL,
    channel_id   text NOT NULL,
    thread       text NOT NULL,
    asked_at     timestamptz NOT NULL,
    text         text NOT NULL,
    state        text NOT NULL CHECK (state IN ('open', 'answered', 'asked', 'told')),
    answer_id    text,
    answered_by  text,
    answered_at  timestamptz,
    kind         text,
    settled_at   timestamptz,
    check_at     timestamptz,
    passed_on_at timestamptz,
    PRIMARY KEY (community_id, message_id)
);
CREATE INDEX question_open ON question (community_id, channel_id, asked_at) WHERE answered_at IS NULL;
CREATE INDEX question_helped ON question (community_id, channel_id, answered_at) WHERE kind = 'member';
CREATE INDEX question_answered ON question (community_id, answered_by, answered_at) WHERE answered_by IS NOT NULL;
CREATE INDEX question_by_time ON question (community_id, asked_at DESC, message_id DESC);

-- Approved answers.
CREATE TABLE faq (
    community_id text NOT NULL,
    faq_id       text NOT NULL,
    question     text NOT NULL,
    answer       text NOT NULL,
    approved_by  text,
    PRIMARY KEY (community_id, faq_id)
);

-- What a member did lately, by local day; segment and evidence follow from it.
CREATE TABLE member_activity (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    active_days  date[] NOT NULL,
    segment      text NOT NULL DEFAULT '',
    won_back_at  timestamptz,
    PRIMARY KEY (community_id, member_id)
) WITH (fillfactor = 60);

-- Who talks with whom: replies and mentions in either direction, once a day.
CREATE TABLE member_edge (
    community_id text NOT NULL,
    member_a     text NOT NULL,
    member_b     text NOT NULL,
    days         integer NOT NULL,
    last_day     date NOT NULL,
    PRIMARY KEY (community_id, member_a, member_b),
    CHECK (member_a < member_b)
) WITH (fillfactor = 60);
CREATE INDEX member_edge_by_day ON member_edge (community_id, last_day);

-- What the graph of a community was, week by week.
CREATE TABLE mesh_report (
    community_id  text NOT NULL,
    week          date NOT NULL,
    members       integer NOT NULL,
    edges         integer NOT NULL,
    parts         integer NOT NULL,
    concentration double precision NOT NULL,
    cut_members   text[] NOT NULL,
    introductions jsonb NOT NULL,
    PRIMARY KEY (community_id, week)
);

-- Opinion leaders whom an operator looks after.
CREATE TABLE opinion_leader (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    state        text NOT NULL CHECK (state IN ('candidate', 'invited', 'active', 'resting', 'declined')),
    owner        text NOT NULL,
    next_act     text NOT NULL,
    version      integer NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (community_id, member_id)
);

-- What members told of themselves and agreed to.
CREATE TABLE member_told (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    city         text,
    birth_month  smallint CHECK (birth_month BETWEEN 1 AND 12),
    birth_day    smallint CHECK (birth_day BETWEEN 1 AND 31),
    is_lunar     boolean NOT NULL DEFAULT false,
    wants_care   boolean NOT NULL DEFAULT false,
    is_opener    boolean NOT NULL DEFAULT false,
    opened_at    timestamptz,
    greeted_on   date,
    PRIMARY KEY (community_id, member_id)
);
CREATE INDEX member_told_city ON member_told (community_id, city) WHERE city IS NOT NULL;
CREATE INDEX member_told_birthday ON member_told (community_id, birth_month, birth_day) WHERE wants_care;

-- Erasures: that somebody was forgotten, never who it was. request_id: of those that were announced.
CREATE TABLE erasure (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id text NOT NULL,
    erased_at    timestamptz NOT NULL,
    erased_by    text NOT NULL,
    reason       text NOT NULL,
    counts       jsonb NOT NULL,
    request_id   text,
    UNIQUE (community_id, request_id)
);
