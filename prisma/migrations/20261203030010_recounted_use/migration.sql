-- A whole month is recomputed from its records, each of them read once (BIL-3): what every account used by itself is summed day by
-- day, and those above are summed from there. None of the totals that the month was closed by has a part in it.

-- How far the recomputation of a month is, so that one that was stopped goes on. Of the platform's account, and gone once it has
-- come to its end.
CREATE TABLE "billing_recount" (
    "account_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "first_day" DATE NOT NULL,
    "next_day" DATE NOT NULL,
    "end_day" DATE NOT NULL,
    "session_meters" TEXT[],
    "after_account_id" TEXT NOT NULL DEFAULT '',
    "found" JSONB NOT NULL,

    CONSTRAINT "billing_recount_pkey" PRIMARY KEY ("account_id","period")
);

-- What an account used by itself since a time, up to where something changes that its use is priced by: the tree above it, or a
-- price that somebody above it asks.
CREATE TABLE "billing_recounted_use" (
    "account_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "since" TIMESTAMPTZ(0) NOT NULL,
    "meter" TEXT NOT NULL,
    "dimension_set_id" BIGINT NOT NULL,
    "amount" DECIMAL(65,0) NOT NULL,
    "n" BIGINT NOT NULL,

    CONSTRAINT "billing_recounted_use_pkey" PRIMARY KEY ("period","account_id","since","meter","dimension_set_id")
) WITH (fillfactor = 50);

-- From when to when a session of an account was, and with which sets of dimensions it used a meter that is billed by the time of
-- sessions. A row without a meter is of the session itself.
CREATE TABLE "billing_recounted_session" (
    "account_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "begun_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "dimension_set_ids" BIGINT[],

    CONSTRAINT "billing_recounted_session_pkey" PRIMARY KEY ("period","account_id","session_id","meter")
) WITH (fillfactor = 50);

SELECT guard_tenant_table(name::regclass)
  FROM unnest(ARRAY['billing_recount', 'billing_recounted_use', 'billing_recounted_session']) AS name;
