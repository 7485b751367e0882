-- What people say of decisions: verdicts and what they undo, appeals, reports by members.

-- How many verdicts a case has had; the last one stands.
ALTER TABLE moderation_case ADD COLUMN verdicts integer NOT NULL DEFAULT 0;
-- The newest verdicts about a rule.
CREATE INDEX case_verdicts ON moderation_case (community_id, rule, resolved_at DESC) WHERE verdict IS NOT NULL;
CREATE INDEX case_of_member ON moderation_case (community_id, member_id, opened_at DESC);
CREATE INDEX case_of_message ON case_message (message_id);
CREATE INDEX sanction_of_case ON sanction (case_id);
CREATE INDEX strike_of_case ON strike (case_id);

-- A removal that a person took back. Decisions about a message are numbered through removals and restorations.
CREATE TABLE restoration (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    decision     integer NOT NULL,
    case_id      text NOT NULL,
    restored_by  text NOT NULL,
    restored_at  timestamptz NOT NULL,
    reason       text NOT NULL,
    PRIMARY KEY (community_id, message_id, decision)
);

-- One row each time that a rule was wrong too often and stopped acting by itself; verdicts count from here on.
CREATE TABLE rule_fallback (
    community_id text NOT NULL,
    rule         text NOT NULL,
    fell_at      timestamptz NOT NULL,
    rule_version integer NOT NULL,
    judged       integer NOT NULL,
    overturned   integer NOT NULL,
    PRIMARY KEY (community_id, rule, fell_at)
);

-- A member's wish for a second look; one a case. Its message names it, so that it is filed once.
CREATE TABLE appeal (
    appeal_id    text PRIMARY KEY,
    community_id text NOT NULL,
    case_id      text NOT NULL UNIQUE,
    member_id    text NOT NULL,
    message_id   text NOT NULL,
    channel_id   text NOT NULL,
    said         text NOT NULL,
    filed_at     timestamptz NOT NULL,
    decide_by    timestamptz NOT NULL,
    reminded_at  timestamptz,
    outcome      text CHECK (outcome IN ('upheld', 'overturned')),
    decided_by   text,
    decided_at   timestamptz,
    reason       text NOT NULL DEFAULT '',
    UNIQUE (community_id, message_id),
    CONSTRAINT a_decided_appeal_has_an_outcome CHECK ((outcome IS NULL) = (decided_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX appeal_queue ON appeal (community_id, decide_by, appeal_id);

-- A member's word that a message breaks the rules; the verdict on the message is a verdict on the report.
CREATE TABLE member_report (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    reporter_id  text NOT NULL,
    said         text NOT NULL,
    reported_at  timestamptz NOT NULL,
    by_operator  boolean NOT NULL,
    verdict      text CHECK (verdict IN ('confirmed', 'overturned')),
    PRIMARY KEY (community_id, message_id, reporter_id)
) WITH (fillfactor = 70);
CREATE INDEX member_report_of_reporter ON member_report (community_id, reporter_id) WHERE verdict IS NOT NULL;

-- A message of which operators were told because members reported it.
CREATE TABLE reported_message (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    case_id      text NOT NULL,
    alerted_at   timestamptz NOT NULL,
    held_at      timestamptz,
    PRIMARY KEY (community_id, message_id)
);

-- One row a message that an operator has judged. The newest verdict counts; an overturned one teaches nothing.
CREATE TABLE IF NOT EXISTS training_sample (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    text         text NOT NULL,
    label        text NOT NULL CHECK (label IN ('spam', 'ham')),
    verdict_at   timestamptz NOT NULL,
    overturned   boolean NOT NULL,
    PRIMARY KEY (community_id, message_id)
);

REVOKE UPDATE, DELETE ON restoration, rule_fallback FROM hearth_moderation;
