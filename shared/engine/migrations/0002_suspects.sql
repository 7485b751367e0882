-- What is being tried is noted by topic, so that a lane's other topics do not wipe the note out.
-- lane.suspect_topic says which of them an owner was at when it died.
ALTER TABLE lane DROP COLUMN suspect_from, DROP COLUMN suspect_until;
ALTER TABLE lane_offset
    ADD COLUMN suspect_from   bigint,
    ADD COLUMN suspect_until  bigint,
    ADD COLUMN suspect_deaths integer NOT NULL DEFAULT 0;
