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

-- How many messages of people each channel had on a day of the community's own time. Forgotten after a month.
CREATE TABLE channel_day (
    community_id text NOT NULL,
    day          date NOT NULL,
    channel_id   text NOT NULL,
    messages     integer NOT NULL,
    PRIMARY KEY (community_id, day, channel_id)
) WITH (fillfactor = 50);

-- Which rules were broken in a week.
CREATE INDEX finding_by_time ON finding (community_id, posted_at);
