-- One tenant could hold every request of a worker: many webhooks of its accounts, each within its own bound, at receivers
-- that hang. Now an account, and a tenant with all that is below it, has a share of a worker's requests, and what is due is
-- taken in turns: of each tenant one webhook, then of each the next (C37). Workers say what they have in hand, by account.
DROP FUNCTION deliveries_claim(int, int, int, int, boolean);

-- bounds: {"deliveryMax", "endpointMax", "accountMax", "tenantMax", "leaseMs", "failingCount", "ofFailing"}
-- held: {"acc_…": requests that the worker has under way for webhooks of that account}
CREATE FUNCTION deliveries_claim(bounds jsonb, held jsonb)
RETURNS TABLE (id text, webhook_id text, webhook_account_id text, attempt int, round_attempt int, url text, fallback_url text,
  secret_ciphertext bytea, previous_ciphertext bytea, event_id text, "position" bigint, account_id text, type text,
  at timestamptz, application_id text, session_id text, session_sequence int, data jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  -- What is looked at in one call. Whose share is taken is left out, so many due lanes of one tenant hide those of others
  -- for one call at most.
  lane_max CONSTANT int := 1000;
  endpoint_max CONSTANT int := bounds ->> 'endpointMax';
  account_max CONSTANT int := bounds ->> 'accountMax';
  tenant_max CONSTANT int := bounds ->> 'tenantMax';
  lease_ms CONSTANT int := bounds ->> 'leaseMs';
  failing_count CONSTANT int := bounds ->> 'failingCount';
  of_failing CONSTANT boolean := bounds ->> 'ofFailing';
  left_count int := bounds ->> 'deliveryMax';
  at_now timestamptz := clock_timestamp();
  held_by_account jsonb := held;
  held_by_tenant jsonb := coalesce((
    SELECT jsonb_object_agg(t.root_id, t.held_count) FROM (
      SELECT a.root_id, sum(h.value::int) AS held_count FROM jsonb_each_text(held) h JOIN account a ON a.id = h.key
      GROUP BY a.root_id) t), '{}');
  lane record;
  in_flight int;
  room int;
  taken text[];
BEGIN
  FOR lane IN
    WITH due AS MATERIALIZED (
      SELECT l.webhook_id, l.account_id, a.root_id, l.due_at
      FROM webhook_lane l JOIN webhook w ON w.id = l.webhook_id JOIN account a ON a.id = l.account_id
      WHERE l.due_at <= at_now AND w.state = 'active' AND (l.failed_count >= failing_count) = of_failing
        AND coalesce((held_by_account ->> l.account_id)::int, 0) < account_max
        AND coalesce((held_by_tenant ->> a.root_id)::int, 0) < tenant_max
      ORDER BY l.due_at LIMIT lane_max),
    by_account AS (
      SELECT d.*, row_number() OVER (PARTITION BY d.account_id ORDER BY d.due_at, d.webhook_id) AS account_turn FROM due d),
    by_tenant AS (
      SELECT d.*, row_number() OVER (PARTITION BY d.root_id ORDER BY d.account_turn, d.due_at, d.webhook_id) AS turn
      FROM by_account d)
    SELECT l.webhook_id, l.account_id, t.root_id FROM webhook_lane l JOIN by_tenant t ON t.webhook_id = l.webhook_id
    WHERE l.due_at <= at_now ORDER BY t.turn, t.due_at FOR UPDATE OF l SKIP LOCKED
  LOOP
    EXIT WHEN left_count <= 0;
    room := least(left_count, account_max - coalesce((held_by_account ->> lane.account_id)::int, 0),
      tenant_max - coalesce((held_by_tenant ->> lane.root_id)::int, 0));
    CONTINUE WHEN room <= 0;
    SELECT count(*) INTO in_flight FROM webhook_delivery d
      WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.claimed_until > at_now;
    taken := ARRAY(
      SELECT d.id FROM webhook_delivery d
      WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.next_attempt_at <= at_now
        AND (d.claimed_until IS NULL OR d.claimed_until <= at_now)
      ORDER BY d.next_attempt_at, d.position LIMIT greatest(0, least(endpoint_max - in_flight, room)));
    UPDATE webhook_delivery d SET claimed_until = at_now + lease_ms * interval '1 millisecond',
      attempt_count = d.attempt_count + 1, round_attempt_count = d.round_attempt_count + 1 WHERE d.id = ANY (taken);
    INSERT INTO webhook_attempt (delivery_id, number, account_id)
      SELECT d.id, d.attempt_count, d.account_id FROM webhook_delivery d WHERE d.id = ANY (taken);
    -- Fewer than there was room for: all that was due is taken, and something is due again when a wait or a lease is over.
    UPDATE webhook_lane l SET due_at = CASE
      WHEN in_flight + cardinality(taken) < endpoint_max AND cardinality(taken) >= room THEN at_now
      ELSE least(
        (SELECT min(d.claimed_until) FROM webhook_delivery d
         WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.claimed_until > at_now),
        CASE WHEN in_flight + cardinality(taken) < endpoint_max THEN
          (SELECT min(d.next_attempt_at) FROM webhook_delivery d
           WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.next_attempt_at > at_now) END) END
      WHERE l.webhook_id = lane.webhook_id;
    left_count := left_count - cardinality(taken);
    held_by_account := held_by_account || jsonb_build_object(lane.account_id,
      coalesce((held_by_account ->> lane.account_id)::int, 0) + cardinality(taken));
    held_by_tenant := held_by_tenant || jsonb_build_object(lane.root_id,
      coalesce((held_by_tenant ->> lane.root_id)::int, 0) + cardinality(taken));
    RETURN QUERY
      SELECT d.id, d.webhook_id, d.account_id, d.attempt_count, d.round_attempt_count, w.url, w.fallback_url,
        w.secret_ciphertext, CASE WHEN w.previous_ends_at > at_now THEN w.previous_ciphertext END,
        e.id, e.position, e.account_id, e.type, e.at, e.application_id, e.session_id, e.session_sequence, e.data
      FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id JOIN platform_event e ON e.id = d.event_id
      WHERE d.id = ANY (taken);
  END LOOP;
END $$;
GRANT CREATE ON SCHEMA public TO patchbay_wall;
ALTER FUNCTION deliveries_claim(jsonb, jsonb) OWNER TO patchbay_wall;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
REVOKE ALL ON FUNCTION deliveries_claim(jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION deliveries_claim(jsonb, jsonb) TO patchbay_app;
