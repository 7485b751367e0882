-- Rules as data, what others give a member, referrals, and what is known of a person.

-- One version of a community's rules; what it leaves out is as shipped. Version 1 is the shipped set.
CREATE TABLE rule_version (
    community_id   text NOT NULL,
    version        integer NOT NULL CHECK (version > 1),
    effective_from timestamptz NOT NULL,
    document       jsonb NOT NULL,
    changed_at     timestamptz NOT NULL,
    changed_by     text NOT NULL,
    reason         text NOT NULL,
    PRIMARY KEY (community_id, version)
);

-- Sketches (not the text) of the last five paid messages of the day.
ALTER TABLE member_day ADD COLUMN sketches text[] NOT NULL DEFAULT '{}';
-- How many messages of the day were not paid as they were like one of those.
ALTER TABLE member_day ADD COLUMN alike integer NOT NULL DEFAULT 0;

-- Something a member is paid for that is no message and no check-in: thanks, a reaction, an introduction …
-- `told` is what was said of it, by name: [milliseconds, whether it stands]; the newest word counts.
CREATE TABLE earning (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    rule         text NOT NULL,
    subject      text NOT NULL,
    message_id   text NOT NULL DEFAULT '',
    giver_id     text NOT NULL DEFAULT '',
    occurred_at  timestamptz NOT NULL,
    day          date NOT NULL,
    points       integer NOT NULL CHECK (points >= 0),
    rule_version integer NOT NULL,
    told         jsonb NOT NULL,
    decision     integer NOT NULL DEFAULT 0,
    stands       boolean NOT NULL,
    award_id     uuid,
    PRIMARY KEY (community_id, member_id, rule, subject)
) WITH (fillfactor = 90);
CREATE INDEX earning_of_message ON earning (community_id, member_id, message_id) WHERE message_id <> '';
CREATE INDEX earning_of_day ON earning (community_id, member_id, rule, day) WHERE points > 0;

-- Who came by whose invitation, once for ever.
CREATE TABLE referral (
    community_id text NOT NULL,
    invitee_id   text NOT NULL,
    inviter_id   text NOT NULL,
    joined_at    timestamptz NOT NULL,
    state        text NOT NULL CHECK (state IN ('waiting', 'paid', 'left', 'lapsed', 'flagged', 'refused')),
    flag         text NOT NULL DEFAULT '',
    points       integer NOT NULL DEFAULT 0,
    paid_at      timestamptz,
    award_id     uuid,
    decided_by   text,
    reason       text NOT NULL DEFAULT '',
    PRIMARY KEY (community_id, invitee_id)
) WITH (fillfactor = 80);
CREATE INDEX referral_of_inviter ON referral (community_id, inviter_id);

CREATE TABLE invite_code (
    community_id text NOT NULL,
    code         text NOT NULL,
    member_id    text NOT NULL,
    PRIMARY KEY (community_id, code),
    UNIQUE (community_id, member_id)
);

-- What was told of a person beside messages: the newest word about roles and about coming and going.
CREATE TABLE person (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    is_staff     boolean NOT NULL DEFAULT false,
    roles_at     timestamptz,
    joined_at    timestamptz,
    left_at      timestamptz,
    PRIMARY KEY (community_id, member_id)
) WITH (fillfactor = 80);

-- A member's sanctions; one lifted by a person is void. Whichever word comes first waits for the other.
CREATE TABLE sanction (
    community_id text NOT NULL,
    sanction_id  text NOT NULL,
    member_id    text NOT NULL,
    kind         text NOT NULL DEFAULT '',
    applied_at   timestamptz,
    until        timestamptz,
    lifted_by    text,
    PRIMARY KEY (community_id, sanction_id)
) WITH (fillfactor = 80);
CREATE INDEX sanction_of_member ON sanction (community_id, member_id);

-- What people did, and why.
CREATE TABLE act (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id text NOT NULL,
    at           timestamptz NOT NULL,
    actor        text NOT NULL,
    act          text NOT NULL,
    subject      text NOT NULL,
    reason       text NOT NULL,
    detail       jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX act_of_community ON act (community_id, number);
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON act
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