REVOKE INSERT, DELETE ON billing_recount FROM patchbay_app;
REVOKE UPDATE ON billing_recount FROM patchbay_app;
GRANT UPDATE ("after_account_id", "found") ON billing_recount TO patchbay_app;
REVOKE INSERT, UPDATE, DELETE ON billing_recounted_use, billing_recounted_session FROM patchbay_app;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Forgets what was read for a month: at the end of its recomputation, and before another begins. All of it is the platform's.
CREATE FUNCTION billing_recount_forget(of_period text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible((SELECT a.id FROM account a WHERE a.parent_id IS NULL)) THEN
    RAISE EXCEPTION 'resource.unknown' USING ERRCODE = 'PB404';
  END IF;
  DELETE FROM billing_recounted_use u WHERE u.period = of_period;
  DELETE FROM billing_recounted_session s WHERE s.period = of_period;
  DELETE FROM billing_recount r WHERE r.period = of_period;
END $$;

-- Begins the recomputation of a month. Days before and after it are read only where somebody bills by the time of sessions: one
-- that touches the month may have begun long before.
CREATE FUNCTION billing_recount_begin(of_period text, from_day date, to_day date, at timestamptz, run jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  meters text[] := (SELECT array_agg(DISTINCT p.service || '.' || p.meter) FROM price p
    WHERE p.terms ->> 'accounting' = 'binary' AND p.effective_from < p.effective_to
      AND p.effective_from < to_day::timestamp AT TIME ZONE 'UTC' AND p.effective_to > from_day::timestamp AT TIME ZONE 'UTC');
  first date := from_day;
  ending date := to_day;
BEGIN
  PERFORM billing_recount_forget(of_period);
  IF meters IS NOT NULL THEN
    SELECT least(from_day, min(r.day)), greatest(to_day, max(r.day) + 1) INTO first, ending FROM usage_record r;
  END IF;
  INSERT INTO billing_recount (account_id, period, started_at, first_day, next_day, end_day, session_meters, found)
  SELECT a.id, of_period, at, first, first, ending, coalesce(meters, '{}'), run FROM account a WHERE a.parent_id IS NULL;
END $$;

-- Reads the records of the next day, all accounts at once, and answers whether there was one. A day counts once, however often it
-- is asked for: it is read in the transaction that says so.
CREATE FUNCTION billing_recount_day(of_period text, from_day date, to_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '64MB'
  SET enable_sort = off -- Ids begin alike, so that sorting them costs several times what hashing does.
AS $$
#variable_conflict use_column
DECLARE
  month_start timestamptz := from_day::timestamp AT TIME ZONE 'UTC';
  month_end timestamptz := to_day::timestamp AT TIME ZONE 'UTC';
  on_day date;
  meters text[];
BEGIN
  IF NOT account_is_visible((SELECT a.id FROM account a WHERE a.parent_id IS NULL)) THEN
    RAISE EXCEPTION 'resource.unknown' USING ERRCODE = 'PB404';
  END IF;
  UPDATE billing_recount r SET next_day = r.next_day + 1 WHERE r.period = of_period AND r.next_day < r.end_day
    RETURNING r.next_day - 1, r.session_meters INTO on_day, meters;
  IF on_day IS NULL THEN RETURN false; END IF;
  IF on_day >= from_day AND on_day < to_day THEN
    WITH moment AS (
      SELECT c.descendant_id AS id, m.at FROM account_closure c CROSS JOIN LATERAL (VALUES (c.valid_from), (c.valid_to)) AS m(at)
      UNION ALL
      SELECT c.descendant_id, m.at FROM price p JOIN account_closure c ON c.ancestor_id = p.account_id
      CROSS JOIN LATERAL (VALUES (p.effective_from), (p.effective_to)) AS m(at)
      WHERE p.effective_from < p.effective_to AND m.at > month_start AND m.at < month_end
        AND (p.child_id IS NULL OR EXISTS (
          SELECT 1 FROM account_closure k WHERE k.ancestor_id = p.child_id AND k.descendant_id = c.descendant_id))
    ), stretch AS MATERIALIZED (
      SELECT m.id, array_agg(m.at ORDER BY m.at) AS starts
      FROM (SELECT m.id, m.at FROM moment m WHERE m.at > month_start AND m.at < month_end
        UNION SELECT m.id, month_start FROM moment m WHERE m.at > month_start AND m.at < month_end) AS m GROUP BY 1
    )
    INSERT INTO billing_recounted_use AS u (account_id, period, since, meter, dimension_set_id, amount, n)
    SELECT r.account_id, of_period, coalesce(s.starts[width_bucket(r.to_at, s.starts)], month_start), q.meter, q.dimension_set_id,
      sum(q.quantity), count(*)
    FROM usage_record r LEFT JOIN stretch s ON s.id = r.account_id
    CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
    WHERE r.day = on_day
    GROUP BY 1, 3, 4, 5
    ON CONFLICT (period, account_id, since, meter, dimension_set_id) DO UPDATE SET amount = u.amount + excluded.amount, n = u.n + excluded.n;
  END IF;
  IF meters <> '{}' THEN
    WITH billed AS MATERIALIZED (
      SELECT DISTINCT c.descendant_id AS id FROM account_closure c WHERE c.ancestor_id IN (
        SELECT p.account_id FROM price p WHERE p.terms ->> 'accounting' = 'binary' AND p.effective_from < month_end AND p.effective_to > month_start)
    ), record AS MATERIALIZED (
      SELECT r.* FROM usage_record r JOIN billed b ON b.id = r.account_id WHERE r.day = on_day AND r.session_id <> ''
    )
    INSERT INTO billing_recounted_session AS s (account_id, period, session_id, meter, begun_at, last_at, dimension_set_ids)
    SELECT r.account_id, of_period, r.session_id, '', min(r.from_at), max(r.to_at), '{}'::bigint[] FROM record r GROUP BY 1, 3
    UNION ALL
    SELECT r.account_id, of_period, r.session_id, q.meter, min(r.from_at), max(r.to_at), array_agg(DISTINCT q.dimension_set_id)
    FROM record r CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
    WHERE q.meter = ANY (meters) AND q.quantity > 0 GROUP BY 1, 3, 4
    ON CONFLICT (period, account_id, session_id, meter) DO UPDATE SET begun_at = least(s.begun_at, excluded.begun_at),
      last_at = greatest(s.last_at, excluded.last_at), dimension_set_ids = ARRAY(
        SELECT d FROM unnest(s.dimension_set_ids) AS d UNION SELECT d FROM unnest(excluded.dimension_set_ids) AS d);
  END IF;
  RETURN true;
END $$;

-- As billing_raw_usage, of a month whose records were read. What an account used since a time lies whole in a stretch in which
-- neither who stands above it nor what they ask changes: so it is where its start is.
CREATE FUNCTION billing_recounted_usage(of_account text, span_starts timestamptz[], until timestamptz, of_period text)
RETURNS TABLE (account_id text, span int, meter text, dimension_set_id bigint, inclusive numeric, own numeric, entry_count numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH buyer AS (
      SELECT of_account AS id, span_starts[1] AS since, billing_recounted_usage.until AS until
      UNION ALL
      SELECT c.descendant_id, greatest(c.valid_from, span_starts[1]), least(c.valid_to, billing_recounted_usage.until)
      FROM account_closure c
      WHERE c.ancestor_id = of_account AND c.depth = 1 AND c.valid_from < billing_recounted_usage.until AND span_starts[1] < c.valid_to)
    SELECT b.id, width_bucket(u.since, span_starts), u.meter, u.dimension_set_id, sum(u.amount),
      coalesce(sum(u.amount) FILTER (WHERE c.depth = 0), 0), sum(u.n)
    FROM buyer b JOIN account_closure c ON c.ancestor_id = b.id
    -- By its key, whatever the statistics say of a table that was filled a moment ago.
    CROSS JOIN LATERAL (SELECT * FROM billing_recounted_use r WHERE r.period = of_period AND r.account_id = c.descendant_id
      AND r.since >= greatest(b.since, c.valid_from) AND r.since < least(b.until, c.valid_to) OFFSET 0) AS u
    GROUP BY 1, 2, 3, 4;
END $$;

-- As billing_raw_session_time, of a month whose records were read.
CREATE FUNCTION billing_recounted_session_time(of_account text, span_starts timestamptz[], until timestamptz, of_meters text[], of_period text)
RETURNS TABLE (account_id text, span int, meter text, dimension_set_ids bigint[], inclusive numeric, own numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH used AS MATERIALIZED (
      SELECT u.account_id, w.begun_at, w.last_at, u.meter,
        ARRAY(SELECT d FROM unnest(u.dimension_set_ids) AS d ORDER BY d) AS sets
      FROM billing_recounted_session u JOIN billing_recounted_session w
        ON (w.period, w.account_id, w.session_id, w.meter) = (of_period, u.account_id, u.session_id, '')
      WHERE u.period = of_period AND u.meter = ANY (of_meters)
        AND u.account_id IN (SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = of_account)
        AND w.last_at > span_starts[1] AND w.begun_at < billing_recounted_session_time.until
    ), buyer AS (
      SELECT of_account AS id, span_starts[1] AS since, billing_recounted_session_time.until AS until
      UNION ALL
      SELECT c.descendant_id, greatest(c.valid_from, span_starts[1]), least(c.valid_to, billing_recounted_session_time.until)
      FROM account_closure c
      WHERE c.ancestor_id = of_account AND c.depth = 1 AND c.valid_from < billing_recounted_session_time.until AND span_starts[1] < c.valid_to
    ), span AS (
      SELECT n.place::int AS place, n.starts_at, lead(n.starts_at, 1, billing_recounted_session_time.until) OVER (ORDER BY n.place) AS ends_at
      FROM unnest(span_starts) WITH ORDINALITY AS n(starts_at, place)
    ), counted AS (
      SELECT b.id, n.place, u.meter, u.sets, c.depth = 0 AS is_own,
        extract(epoch FROM least(u.last_at, n.ends_at, b.until, c.valid_to) - greatest(u.begun_at, n.starts_at, b.since, c.valid_from)) * 1000 AS ms
      FROM buyer b JOIN account_closure c ON c.ancestor_id = b.id
      JOIN used u ON u.account_id = c.descendant_id
      JOIN span n ON n.starts_at < u.last_at AND u.begun_at < n.ends_at
    )
    SELECT d.id, d.place, d.meter, d.sets, sum(round(d.ms)), coalesce(sum(round(d.ms)) FILTER (WHERE d.is_own), 0)
    FROM counted d WHERE d.ms > 0 GROUP BY 1, 2, 3, 4;
END $$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['billing_recount_forget(text)', 'billing_recount_begin(text, date, date, timestamptz, jsonb)',
      'billing_recount_day(text, date, date)', 'billing_recounted_usage(text, timestamptz[], timestamptz, text)',
      'billing_recounted_session_time(text, timestamptz[], timestamptz, text[], text)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', definer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
