-- The arrays of a baseline are written for every channel at every midnight, 504 numbers each: as bytes they cost a
-- tenth. Numbers are as float8send writes them: eight bytes each, big endian.
CREATE FUNCTION pg_temp.packed(numbers double precision[]) RETURNS bytea LANGUAGE sql AS $$
    SELECT string_agg(float8send(number), ''::bytea ORDER BY place)
    FROM unnest(numbers) WITH ORDINALITY AS t (number, place)
$$;
ALTER TABLE channel_baseline
    ALTER COLUMN counts TYPE bytea USING pg_temp.packed(counts),
    ALTER COLUMN exposure TYPE bytea USING pg_temp.packed(exposure),
    ALTER COLUMN rates TYPE bytea USING pg_temp.packed(rates);
