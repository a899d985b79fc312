-- Totals of longer spans, so that a month is read as days and quarters of an hour, and not as its 43,200 minutes (MET-5).
-- Quarters, for the clocks of some zones are not whole hours apart: Kathmandu's hours begin at a quarter.

-- What minute totals that were folded come to in a quarter of an hour, or in a day by UTC.
CREATE TABLE "usage_span_total" (
    "account_id" TEXT NOT NULL,
    "minutes" SMALLINT NOT NULL,
    "starts_at" TIMESTAMPTZ(0) NOT NULL,
    "layout_id" BIGINT NOT NULL,
    "part" SMALLINT NOT NULL,
    "is_own" BOOLEAN NOT NULL,
    "n" BIGINT NOT NULL,
    "v1" BIGINT,
    "v2" BIGINT,
    "v3" BIGINT,
    "v4" BIGINT,
    "v5" BIGINT,
    "v6" BIGINT,
    "v7" BIGINT,
    "v8" BIGINT,

    CONSTRAINT "usage_span_total_pkey" PRIMARY KEY ("account_id","minutes","starts_at","layout_id","part","is_own")
) WITH (fillfactor = 50);

ALTER TABLE usage_span_total ADD CONSTRAINT usage_span_total_minutes CHECK (minutes IN (15, 1440));
SELECT guard_tenant_table('usage_span_total');
REVOKE INSERT, UPDATE, DELETE ON usage_span_total FROM patchbay_app;
REVOKE DELETE ON usage_span_total FROM patchbay_wall;

-- A total is folded or it is not: row -1 of a minute has what the spans have too, the others what they do not have yet. What
-- comes late goes to one of the others as any use does. So at every moment the sum of spans and unfolded rows is all there is,
-- and what was counted before this migration is folded by and by.
DROP INDEX usage_minute_total_spread_idx;
CREATE INDEX usage_minute_total_unfolded_idx ON usage_minute_total (account_id, minute) WHERE shard >= 0;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

