-- An account may have its data kept in a region (PRD-4). Nodes and minting hold it by the policy; what remains is whoever works
-- on the database for all accounts and sends what is in it elsewhere: the workers that tell webhooks.

-- Who says it, found without reading what all the others say: workers ask several times a second.
CREATE INDEX policy_data_regions ON policy (account_id) WHERE word -> 'values' ? 'dataRegions';
CREATE INDEX policy_plan_data_regions ON policy_plan (id) WHERE word -> 'values' ? 'dataRegions';

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Accounts at which a level of the whole account names regions of data, and this is none of them. A bound that lets those below
-- say more is not looked at: what is said anywhere above counts, so this is never wider than the policy.
CREATE FUNCTION data_regions_without(region text) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  SELECT coalesce(array_agg(s.account_id), '{}') FROM (
    SELECT p.account_id FROM policy p
    WHERE p.word -> 'values' ? 'dataRegions' AND NOT p.word -> 'values' -> 'dataRegions' ? data_regions_without.region
    UNION
    SELECT t.account_id FROM policy_plan p JOIN account_plan t ON t.plan_id = p.id
    WHERE p.word -> 'values' ? 'dataRegions' AND NOT p.word -> 'values' -> 'dataRegions' ? data_regions_without.region) s
$$;
ALTER FUNCTION data_regions_without(text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION data_regions_without(text) FROM PUBLIC;

-- As before, for a worker of a region.
-- bounds: {"kind", "requestMax", "endpointMax", "accountMax", "tenantShare", "provenCount", "slowMs", "leaseMs", "failingCount", "region"?}
-- held: {"acc_…": requests of that kind that the worker has under way for webhooks of that account}
CREATE OR REPLACE FUNCTION deliveries_claim(bounds jsonb, held jsonb)
RETURNS TABLE (id text, webhook_id text, webhook_account_id text, attempt int, round_attempt int, url text, fallback_url text,
  secret_ciphertext bytea, previous_ciphertext bytea, event_id text, "position" bigint, account_id text, type text,
  at timestamptz, application_id text, session_id text, session_sequence int, data jsonb, batch_id text, replay_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  -- What is looked at in one call. Whose share is taken is left out, so many due lanes of one tenant hide those of others
  -- for one call at most.
  lane_max CONSTANT int := 1000;
  endpoint_max CONSTANT int := bounds ->> 'endpointMax';
  account_max CONSTANT int := bounds ->> 'accountMax';
  tenant_share CONSTANT float := coalesce(bounds ->> 'tenantShare', '0.25');
  proven_count CONSTANT int := coalesce(bounds ->> 'provenCount', '0');
  slow_ms CONSTANT int := coalesce(bounds ->> 'slowMs', '2147483647');
  lease_ms CONSTANT int := bounds ->> 'leaseMs';
  failing_count CONSTANT int := bounds ->> 'failingCount';
  of_kind CONSTANT text := coalesce(bounds ->> 'kind', CASE WHEN (bounds ->> 'ofFailing')::boolean THEN 'failing' ELSE 'ok' END);
  -- Accounts that have their data kept elsewhere, and so all below them. A worker that names no region was started before this.
  elsewhere CONSTANT text[] := CASE WHEN bounds ->> 'region' IS NULL THEN '{}' ELSE data_regions_without(bounds ->> 'region') END;
  left_count int := coalesce(
    (bounds ->> 'requestMax')::int - coalesce((SELECT sum(h.value::int) FROM jsonb_each_text(held) h), 0),
    (bounds ->> 'deliveryMax')::int);
  at_now timestamptz := clock_timestamp();
  held_by_account jsonb := held;
  held_by_tenant jsonb := coalesce((
    SELECT jsonb_object_agg(t.root_id, t.held_count) FROM (
      SELECT a.root_id, sum(h.value::int) AS held_count FROM jsonb_each_text(held) h JOIN account a ON a.id = h.key
      GROUP BY a.root_id) t), '{}');
  lane record;
  due record;
  in_flight int;
  room int;
  request_count int;
  batch text;
  taken text[];
  look_at timestamptz;
BEGIN
  FOR lane IN
    WITH due AS MATERIALIZED (
      SELECT l.webhook_id, l.account_id, a.root_id, l.due_at, l.latency_ms IS NOT NULL AS is_proven, w.batch_events_max,
        w.batch_wait_ms, coalesce((held_by_tenant ->> a.root_id)::int, 0) AS held_count
      FROM webhook_lane l JOIN webhook w ON w.id = l.webhook_id JOIN account a ON a.id = l.account_id
      WHERE l.due_at <= at_now AND w.state = 'active' AND of_kind = CASE WHEN l.failed_count >= failing_count THEN 'failing'
          WHEN l.latency_ms >= slow_ms THEN 'slow' ELSE 'ok' END
        AND coalesce((held_by_account ->> l.account_id)::int, 0) < account_max
        AND coalesce((held_by_tenant ->> a.root_id)::int, 0) < greatest(1, floor(left_count * tenant_share))
        AND (l.latency_ms IS NOT NULL OR left_count > proven_count)
        AND (elsewhere = '{}' OR NOT EXISTS (
          SELECT 1 FROM account_closure c
          WHERE c.descendant_id = l.account_id AND c.valid_to = 'infinity' AND c.ancestor_id = ANY (elsewhere)))
      ORDER BY l.due_at LIMIT lane_max),
    by_account AS (
      SELECT d.*, row_number() OVER (PARTITION BY d.account_id ORDER BY d.due_at, d.webhook_id) AS account_turn FROM due d),
    by_tenant AS (
      SELECT d.*, d.held_count + row_number() OVER (PARTITION BY d.root_id ORDER BY d.account_turn, d.due_at, d.webhook_id) AS turn
      FROM by_account d)
    SELECT l.webhook_id, l.account_id, t.root_id, t.is_proven, t.batch_events_max, t.batch_wait_ms
    FROM webhook_lane l JOIN by_tenant t ON t.webhook_id = l.webhook_id
    WHERE l.due_at <= at_now ORDER BY t.turn, t.due_at FOR UPDATE OF l SKIP LOCKED
  LOOP
    EXIT WHEN left_count <= 0;
    -- Whoever holds most is bounded by what is left for all, so something always is; the first one of each is let in.
    room := least(CASE WHEN lane.is_proven THEN left_count ELSE left_count - proven_count END,
      account_max - coalesce((held_by_account ->> lane.account_id)::int, 0),
      greatest(1, floor(left_count * tenant_share)::int) - coalesce((held_by_tenant ->> lane.root_id)::int, 0));
    CONTINUE WHEN room <= 0;
    SELECT count(DISTINCT coalesce(d.batch_id, d.id)) INTO in_flight FROM webhook_delivery d
      WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.claimed_until > at_now;
    taken := '{}';
    batch := NULL;
    look_at := NULL;
    IF lane.batch_events_max = 1 THEN
      taken := ARRAY(
        SELECT d.id FROM webhook_delivery d
        WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.next_attempt_at <= at_now
          AND (d.claimed_until IS NULL OR d.claimed_until <= at_now)
        ORDER BY d.next_attempt_at, d.position LIMIT greatest(0, least(endpoint_max - in_flight, room)));
      request_count := cardinality(taken);
      -- Fewer than there was room for: all that was due is taken, and something is due again when a wait or a lease is over.
      IF in_flight + request_count < endpoint_max AND request_count >= room THEN look_at := at_now; END IF;
    ELSIF in_flight < endpoint_max THEN
      SELECT b.* INTO due FROM batch_due(lane.webhook_id, lane.batch_events_max, at_now) b;
      IF due.is_full OR due.since + lane.batch_wait_ms * interval '1 millisecond' <= at_now THEN
        taken := due.ids;
        -- Of the events: a batch that is sent again as it was is the same batch to its receiver.
        batch := 'batch-' || left(encode(sha256(convert_to((
          SELECT string_agg(d.event_id, ',' ORDER BY array_position(taken, d.id)) FROM webhook_delivery d WHERE d.id = ANY (taken)),
          'UTF8')), 'hex'), 32);
        IF due.is_more AND in_flight + 1 < endpoint_max THEN look_at := at_now; END IF;
      ELSE
        look_at := due.since + lane.batch_wait_ms * interval '1 millisecond';
      END IF;
      request_count := least(cardinality(taken), 1);
    ELSE
      request_count := 0;
    END IF;
    UPDATE webhook_delivery d SET claimed_until = at_now + lease_ms * interval '1 millisecond', batch_id = batch,
      attempt_count = d.attempt_count + 1, round_attempt_count = d.round_attempt_count + 1 WHERE d.id = ANY (taken);
    INSERT INTO webhook_attempt (delivery_id, number, account_id, batch_id, batch_place, url)
      SELECT d.id, d.attempt_count, d.account_id, batch, CASE WHEN batch IS NOT NULL THEN array_position(taken, d.id) END, w.url
      FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id WHERE d.id = ANY (taken);
    UPDATE webhook_lane l SET due_at = least(
        look_at,
        (SELECT min(d.claimed_until) FROM webhook_delivery d
         WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.claimed_until > at_now),
        CASE WHEN in_flight + request_count < endpoint_max THEN
          (SELECT min(d.next_attempt_at) FROM webhook_delivery d
           WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.next_attempt_at > at_now) END)
      WHERE l.webhook_id = lane.webhook_id;
    left_count := left_count - request_count;
    held_by_account := held_by_account || jsonb_build_object(lane.account_id,
      coalesce((held_by_account ->> lane.account_id)::int, 0) + request_count);
    held_by_tenant := held_by_tenant || jsonb_build_object(lane.root_id,
      coalesce((held_by_tenant ->> lane.root_id)::int, 0) + request_count);
    RETURN QUERY
      SELECT d.id, d.webhook_id, d.account_id, d.attempt_count, d.round_attempt_count, w.url, w.fallback_url,
        w.secret_ciphertext, CASE WHEN w.previous_ends_at > at_now THEN w.previous_ciphertext END,
        e.id, e.position, e.account_id, e.type, e.at, e.application_id, e.session_id, e.session_sequence, e.data,
        d.batch_id, d.replay_id
      FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id JOIN platform_event e ON e.id = d.event_id
      WHERE d.id = ANY (taken) ORDER BY array_position(taken, d.id);
  END LOOP;
END $$;
ALTER FUNCTION deliveries_claim(jsonb, jsonb) OWNER TO patchbay_wall;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
