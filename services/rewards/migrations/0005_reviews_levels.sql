-- Farming reviews, levels, badges, and what operators give away.

-- Points whose earning somebody looks at. One open review a member.
CREATE TABLE review (
    review_id    uuid PRIMARY KEY,
    community_id text NOT NULL,
    member_id    text NOT NULL,
    state        text NOT NULL CHECK (state IN ('held', 'released', 'voided')),
    signals      jsonb NOT NULL,
    points       bigint NOT NULL CHECK (points >= 0),
    opened_at    timestamptz NOT NULL,
    decided_at   timestamptz,
    decided_by   text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT ''
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX a_member_has_one_open_review ON review (community_id, member_id) WHERE state = 'held';
CREATE INDEX review_of_community ON review (community_id, opened_at, review_id);

-- A member's level; `grace_until` while its points are gone and it is kept for a while.
CREATE TABLE member_level (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    level        integer NOT NULL CHECK (level >= 0),
    change       integer NOT NULL,
    grace_until  timestamptz,
    PRIMARY KEY (community_id, member_id)
) WITH (fillfactor = 80);

CREATE TABLE badge (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    badge        text NOT NULL,
    earned_at    timestamptz NOT NULL,
    cause_id     text NOT NULL,
    PRIMARY KEY (community_id, member_id, badge)
);

-- Red packets and lotteries: points set aside of the budget, split by a seed whose hash is told before.
CREATE TABLE giveaway (
    giveaway_id  uuid PRIMARY KEY,
    community_id text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('red_packet', 'lottery')),
    points       bigint NOT NULL CHECK (points > 0),
    shares       integer NOT NULL CHECK (shares > 0),
    seed         bytea NOT NULL,
    commitment   text NOT NULL,
    state        text NOT NULL CHECK (state IN ('open', 'closed')),
    opened_at    timestamptz NOT NULL,
    closes_at    timestamptz NOT NULL,
    opened_by    text NOT NULL,
    reason       text NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX giveaway_of_community ON giveaway (community_id, opened_at, giveaway_id);

-- Who takes part; of a red packet with the place taken, of a lottery with the place drawn.
CREATE TABLE giveaway_entry (
    giveaway_id uuid NOT NULL REFERENCES giveaway,
    member_id   text NOT NULL,
    entered_at  timestamptz NOT NULL,
    place       integer,
    points      bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (giveaway_id, member_id),
    UNIQUE (giveaway_id, place)
) WITH (fillfactor = 80);

-- Points given or taken by a person; a large one waits for a second person.
CREATE TABLE adjustment (
    adjustment_id uuid PRIMARY KEY,
    community_id  text NOT NULL,
    member_id     text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('adjustment', 'compensation')),
    points        bigint NOT NULL CHECK (points <> 0),
    state         text NOT NULL CHECK (state IN ('proposed', 'applied', 'refused')),
    proposed_at   timestamptz NOT NULL,
    proposed_by   text NOT NULL,
    reason        text NOT NULL,
    decided_at    timestamptz,
    decided_by    text NOT NULL DEFAULT '',
    decision      text NOT NULL DEFAULT ''
) WITH (fillfactor = 80);
CREATE INDEX adjustment_of_community ON adjustment (community_id, proposed_at, adjustment_id);

-- When the chat was last answered, so that commands are answered now and then only.
CREATE TABLE answered (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    at           timestamptz NOT NULL,
    answers      integer NOT NULL,
    PRIMARY KEY (community_id, member_id)
) WITH (fillfactor = 70);