DROP FUNCTION usage_fold_minutes(timestamptz, int);
-- Folds totals of minutes that are over, so many rows at most, and answers how many they were: each minute into one row, and
-- into its spans. What somebody adds to meanwhile is left for the next time, and so is for good what would take a day's total
-- past what a row can hold: it is read as it is.
CREATE FUNCTION usage_fold_minutes(before timestamptz, row_max int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
  SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  folded bigint;
BEGIN
  -- Two at once would add to the same rows.
  IF NOT pg_try_advisory_xact_lock(hashtextextended('patchbay.usage_fold', 0)) THEN RETURN 0; END IF;
  WITH candidate AS MATERIALIZED (
    SELECT m.ctid AS place, m.*, date_trunc('day', m.minute, 'UTC') AS day
    FROM usage_minute_total m WHERE m.shard >= 0 AND m.minute < before
    ORDER BY m.account_id, m.minute LIMIT row_max FOR UPDATE SKIP LOCKED
  ), daily AS MATERIALIZED (
    SELECT account_id, day, layout_id, part, is_own,
      sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3, sum(v4) AS v4, sum(v5) AS v5, sum(v6) AS v6, sum(v7) AS v7, sum(v8) AS v8
    FROM candidate GROUP BY 1, 2, 3, 4, 5
  ), fitting AS MATERIALIZED (
    -- A minute and a quarter are part of a day, and nothing is below zero: what fits there fits everywhere.
    SELECT d.account_id, d.day, d.layout_id, d.part, d.is_own
    FROM daily d LEFT JOIN LATERAL (
      SELECT * FROM usage_span_total s WHERE (s.account_id, s.minutes, s.starts_at, s.layout_id, s.part, s.is_own)
        = (d.account_id, 1440, d.day, d.layout_id, d.part, d.is_own) OFFSET 0) AS s ON true
    WHERE greatest(d.v1 + coalesce(s.v1, 0), d.v2 + coalesce(s.v2, 0), d.v3 + coalesce(s.v3, 0), d.v4 + coalesce(s.v4, 0),
      d.v5 + coalesce(s.v5, 0), d.v6 + coalesce(s.v6, 0), d.v7 + coalesce(s.v7, 0), d.v8 + coalesce(s.v8, 0)) <= 9223372036854775807
  ), taken AS (
    DELETE FROM usage_minute_total m WHERE m.ctid = ANY (ARRAY(
      SELECT c.place FROM candidate c JOIN fitting f
        ON (f.account_id, f.day, f.layout_id, f.part, f.is_own) = (c.account_id, c.day, c.layout_id, c.part, c.is_own)))
    RETURNING m.*
  ), minutes AS (
    INSERT INTO usage_minute_total AS m (account_id, minute, layout_id, part, is_own, shard, n, v1, v2, v3, v4, v5, v6, v7, v8)
    SELECT account_id, minute, layout_id, part, is_own, -1, sum(n)::bigint,
      sum(v1)::bigint, sum(v2)::bigint, sum(v3)::bigint, sum(v4)::bigint, sum(v5)::bigint, sum(v6)::bigint, sum(v7)::bigint, sum(v8)::bigint
    FROM taken GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (account_id, minute, layout_id, part, is_own, shard) DO UPDATE SET n = m.n + excluded.n,
      v1 = m.v1 + excluded.v1, v2 = m.v2 + excluded.v2, v3 = m.v3 + excluded.v3, v4 = m.v4 + excluded.v4, v5 = m.v5 + excluded.v5, v6 = m.v6 + excluded.v6, v7 = m.v7 + excluded.v7, v8 = m.v8 + excluded.v8
  ), spans AS (
    INSERT INTO usage_span_total AS s (account_id, minutes, starts_at, layout_id, part, is_own, n, v1, v2, v3, v4, v5, v6, v7, v8)
    SELECT account_id, 15, date_bin('15 minutes', minute, 'epoch'), layout_id, part, is_own, sum(n)::bigint,
      sum(v1)::bigint, sum(v2)::bigint, sum(v3)::bigint, sum(v4)::bigint, sum(v5)::bigint, sum(v6)::bigint, sum(v7)::bigint, sum(v8)::bigint
    FROM taken GROUP BY 1, 3, 4, 5, 6
    UNION ALL
    SELECT account_id, 1440, date_trunc('day', minute, 'UTC'), layout_id, part, is_own, sum(n)::bigint,
      sum(v1)::bigint, sum(v2)::bigint, sum(v3)::bigint, sum(v4)::bigint, sum(v5)::bigint, sum(v6)::bigint, sum(v7)::bigint, sum(v8)::bigint
    FROM taken GROUP BY 1, 3, 4, 5, 6
    ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (account_id, minutes, starts_at, layout_id, part, is_own) DO UPDATE SET n = s.n + excluded.n,
      v1 = s.v1 + excluded.v1, v2 = s.v2 + excluded.v2, v3 = s.v3 + excluded.v3, v4 = s.v4 + excluded.v4, v5 = s.v5 + excluded.v5, v6 = s.v6 + excluded.v6, v7 = s.v7 + excluded.v7, v8 = s.v8 + excluded.v8
  )
  SELECT count(*) INTO folded FROM taken;
  RETURN folded;
END $$;
ALTER FUNCTION usage_fold_minutes(timestamptz, int) OWNER TO patchbay_wall;

-- When the buckets of a range begin, and what each is called: the time that date_trunc() has for all of it. A day that
-- begins twice, where clocks go back over midnight, begins at the first time, and is called by the second as ever.
CREATE FUNCTION usage_buckets(since timestamptz, until timestamptz, bucket text, zone text, OUT labels timestamptz[], OUT starts timestamptz[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  CASE
  WHEN bucket = 'all' THEN
    labels := ARRAY[since];
    starts := ARRAY[since];
  WHEN bucket IN ('minute', 'hour') THEN
    SELECT array_agg(b.label ORDER BY b.start), array_agg(b.start ORDER BY b.start) INTO labels, starts FROM (
      SELECT date_trunc(bucket, q, zone) AS label, min(q) AS start
      FROM generate_series(CASE bucket WHEN 'hour' THEN date_bin('15 minutes', since, 'epoch') ELSE since END, until,
        CASE bucket WHEN 'hour' THEN interval '15 minutes' ELSE interval '1 minute' END) AS q GROUP BY 1) AS b;
  ELSE
    SELECT array_agg(b.label ORDER BY b.label), array_agg(CASE WHEN (b.label - interval '1 hour') AT TIME ZONE zone >= b.local
        THEN b.label - interval '1 hour' ELSE b.label END ORDER BY b.label) INTO labels, starts FROM (
      SELECT l AS local, l AT TIME ZONE zone AS label
      FROM generate_series(date_trunc(bucket, since AT TIME ZONE zone), until AT TIME ZONE zone, ('1 ' || bucket)::interval) AS l) AS b;
  END CASE;
END $$;

-- Of which totals a range is made, so that each lies in one bucket: whole days where there are any, quarters beside them, and
-- minutes at the edges. What is of one kind and hangs together is one piece.
CREATE FUNCTION usage_pieces(starts timestamptz[], since timestamptz, until timestamptz)
RETURNS TABLE (minutes smallint, piece_since timestamptz, piece_until timestamptz)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  WITH bucket AS (
    SELECT greatest(s.at, since) AS a, least(lead(s.at, 1, 'infinity') OVER (ORDER BY s.at), until) AS b FROM unnest(starts) AS s(at)
  ), edge AS (
    SELECT b.a, b.b, date_bin('15 minutes', b.a + interval '15 minutes - 1 microsecond', 'epoch') AS quarter_a,
      date_bin('15 minutes', b.b, 'epoch') AS quarter_b,
      date_trunc('day', b.a + interval '1 day - 1 microsecond', 'UTC') AS day_a, date_trunc('day', b.b, 'UTC') AS day_b
    FROM bucket b WHERE b.a < b.b
  ), part AS (
    SELECT 1440 AS minutes, e.day_a AS a, e.day_b AS b FROM edge e
    UNION ALL SELECT 15, e.quarter_a, CASE WHEN e.day_a < e.day_b THEN e.day_a ELSE e.quarter_b END FROM edge e
    UNION ALL SELECT 15, e.day_b, e.quarter_b FROM edge e WHERE e.day_a < e.day_b
    UNION ALL SELECT 1, e.a, CASE WHEN e.quarter_a < e.quarter_b THEN e.quarter_a ELSE e.b END FROM edge e
    UNION ALL SELECT 1, e.quarter_b, e.b FROM edge e WHERE e.quarter_a < e.quarter_b
  ), chained AS (
    SELECT p.*, p.a IS DISTINCT FROM lag(p.b) OVER w AS begins FROM part p WHERE p.a < p.b WINDOW w AS (PARTITION BY p.minutes ORDER BY p.a)
  ), numbered AS (
    SELECT c.*, count(*) FILTER (WHERE c.begins) OVER (PARTITION BY c.minutes ORDER BY c.a) AS chain FROM chained c
  )
  SELECT n.minutes::smallint, min(n.a), max(n.b) FROM numbered n GROUP BY n.minutes, n.chain
$$;

-- Sums totals of accounts, each within a range of its own, by the spans that begin at `starts`: `span` counts them
-- from 1. An account may have several ranges. Every total is looked up by its key, whatever the statistics say.
-- Whoever asks has seen to it that the accounts may be seen.
CREATE FUNCTION usage_sums(
  account_ids text[], sinces timestamptz[], untils timestamptz[], starts timestamptz[], own_only boolean, of_meter text
) RETURNS TABLE (account_id text, span int, meter text, dimension_set_id bigint, is_own boolean, amount numeric, n numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
  SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    WITH range AS MATERIALIZED (
      SELECT u.account_id, u.since, u.until FROM unnest(account_ids, sinces, untils) AS u(account_id, since, until) WHERE u.since < u.until
    ), piece AS MATERIALIZED (
      SELECT r.since, r.until, p.* FROM (SELECT DISTINCT since, until FROM range) AS r CROSS JOIN LATERAL usage_pieces(starts, r.since, r.until) AS p
    ), total AS (
      SELECT r.account_id, t.starts_at AS at, t.layout_id, t.part, t.is_own, t.n, t.v1, t.v2, t.v3, t.v4, t.v5, t.v6, t.v7, t.v8
      FROM range r JOIN piece p ON (p.since, p.until) = (r.since, r.until) AND p.minutes > 1 CROSS JOIN LATERAL (
        SELECT * FROM usage_span_total s WHERE s.account_id = r.account_id AND s.minutes = p.minutes
          AND s.starts_at >= p.piece_since AND s.starts_at < p.piece_until AND (s.is_own OR NOT own_only) OFFSET 0) AS t
      UNION ALL
      SELECT r.account_id, t.minute, t.layout_id, t.part, t.is_own, t.n, t.v1, t.v2, t.v3, t.v4, t.v5, t.v6, t.v7, t.v8
      FROM range r JOIN piece p ON (p.since, p.until) = (r.since, r.until) AND p.minutes = 1 CROSS JOIN LATERAL (
        SELECT * FROM usage_minute_total m WHERE m.account_id = r.account_id AND m.shard < 0
          AND m.minute >= p.piece_since AND m.minute < p.piece_until AND (m.is_own OR NOT own_only) OFFSET 0) AS t
      UNION ALL
      SELECT r.account_id, t.minute, t.layout_id, t.part, t.is_own, t.n, t.v1, t.v2, t.v3, t.v4, t.v5, t.v6, t.v7, t.v8
      FROM range r CROSS JOIN LATERAL (
        SELECT * FROM usage_minute_total m WHERE m.account_id = r.account_id AND m.shard >= 0
          AND m.minute >= r.since AND m.minute < r.until AND (m.is_own OR NOT own_only) OFFSET 0) AS t
    ), summed AS MATERIALIZED (
      SELECT t.account_id, width_bucket(t.at, starts) AS span, t.layout_id, t.part, t.is_own, sum(t.n) AS n,
        ARRAY[sum(t.v1), sum(t.v2), sum(t.v3), sum(t.v4), sum(t.v5), sum(t.v6), sum(t.v7), sum(t.v8)] AS amounts
      FROM total t GROUP BY 1, 2, 3, 4, 5
    ), value AS MATERIALIZED (
      -- Which value of a total is what, once for each layout that there is: to ask at each total costs more than all the rest.
      SELECT l.id AS layout_id, (v.at - 1) / 8 AS part, (v.at - 1) % 8 + 1 AS at, v.meter, v.dimension_set_id
      FROM usage_layout l CROSS JOIN LATERAL unnest(l.meters, l.dimension_set_ids) WITH ORDINALITY AS v(meter, dimension_set_id, at)
      WHERE l.id IN (SELECT s.layout_id FROM summed s) AND (of_meter IS NULL OR v.meter = of_meter)
    )
    SELECT s.account_id, s.span, v.meter, v.dimension_set_id, s.is_own, s.amounts[v.at], s.n
    FROM summed s JOIN value v ON v.layout_id = s.layout_id AND v.part = s.part;
END $$;
ALTER FUNCTION usage_sums(text[], timestamptz[], timestamptz[], timestamptz[], boolean, text) OWNER TO patchbay_wall;

-- The part of a range between the first day in which an account, or any below it, used anything and the last: what is asked
-- for may be a thousand years.
CREATE FUNCTION usage_reach(of_account text, INOUT since timestamptz, INOUT until timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT greatest(since, date_trunc('day', min(m.minute), 'UTC')), least(until, date_trunc('day', max(m.minute), 'UTC') + interval '1 day')
  FROM (
    (SELECT m.minute FROM usage_minute_total m WHERE m.account_id = of_account ORDER BY m.minute LIMIT 1)
    UNION ALL
    (SELECT m.minute FROM usage_minute_total m WHERE m.account_id = of_account ORDER BY m.minute DESC LIMIT 1)) AS m
$$;
ALTER FUNCTION usage_reach(text, timestamptz, timestamptz) OWNER TO patchbay_wall;

DROP FUNCTION usage_of_account(text, timestamptz, timestamptz, text, text, text);
CREATE FUNCTION usage_of_account(of_account text, since timestamptz, until timestamptz, bucket text, of_meter text, zone text)
RETURNS TABLE (at timestamptz, meter text, dimension_set_id bigint, sum numeric, n bigint, self_sum numeric, self_n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
DECLARE
  reach record;
  labels timestamptz[];
  starts timestamptz[];
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  SELECT * INTO reach FROM usage_reach(of_account, since, until) AS r;
  IF reach.since IS NULL OR reach.since >= reach.until THEN RETURN; END IF;
  SELECT b.labels, b.starts INTO labels, starts FROM usage_buckets(reach.since, reach.until, bucket, zone) AS b;
  IF bucket = 'all' THEN labels := ARRAY[since]; END IF;
  RETURN QUERY
    SELECT labels[s.span], s.meter, s.dimension_set_id, sum(s.amount), sum(s.n)::bigint,
      coalesce(sum(s.amount) FILTER (WHERE s.is_own), 0), coalesce(sum(s.n) FILTER (WHERE s.is_own), 0)::bigint
    FROM usage_sums(ARRAY[of_account], ARRAY[reach.since], ARRAY[reach.until], starts, false, of_meter) AS s
    GROUP BY 1, 2, 3;
END $$;
ALTER FUNCTION usage_of_account(text, timestamptz, timestamptz, text, text, text) OWNER TO patchbay_wall;

DROP FUNCTION usage_below_account(text, timestamptz, timestamptz, text, text, text);
-- The own use of an account and of each account that stood below it in the minute of use.
CREATE FUNCTION usage_below_account(of_account text, since timestamptz, until timestamptz, bucket text, of_meter text, zone text)
RETURNS TABLE (account_id text, at timestamptz, meter text, dimension_set_id bigint, sum numeric, n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
DECLARE
  reach record;
  labels timestamptz[];
  starts timestamptz[];
  ids text[];
  sinces timestamptz[];
  untils timestamptz[];
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  SELECT * INTO reach FROM usage_reach(of_account, since, until) AS r;
  IF reach.since IS NULL OR reach.since >= reach.until THEN RETURN; END IF;
  SELECT b.labels, b.starts INTO labels, starts FROM usage_buckets(reach.since, reach.until, bucket, zone) AS b;
  IF bucket = 'all' THEN labels := ARRAY[since]; END IF;
  SELECT array_agg(c.descendant_id), array_agg(greatest(reach.since, c.valid_from)), array_agg(least(reach.until, c.valid_to))
  INTO ids, sinces, untils FROM account_closure c WHERE c.ancestor_id = of_account;
  RETURN QUERY
    SELECT s.account_id, labels[s.span], s.meter, s.dimension_set_id,
      sum(s.amount), sum(s.n)::bigint
    FROM usage_sums(ids, sinces, untils, starts, true, of_meter) AS s
    GROUP BY 1, 2, 3, 4;
END $$;
ALTER FUNCTION usage_below_account(text, timestamptz, timestamptz, text, text, text) OWNER TO patchbay_wall;

-- As before, from spans.
CREATE OR REPLACE FUNCTION billing_usage(of_account text, span_starts timestamptz[], until timestamptz, depth_max int DEFAULT 1, of_meter text DEFAULT NULL)
RETURNS TABLE (account_id text, span int, meter text, dimension_set_id bigint, inclusive numeric, own numeric, entry_count numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
DECLARE
  ids text[];
  sinces timestamptz[];
  untils timestamptz[];
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  SELECT array_agg(e.id), array_agg(e.since), array_agg(e.until) INTO ids, sinces, untils FROM (
    SELECT of_account AS id, span_starts[1] AS since, billing_usage.until AS until
    UNION ALL
    SELECT c.descendant_id, greatest(c.valid_from, span_starts[1]), least(c.valid_to, billing_usage.until)
    FROM account_closure c
    WHERE c.ancestor_id = of_account AND c.depth = 1 AND depth_max >= 1 AND c.valid_from < billing_usage.until AND span_starts[1] < c.valid_to) AS e;
  RETURN QUERY
    SELECT s.account_id, s.span, s.meter, s.dimension_set_id, sum(s.amount), coalesce(sum(s.amount) FILTER (WHERE s.is_own), 0), sum(s.n)
    FROM usage_sums(ids, sinces, untils, span_starts, false, of_meter) AS s
    GROUP BY 1, 2, 3, 4;
END $$;

-- How many totals of spans differ from the minutes that were folded into them. The minutes are compared with the raw records,
-- so where neither differs, a span is what its records say.
CREATE FUNCTION usage_span_mismatches(from_day date, to_day date) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  WITH folded AS (
    SELECT m.account_id, s.minutes, CASE s.minutes WHEN 15 THEN date_bin('15 minutes', m.minute, 'epoch') ELSE date_trunc('day', m.minute, 'UTC') END
        AS starts_at, m.layout_id, m.part, m.is_own, sum(m.n) AS n,
      sum(m.v1) AS v1, sum(m.v2) AS v2, sum(m.v3) AS v3, sum(m.v4) AS v4, sum(m.v5) AS v5, sum(m.v6) AS v6, sum(m.v7) AS v7, sum(m.v8) AS v8
    FROM usage_minute_total m CROSS JOIN (VALUES (15), (1440)) AS s(minutes)
    WHERE m.shard < 0 AND m.minute >= from_day::timestamp AT TIME ZONE 'UTC' AND m.minute < to_day::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, 2, 3, 4, 5, 6
  ), found AS (
    SELECT * FROM usage_span_total s
    WHERE s.starts_at >= from_day::timestamp AT TIME ZONE 'UTC' AND s.starts_at < to_day::timestamp AT TIME ZONE 'UTC'
  )
  SELECT count(*) FROM folded w FULL JOIN found f USING (account_id, minutes, starts_at, layout_id, part, is_own)
  WHERE (w.n, w.v1, w.v2, w.v3, w.v4, w.v5, w.v6, w.v7, w.v8) IS DISTINCT FROM (f.n, f.v1, f.v2, f.v3, f.v4, f.v5, f.v6, f.v7, f.v8)
$$;
ALTER FUNCTION usage_span_mismatches(date, date) OWNER TO patchbay_wall;

-- The recomputations, and what begins the count of a trigger, read spans too. The rest of them is as it was, and each keeps its
-- owner and grants.
DO $$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('usage_mismatches(date, date)', 'HAVING count(*) > 1) AS repeated)', 'HAVING count(*) > 1) AS repeated)
  + usage_span_mismatches(from_day, to_day)'),
    ('usage_closed_mismatches(date, date)', 'SELECT count(*) FROM wanted w', 'SELECT usage_span_mismatches(from_day, to_day) + count(*) FROM wanted w'),
    ('trigger_begin(text, boolean)', 'SELECT coalesce(sum(CASE WHEN t.with_descendants THEN m.sum ELSE m.self_sum END), 0) INTO seed
      FROM usage_minute m JOIN usage_dimension_set d ON d.id = m.dimension_set_id
      WHERE m.account_id = t.target_id AND m.minute >= current_window AND m.meter = t.subject AND d.dimensions @> t.filter;',
      'SELECT coalesce(sum(CASE WHEN t.with_descendants THEN u.sum ELSE u.self_sum END), 0) INTO seed
      FROM usage_of_account(t.target_id, current_window, ''infinity'', ''all'', t.subject, ''UTC'') AS u
      JOIN usage_dimension_set d ON d.id = u.dimension_set_id
      WHERE d.dimensions @> t.filter;')) AS c(signature, was, becomes)
  LOOP
    written := pg_get_functiondef(change.signature::regprocedure);
    IF strpos(written, change.was) = 0 THEN RAISE EXCEPTION '% is not what this migration changes.', change.signature; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
END $$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOR definer IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND (p.proname IN ('usage_fold_minutes',
      'usage_buckets', 'usage_pieces', 'usage_sums', 'usage_reach', 'usage_span_mismatches')
      OR p.oid IN ('usage_of_account(text, timestamptz, timestamptz, text, text, text)'::regprocedure,
        'usage_below_account(text, timestamptz, timestamptz, text, text, text)'::regprocedure)) LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_wall', definer);
  END LOOP;
  FOREACH definer IN ARRAY ARRAY['usage_fold_minutes(timestamptz, int)', 'usage_of_account(text, timestamptz, timestamptz, text, text, text)',
      'usage_below_account(text, timestamptz, timestamptz, text, text, text)']::regprocedure[] LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
