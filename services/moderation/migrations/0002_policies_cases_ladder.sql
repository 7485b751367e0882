-- Rules as data, what follows from decisions, and what people say of them.

-- What a member is to rules beyond the last two minutes; the row stays when the window is forgotten.
ALTER TABLE member_window
    ADD COLUMN decided_at timestamptz,
    ADD COLUMN case_id    text,
    ADD COLUMN first_at   timestamptz,
    ADD COLUMN spoken     integer NOT NULL DEFAULT 0;

-- Each change of a community's policy; the highest version counts. Communities without a row have the shipped set.
CREATE TABLE policy (
    community_id text NOT NULL,
    version      integer NOT NULL CHECK (version > 0),
    document     jsonb NOT NULL,
    rules        jsonb NOT NULL,
    changed_at   timestamptz NOT NULL,
    changed_by   text NOT NULL,
    reason       text NOT NULL,
    PRIMARY KEY (community_id, version)
);

-- Something that a person may judge: what was decided automatically, and what waits for a decision.
CREATE TABLE moderation_case (
    case_id      text PRIMARY KEY,
    community_id text NOT NULL,
    kind         text NOT NULL,
    member_id    text,
    rule         text NOT NULL,
    rule_version integer NOT NULL,
    score        double precision NOT NULL,
    state        text NOT NULL CHECK (state IN ('open', 'claimed', 'resolved')),
    version      integer NOT NULL DEFAULT 1,
    opened_at    timestamptz NOT NULL,
    claimed_by   text,
    verdict      text CHECK (verdict IN ('confirmed', 'overturned')),
    resolved_by  text,
    resolved_at  timestamptz,
    reason       text NOT NULL DEFAULT '',
    CONSTRAINT a_resolved_case_has_a_verdict CHECK ((state = 'resolved') = (verdict IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX case_queue ON moderation_case (community_id, score DESC, case_id) WHERE state <> 'resolved';
CREATE INDEX case_by_time ON moderation_case (community_id, opened_at DESC, case_id);

-- The messages of a case, with their text: whoever judges must read them. Emptied after the retention.
CREATE TABLE case_message (
    case_id    text NOT NULL,
    message_id text NOT NULL,
    member_id  text NOT NULL,
    channel_id text NOT NULL,
    posted_at  timestamptz NOT NULL,
    text       text NOT NULL,
    PRIMARY KEY (case_id, message_id)
);

-- Who did what to a case, and why: append-only.
CREATE TABLE case_history (
    case_id text NOT NULL,
    version integer NOT NULL,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    act     text NOT NULL,
    note    text NOT NULL DEFAULT '',
    PRIMARY KEY (case_id, version)
);

-- Points of members on the ladder; what a person overruled is void, what expired stays on record.
CREATE TABLE strike (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    case_id      text NOT NULL,
    at           timestamptz NOT NULL,
    points       integer NOT NULL CHECK (points > 0),
    rule         text NOT NULL,
    rule_version integer NOT NULL,
    voided_at    timestamptz,
    PRIMARY KEY (community_id, member_id, case_id)
);

CREATE TABLE sanction (
    sanction_id  text PRIMARY KEY,
    community_id text NOT NULL,
    member_id    text NOT NULL,
    step         text NOT NULL,
    case_id      text NOT NULL,
    rule         text NOT NULL,
    rule_version integer NOT NULL,
    points       integer NOT NULL,
    applied_at   timestamptz NOT NULL,
    until        timestamptz,
    how          text NOT NULL,
    applied_by   text,
    lifted_at    timestamptz,
    lifted_by    text,
    lift_reason  text NOT NULL DEFAULT ''
) WITH (fillfactor = 70);
CREATE INDEX sanction_of_member ON sanction (community_id, member_id, applied_at DESC);
CREATE INDEX sanction_in_force ON sanction (community_id, until) WHERE lifted_at IS NULL AND until IS NOT NULL;

REVOKE UPDATE, DELETE ON policy FROM hearth_moderation;
REVOKE UPDATE ON case_history FROM hearth_moderation;
