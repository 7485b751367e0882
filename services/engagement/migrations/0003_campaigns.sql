-- Check-in campaigns: a book, a course, a habit, with windows, proof, freezes and make-up cards.

CREATE TABLE campaign (
    community_id text NOT NULL,
    campaign_id  text NOT NULL,
    version      integer NOT NULL DEFAULT 1,
    title        text NOT NULL,
    keyword      text NOT NULL,
    channel_id   text,
    first_date   date NOT NULL,
    last_date    date NOT NULL,
    windows      text[] NOT NULL,
    proof        text NOT NULL CHECK (proof IN ('none', 'text', 'picture')),
    text_min     integer NOT NULL,
    freezes      integer NOT NULL,
    makeups      integer NOT NULL,
    excused      date[] NOT NULL DEFAULT '{}',
    is_closed    boolean NOT NULL DEFAULT false,
    changed_by   text NOT NULL,
    PRIMARY KEY (community_id, campaign_id),
    CHECK (first_date <= last_date)
);

-- A message that checks in to a campaign. refused_by: a person who said that it does not count.
CREATE TABLE campaign_proof (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    campaign_id  text NOT NULL,
    member_id    text NOT NULL,
    local_date   date NOT NULL,
    occurred_at  timestamptz NOT NULL,
    day_ends_at  timestamptz NOT NULL,
    text         text NOT NULL,
    is_void      boolean NOT NULL,
    refused_by   text,
    PRIMARY KEY (community_id, message_id)
);
CREATE INDEX campaign_proof_of_day ON campaign_proof (community_id, campaign_id, member_id, local_date);

-- One row per campaign, member and date that ever counted; without a message it does not count any more.
-- A made-up date has no message and is_made_up.
CREATE TABLE campaign_day (
    community_id text NOT NULL,
    campaign_id  text NOT NULL,
    member_id    text NOT NULL,
    local_date   date NOT NULL,
    message_id   text,
    revision     integer NOT NULL,
    is_made_up   boolean NOT NULL,
    PRIMARY KEY (community_id, campaign_id, member_id, local_date)
);

-- What members say of a campaign.
CREATE TABLE campaign_testimony (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    campaign_id  text NOT NULL,
    member_id    text NOT NULL,
    occurred_at  timestamptz NOT NULL,
    text         text NOT NULL,
    PRIMARY KEY (community_id, message_id)
);
