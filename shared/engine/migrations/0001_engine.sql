-- The engine's tables, one set in each service's schema.

-- One row per lane: fence (epoch), clock and outbox counter together, so that one update guards a batch.
-- Rows of the group 'requests' are the extra outbox lanes for events born of HTTP requests.
CREATE TABLE lane (
    consumer_group text NOT NULL,
    partition      integer NOT NULL,
    epoch          bigint NOT NULL DEFAULT 1,
    clock          timestamptz,
    outbox_seq     bigint NOT NULL DEFAULT 0,
    crash_count    integer NOT NULL DEFAULT 0,
    owner          uuid,
    suspect_topic  text,
    suspect_from   bigint,
    suspect_until  bigint,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, partition)
) WITH (fillfactor = 50);

INSERT INTO lane (consumer_group, partition) SELECT 'requests', 1000 + n FROM generate_series(0, 7) AS n;

-- What became of every record of a partition: the four counts always sum to next_offset - first_offset.
CREATE TABLE lane_offset (
    consumer_group text NOT NULL,
    topic          text NOT NULL,
    partition      integer NOT NULL,
    first_offset   bigint NOT NULL,
    next_offset    bigint NOT NULL,
    applied        bigint NOT NULL DEFAULT 0,
    duplicates     bigint NOT NULL DEFAULT 0,
    dead_lettered  bigint NOT NULL DEFAULT 0,
    skipped        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer_group, topic, partition),
    CONSTRAINT every_record_is_accounted_for
        CHECK (applied + duplicates + dead_lettered + skipped = next_offset - first_offset)
) WITH (fillfactor = 50);

-- Ids seen, by the week inside the id; a week's partition is made on demand.
CREATE TABLE inbox (event_id uuid PRIMARY KEY) PARTITION BY RANGE (event_id);
CREATE TABLE inbox_week (week integer PRIMARY KEY, written_at timestamptz NOT NULL DEFAULT now());

CREATE TABLE outbox (
    lane       integer NOT NULL,
    seq        bigint NOT NULL,
    day        date NOT NULL,
    event_id   uuid NOT NULL,
    topic      text NOT NULL,
    partition  integer NOT NULL,
    key        text NOT NULL,
    headers    text NOT NULL,
    payload    bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (lane, seq, day)
) PARTITION BY RANGE (day);

CREATE TABLE outbox_cursor (
    lane         integer PRIMARY KEY,
    seq          bigint NOT NULL DEFAULT 0,
    epoch        bigint NOT NULL DEFAULT 0,
    owner        uuid,
    leased_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

INSERT INTO outbox_cursor (lane) SELECT 1000 + n FROM generate_series(0, 7) AS n;

CREATE TABLE timers (
    community_id text NOT NULL,
    kind         text NOT NULL,
    key          text NOT NULL,
    due_at       timestamptz NOT NULL,
    payload      jsonb NOT NULL,
    after        text[] NOT NULL,
    partition    integer NOT NULL,
    PRIMARY KEY (community_id, kind, key)
);
CREATE INDEX timers_due ON timers (partition, due_at);

CREATE TABLE dead_letter (
    consumer_group text NOT NULL,
    topic          text NOT NULL,
    partition      integer NOT NULL,
    "offset"       bigint NOT NULL,
    event_id       uuid,
    reason         text NOT NULL,
    detail         text NOT NULL,
    headers        jsonb NOT NULL,
    key            bytea,
    value          bytea,
    status         text NOT NULL DEFAULT 'dead' CHECK (status IN ('dead', 'replayed', 'discarded')),
    attempts       integer NOT NULL DEFAULT 1,
    resolved_by    text,
    resolved_at    timestamptz,
    resolved_for   text, -- why, in that person's words
    created_at     timestamptz NOT NULL DEFAULT now(),
    CHECK (status = 'dead' OR (resolved_by IS NOT NULL AND resolved_at IS NOT NULL AND resolved_for IS NOT NULL)),
    PRIMARY KEY (consumer_group, topic, partition, "offset")
);
CREATE INDEX dead_letter_open ON dead_letter (created_at) WHERE status = 'dead';

-- This service's copy of each community: its profile, and on which clock it lives.
CREATE TABLE community (
    community_id text PRIMARY KEY,
    partition    integer NOT NULL,
    profile      jsonb,
    revision     bigint NOT NULL DEFAULT -1,
    mode         text NOT NULL DEFAULT 'wall' CHECK (mode IN ('wall', 'event')),
    event_clock  timestamptz,
    turns        integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX community_of_lane ON community (partition);

-- How far other services say they are; community_id '' is the lane itself.
CREATE TABLE watermark (
    service      text NOT NULL,
    partition    integer NOT NULL,
    community_id text NOT NULL,
    mode         text NOT NULL,
    turns        integer NOT NULL,
    clock        timestamptz NOT NULL,
    PRIMARY KEY (service, partition, community_id)
) WITH (fillfactor = 50);

-- The application's role owns no table; it makes and drops partitions through these functions alone.
-- ATTACH takes a lock that lets inserts go on, which CREATE TABLE … PARTITION OF does not.
CREATE FUNCTION ensure_inbox_week(wanted integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    name  text := format('inbox_w%s', wanted);
    span  bigint := 7 * 24 * 3600 * 1000;
BEGIN
    IF wanted < 0 OR wanted > 10000 THEN
        RAISE EXCEPTION 'week % is out of range', wanted USING ERRCODE = '22003';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.inbox'));
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I (LIKE inbox INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE inbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name,
            rpad(lpad(to_hex(wanted * span), 12, '0'), 32, '0'),
            rpad(lpad(to_hex((wanted + 1) * span), 12, '0'), 32, '0'));
    END IF;
    INSERT INTO inbox_week (week) VALUES (wanted) ON CONFLICT (week) DO UPDATE SET written_at = now();
END $$;

CREATE FUNCTION drop_inbox_weeks(horizon interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    old     integer;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.inbox'));
    FOR old IN
        SELECT week FROM inbox_week
        WHERE written_at < now() - horizon AND to_timestamp((week + 1) * 604800::bigint) < now() - horizon
    LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', format('inbox_w%s', old));
        DELETE FROM inbox_week WHERE week = old;
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

CREATE FUNCTION ensure_outbox_day(wanted date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    name text := format('outbox_d%s', to_char(wanted, 'YYYYMMDD'));
BEGIN
    IF wanted < current_date - 2 OR wanted > current_date + 2 THEN
        RAISE EXCEPTION 'day % is not near today', wanted USING ERRCODE = '22003';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.outbox'));
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I (LIKE outbox INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE outbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, wanted, wanted + 1);
    END IF;
END $$;

-- A day goes when it is over for two days and the relay has sent every row of it.
CREATE FUNCTION drop_outbox_days() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    old     text;
    unsent  boolean;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.outbox'));
    FOR old IN
        SELECT child.relname FROM pg_inherits
        JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'outbox'::regclass
          AND child.relname < format('outbox_d%s', to_char(current_date - 1, 'YYYYMMDD'))
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I o LEFT JOIN outbox_cursor c USING (lane)
                                       WHERE o.seq > coalesce(c.seq, 0))', old) INTO unsent;
        IF NOT unsent THEN
            EXECUTE format('DROP TABLE %I', old);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;

-- Definer functions must not be fooled by a caller's search path.
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['ensure_inbox_week(integer)', 'drop_inbox_weeks(interval)',
                                     'ensure_outbox_day(date)', 'drop_outbox_days()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', signature, current_schema());
    END LOOP;
END $$;
