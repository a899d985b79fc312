-- A day that begins twice, where clocks go back over midnight, was called by the second time, and so by one behind its first use; one
-- whose midnight clocks leave out began, for the functions beside these, an hour before it did. Both begin at their first instant, in
-- the database as in the functions of the same names in code.

-- The first instant at which the clocks of a zone show a time: of the two where they are set back and show it twice, and that of
-- the change where they are set forward and never show it.
CREATE FUNCTION zone_first_instant(shown timestamp, zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  as_utc timestamptz := shown AT TIME ZONE 'UTC';
  -- Farther from UTC than any zone, and nearer than two changes of one.
  early timestamptz := as_utc - interval '15 hours';
  late timestamptz := as_utc + interval '15 hours';
  ahead_early interval := (early AT TIME ZONE zone) - (early AT TIME ZONE 'UTC');
  ahead_late interval := (late AT TIME ZONE zone) - (late AT TIME ZONE 'UTC');
  found timestamptz := as_utc - greatest(ahead_early, ahead_late);
  seconds bigint;
BEGIN
  IF found AT TIME ZONE zone = shown THEN RETURN found; END IF;
  found := as_utc - least(ahead_early, ahead_late);
  IF found AT TIME ZONE zone = shown THEN RETURN found; END IF;
  -- Clocks are set on whole seconds.
  seconds := extract(epoch FROM late - early);
  WHILE seconds > 1 LOOP
    found := early + (seconds / 2) * interval '1 second';
    IF found AT TIME ZONE zone >= shown THEN late := found; ELSE early := found; END IF;
    seconds := extract(epoch FROM late - early);
  END LOOP;
  RETURN late;
END $$;

-- When the minute, hour, day or month on the clocks of a zone begins that a time lies in. An hour is 60 minutes long, also one that
-- clocks show twice; where they are set by a part of an hour, one begins there.
CREATE FUNCTION zone_window_start(per text, at timestamptz, zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  local timestamp := at AT TIME ZONE zone;
  ahead interval := local - (at AT TIME ZONE 'UTC');
  early timestamptz;
  late timestamptz := at;
  middle timestamptz;
  seconds bigint;
BEGIN
  IF per NOT IN ('minute', 'hour') THEN RETURN zone_first_instant(date_trunc(per, local), zone); END IF;
  early := at - (local - date_trunc(per, local));
  IF per = 'minute' OR extract(epoch FROM (early AT TIME ZONE zone) - (early AT TIME ZONE 'UTC') - ahead)::bigint % 3600 = 0 THEN
    RETURN early;
  END IF;
  late := date_trunc('second', at);
  seconds := extract(epoch FROM late - early);
  WHILE seconds > 1 LOOP
    middle := early + (seconds / 2) * interval '1 second';
    IF (middle AT TIME ZONE zone) - (middle AT TIME ZONE 'UTC') = ahead THEN late := middle; ELSE early := middle; END IF;
    seconds := extract(epoch FROM late - early);
  END LOOP;
  RETURN late;
END $$;

REVOKE ALL ON FUNCTION zone_first_instant(timestamp, text), zone_window_start(text, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zone_first_instant(timestamp, text), zone_window_start(text, timestamptz, text) TO patchbay_app, patchbay_wall;

-- When the buckets of a range begin, which is what each is called.
CREATE OR REPLACE FUNCTION usage_buckets(since timestamptz, until timestamptz, bucket text, zone text, OUT labels timestamptz[], OUT starts timestamptz[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  CASE
  WHEN bucket = 'all' THEN
    starts := ARRAY[since];
  WHEN bucket IN ('minute', 'hour') THEN
    SELECT array_agg(b.start ORDER BY b.start) INTO starts FROM (
      SELECT min(q) AS start
      FROM generate_series(CASE bucket WHEN 'hour' THEN date_bin('15 minutes', since, 'epoch') ELSE since END, until,
        CASE bucket WHEN 'hour' THEN interval '15 minutes' ELSE interval '1 minute' END) AS q GROUP BY date_trunc(bucket, q, zone)) AS b;
    -- A range may begin within a bucket.
    starts[1] := zone_window_start(bucket, since, zone);
  ELSE
    SELECT array_agg(zone_first_instant(l, zone) ORDER BY l) INTO starts
    FROM generate_series(date_trunc(bucket, since AT TIME ZONE zone), until AT TIME ZONE zone, ('1 ' || bucket)::interval) AS l;
  END CASE;
  labels := starts;
END $$;
GRANT EXECUTE ON FUNCTION usage_buckets(timestamptz, timestamptz, text, text) TO patchbay_app;

CREATE OR REPLACE FUNCTION trigger_window(of_trigger usage_trigger, at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT CASE of_trigger.condition
    WHEN 'rate' THEN to_timestamp(floor(extract(epoch FROM at) / of_trigger.seconds) * of_trigger.seconds)
    WHEN 'threshold' THEN 'epoch'::timestamptz
    ELSE zone_window_start(of_trigger.period, at, of_trigger.time_zone)
  END
$$;
