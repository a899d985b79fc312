-- What the nightly look at each account's chain of audit entries found last (C53). It tells of what was done behind the
-- application's back, so the application does not write it but by the functions below.
CREATE TABLE "audit_check" (
    "account_id" TEXT NOT NULL,
    "checked_at" TIMESTAMPTZ(3) NOT NULL,
    "broken_at" BIGINT,

    CONSTRAINT "audit_check_pkey" PRIMARY KEY ("account_id")
);

ALTER TABLE audit_check ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_check FORCE ROW LEVEL SECURITY;
REVOKE ALL ON audit_check FROM patchbay_app, patchbay_wall;
GRANT SELECT, INSERT, UPDATE ON audit_check TO patchbay_wall;
CREATE POLICY audit_check_wall ON audit_check TO patchbay_wall USING (true) WITH CHECK (true);

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The next accounts with a chain that was not looked at since a time, in the order of their ids: a process that is killed on
-- the way has lost the one that it had in hand.
CREATE FUNCTION audit_chains_due(since timestamptz, after_id text, row_max int) RETURNS TABLE (account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT h.account_id FROM audit_head h
  WHERE h.account_id > after_id AND NOT EXISTS (
    SELECT 1 FROM audit_check c WHERE c.account_id = h.account_id AND c.checked_at >= since)
  ORDER BY h.account_id LIMIT row_max
$$;
ALTER FUNCTION audit_chains_due(timestamptz, text, int) OWNER TO patchbay_wall;

-- Keeps what was found, and answers whether that is new: a chain is broken that was whole, or at another place.
CREATE FUNCTION audit_check_keep(of_account text, found bigint) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH before AS (SELECT c.broken_at FROM audit_check c WHERE c.account_id = of_account),
  kept AS (
    INSERT INTO audit_check AS c (account_id, checked_at, broken_at) VALUES (of_account, clock_timestamp(), found)
    ON CONFLICT (account_id) DO UPDATE SET checked_at = excluded.checked_at, broken_at = excluded.broken_at
    RETURNING c.broken_at)
  SELECT k.broken_at IS NOT NULL AND k.broken_at IS DISTINCT FROM (SELECT b.broken_at FROM before b) FROM kept k
$$;
ALTER FUNCTION audit_check_keep(text, bigint) OWNER TO patchbay_wall;

-- How many chains were found broken when they were looked at last.
CREATE FUNCTION audit_broken_count() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT count(*) FROM audit_check c WHERE c.broken_at IS NOT NULL $$;
ALTER FUNCTION audit_broken_count() OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['audit_chains_due(timestamptz, text, int)', 'audit_check_keep(text, bigint)',
    'audit_broken_count()']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

-- As before, with the chains.
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
  SELECT 'audit.broken', audit_broken_count()
  UNION ALL
  SELECT 'usage.lagMedianMs', usage_lag_ms(0.5)
  UNION ALL
  SELECT 'usage.lagP99Ms', usage_lag_ms(0.99)
$$;
GRANT EXECUTE ON FUNCTION platform_measures() TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
