-- How long after their use records were counted (MET-5), by minute and by the bound that the lag does not pass. Not logged: a
-- crash of the database costs a minute of a measure.
CREATE UNLOGGED TABLE "usage_lag" (
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "up_to_ms" BIGINT NOT NULL,
    "count" BIGINT NOT NULL,

    CONSTRAINT "usage_lag_pkey" PRIMARY KEY ("minute","up_to_ms")
);

ALTER TABLE usage_lag ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_lag FORCE ROW LEVEL SECURITY;
-- Nobody reads or writes it but the functions below.
REVOKE ALL ON usage_lag FROM patchbay_app, patchbay_wall;
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_lag TO patchbay_wall;
CREATE POLICY usage_lag_wall ON usage_lag TO patchbay_wall USING (true) WITH CHECK (true);

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Adds to this minute, and forgets those before the last ten. Rows are taken in one order, so that no two processes wait for
-- each other in a circle.
CREATE FUNCTION usage_lag_note(bounds bigint[], counts bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  DELETE FROM usage_lag l WHERE l.minute < now() - interval '10 minutes';
  INSERT INTO usage_lag AS l (minute, up_to_ms, count)
  SELECT date_trunc('minute', now()), u.bound, u.n FROM unnest(bounds, counts) AS u(bound, n) ORDER BY u.bound
  ON CONFLICT (minute, up_to_ms) DO UPDATE SET count = l.count + excluded.count;
$$;
ALTER FUNCTION usage_lag_note(bigint[], bigint[]) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION usage_lag_note(bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_lag_note(bigint[], bigint[]) TO patchbay_app;

-- What a share of the records of this minute and the one before did not pass; 0 where there were none.
CREATE FUNCTION usage_lag_ms(share numeric) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH recent AS (
    SELECT l.up_to_ms, sum(l.count) AS n FROM usage_lag l
    WHERE l.minute >= date_trunc('minute', now()) - interval '1 minute' GROUP BY 1
  ), added AS (
    SELECT r.up_to_ms, sum(r.n) OVER (ORDER BY r.up_to_ms) AS below, sum(r.n) OVER () AS total FROM recent r)
  SELECT coalesce(min(a.up_to_ms) FILTER (WHERE a.below >= a.total * share), 0) FROM added a
$$;
ALTER FUNCTION usage_lag_ms(numeric) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION usage_lag_ms(numeric) FROM PUBLIC;

-- As before, with these.
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
  UNION ALL
  SELECT 'usage.lagMedianMs', usage_lag_ms(0.5)
  UNION ALL
  SELECT 'usage.lagP99Ms', usage_lag_ms(0.99)
$$;
GRANT EXECUTE ON FUNCTION platform_measures() TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
