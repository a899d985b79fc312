-- A closed month, recomputed from what nodes reported (BIL-3): by the same prices, and by none of the totals.

-- How each recomputation of a month went. Of the platform's account.
CREATE TABLE "billing_verification" (
    "account_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3) NOT NULL,
    "account_count" INTEGER NOT NULL,
    "line_count" INTEGER NOT NULL,
    "differing_count" INTEGER NOT NULL,
    "gone_count" INTEGER NOT NULL,
    "differences" JSONB NOT NULL,

    CONSTRAINT "billing_verification_pkey" PRIMARY KEY ("account_id","period","started_at")
);
SELECT guard_tenant_table('billing_verification');
REVOKE UPDATE ON billing_verification FROM patchbay_app, patchbay_wall;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- As billing_usage, of one day, from the records themselves.
CREATE FUNCTION billing_raw_usage(of_account text, span_starts timestamptz[], until timestamptz, on_day date)
RETURNS TABLE (account_id text, span int, meter text, dimension_set_id bigint, inclusive numeric, own numeric, entry_count numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH used AS MATERIALIZED (
      SELECT r.account_id, date_trunc('minute', r.to_at) AS minute, q.meter, q.dimension_set_id, sum(q.quantity) AS amount, count(*) AS n
      FROM usage_record r
      CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
      WHERE r.day = on_day
        AND r.account_id IN (SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = of_account)
      GROUP BY 1, 2, 3, 4
    ), buyer AS (
      SELECT of_account AS id, span_starts[1] AS since, billing_raw_usage.until AS until
      UNION ALL
      SELECT c.descendant_id, greatest(c.valid_from, span_starts[1]), least(c.valid_to, billing_raw_usage.until)
      FROM account_closure c
      WHERE c.ancestor_id = of_account AND c.depth = 1 AND c.valid_from < billing_raw_usage.until AND span_starts[1] < c.valid_to)
    SELECT b.id, width_bucket(u.minute, span_starts), u.meter, u.dimension_set_id, sum(u.amount),
      coalesce(sum(u.amount) FILTER (WHERE c.depth = 0), 0), sum(u.n)
    FROM buyer b JOIN account_closure c ON c.ancestor_id = b.id
    JOIN used u ON u.account_id = c.descendant_id AND u.minute >= greatest(b.since, c.valid_from) AND u.minute < least(b.until, c.valid_to)
    GROUP BY 1, 2, 3, 4;
END $$;

-- As billing_session_time: of a session that touches the month every record is looked at, for it may have begun long before.
CREATE FUNCTION billing_raw_session_time(of_account text, span_starts timestamptz[], until timestamptz, of_meters text[])
RETURNS TABLE (account_id text, span int, meter text, dimension_set_ids bigint[], inclusive numeric, own numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH record AS MATERIALIZED (
      SELECT r.account_id, r.session_id, r.from_at, r.to_at, r.meters, r.dimension_set_ids, r.quantities
      FROM usage_record r
      WHERE r.session_id <> '' AND r.account_id IN (SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = of_account)
    ), spanned AS MATERIALIZED (
      SELECT r.account_id, r.session_id, min(r.from_at) AS begun_at, max(r.to_at) AS last_at
      FROM record r GROUP BY 1, 2
      HAVING max(r.to_at) > span_starts[1] AND min(r.from_at) < billing_raw_session_time.until
    ), used AS MATERIALIZED (
      SELECT p.account_id, p.begun_at, p.last_at, q.meter, array_agg(DISTINCT q.dimension_set_id ORDER BY q.dimension_set_id) AS sets
      FROM spanned p JOIN record r ON (r.account_id, r.session_id) = (p.account_id, p.session_id)
      CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
      WHERE q.meter = ANY (of_meters) AND q.quantity > 0
      GROUP BY p.account_id, p.session_id, p.begun_at, p.last_at, q.meter
    ), buyer AS (
      SELECT of_account AS id, span_starts[1] AS since, billing_raw_session_time.until AS until
      UNION ALL
      SELECT c.descendant_id, greatest(c.valid_from, span_starts[1]), least(c.valid_to, billing_raw_session_time.until)
      FROM account_closure c
      WHERE c.ancestor_id = of_account AND c.depth = 1 AND c.valid_from < billing_raw_session_time.until AND span_starts[1] < c.valid_to
    ), span AS (
      SELECT n.place::int AS place, n.starts_at, lead(n.starts_at, 1, billing_raw_session_time.until) OVER (ORDER BY n.place) AS ends_at
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

-- On how many days of a range records of an account, or of those below it, are gone: those cannot be recomputed any more.
CREATE FUNCTION billing_raw_gone(of_account text, from_day date, to_day date) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN 0; END IF;
  RETURN (SELECT count(DISTINCT u.day) FROM usage_closed u WHERE u.day >= from_day AND u.day < to_day
    AND u.account_id IN (SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = of_account));
END $$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['billing_raw_usage(text, timestamptz[], timestamptz, date)',
      'billing_raw_session_time(text, timestamptz[], timestamptz, text[])', 'billing_raw_gone(text, date, date)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', definer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

-- One measure more: lines of closed months that differed when they were recomputed last (TRG-1).
CREATE OR REPLACE FUNCTION platform_measures() RETURNS TABLE (name text, reading numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  SELECT 'relays.allocations', coalesce(max((n.load ->> 'allocations')::numeric), 0) FROM node n
    WHERE n.state IN ('live', 'draining') AND n.last_heartbeat_at > now() - interval '30 seconds'
  UNION ALL
  SELECT 'nodes.silentSeconds', coalesce(floor(max(extract(epoch FROM now() - n.last_heartbeat_at))), 0) FROM node n
    WHERE n.state IN ('live', 'draining')
  UNION ALL
  SELECT 'deliveries.waiting', count(*) FROM webhook_delivery d WHERE d.state = 'waiting' AND d.next_attempt_at <= now()
  UNION ALL
  SELECT 'deliveries.delaySeconds', coalesce(floor(max(extract(epoch FROM now() - d.next_attempt_at))), 0) FROM webhook_delivery d
    WHERE d.state = 'waiting' AND d.next_attempt_at <= now()
  UNION ALL
  SELECT 'actions.waiting', count(*) FROM trigger_firing f WHERE f.state = 'pending'
  UNION ALL
  SELECT 'mails.waiting', count(*) FROM mail m WHERE m.state = 'waiting' AND m.next_at <= now()
  UNION ALL
  SELECT 'usage.refused', count(*) FROM usage_conflict u WHERE u.seen_at > now() - interval '1 hour'
  UNION ALL
  SELECT 'billing.differing', coalesce(sum(v.differing_count), 0) FROM (
    SELECT DISTINCT ON (b.account_id, b.period) b.differing_count FROM billing_verification b
    ORDER BY b.account_id, b.period, b.started_at DESC) AS v
$$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
