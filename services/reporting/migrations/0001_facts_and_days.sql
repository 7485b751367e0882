-- Facts of every event, and the roll-ups of a community's days that are kept with them.

-- One row an event, without its text. The key finds an event that was counted before, however long ago, and
-- is the one index: reading goes by community and time.
CREATE TABLE fact (
    event_id        uuid NOT NULL,
    community_id    text NOT NULL,
    occurred_at     timestamptz NOT NULL,
    local_date      date NOT NULL,
    type            text NOT NULL,
    member_id       text,
    channel_id      text,
    subject_id      text,
    other_member_id text,
    label           text,
    amount          bigint NOT NULL,
    is_bot          boolean NOT NULL,
    is_late         boolean NOT NULL,
    PRIMARY KEY (community_id, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);

-- All partitions are made here, so no date of a stranger can make one: months where live data is kept and
-- dropped, years for imported histories, one for whatever is older and one for whatever is newer.
DO $$
DECLARE
    opens  date := '2005-01-01';
    closes date;
BEGIN
    EXECUTE format('CREATE TABLE fact_before PARTITION OF fact FOR VALUES FROM (MINVALUE) TO (%L)',
                   opens::timestamp AT TIME ZONE 'UTC');
    WHILE opens < '2033-01-01' LOOP
        closes := opens + CASE WHEN opens < '2026-01-01' THEN interval '1 year' ELSE interval '1 month' END;
        EXECUTE format('CREATE TABLE %I PARTITION OF fact FOR VALUES FROM (%L) TO (%L)',
                       'fact_' || to_char(opens, CASE WHEN opens < '2026-01-01' THEN 'YYYY' ELSE 'YYYY_MM' END),
                       opens::timestamp AT TIME ZONE 'UTC', closes::timestamp AT TIME ZONE 'UTC');
        opens := closes;
    END LOOP;
    EXECUTE format('CREATE TABLE fact_after PARTITION OF fact FOR VALUES FROM (%L) TO (MAXVALUE)',
                   opens::timestamp AT TIME ZONE 'UTC');
END $$;

-- Every day of a community on which anything counts. Room is left in the pages of what is updated again and
-- again, so that an update needs no new index entry.
CREATE TABLE day (
    community_id   text NOT NULL,
    local_date     date NOT NULL,
    events         bigint NOT NULL,
    active_members integer NOT NULL,
    revision       bigint NOT NULL,
    first_event_at timestamptz NOT NULL,
    last_event_at  timestamptz NOT NULL,
    PRIMARY KEY (community_id, local_date)
) WITH (fillfactor = 50);
COMMENT ON COLUMN day.revision IS 'how many events changed the day after it had ended by the community''s clock';

-- Facts of a type on a day, those of bots apart, and the sum of their amounts.
CREATE TABLE day_count (
    community_id text NOT NULL,
    local_date   date NOT NULL,
    type         text NOT NULL,
    is_bot       boolean NOT NULL,
    events       bigint NOT NULL,
    amount       bigint NOT NULL,
    PRIMARY KEY (community_id, local_date, type, is_bot)
) WITH (fillfactor = 50);

-- Who wrote on a day: distinct members of any period are counted from here.
CREATE TABLE member_day (
    community_id text NOT NULL,
    local_date   date NOT NULL,
    member_id    text NOT NULL,
    PRIMARY KEY (community_id, local_date, member_id)
);
