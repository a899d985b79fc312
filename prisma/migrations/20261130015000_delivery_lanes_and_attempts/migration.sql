-- A receiver that is slow and right never failed, so four tenants with enough of them held every request of a worker, and a
-- healthy tenant waited for them. Now a request that lasts is slow, and so is its webhook: slow ones have requests of their own.
-- Of each kind a tenant has a share of what is left rather than of all, so that some is left whoever came first, and the last
-- part is kept for webhooks that have shown how quick they are (C37).
ALTER TABLE "webhook_lane" ADD COLUMN     "latency_ms" INTEGER;
ALTER TABLE webhook_lane ADD CONSTRAINT webhook_lane_latency CHECK (latency_ms >= 0);

-- An attempt kept what was answered, and not what was sent: after a change of the webhook's address, attempts that went to the
-- old one stood below the new one. Now each says where it went and with which headers, and which place its event had in a batch.
ALTER TABLE "webhook_attempt" ADD COLUMN     "batch_place" INTEGER,
ADD COLUMN     "request_headers" JSONB,
ADD COLUMN     "response_headers" JSONB,
ADD COLUMN     "url" TEXT;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Of webhooks that failed, that are slow, or of all others, which a worker that was started before this does not tell apart.
-- Each attempt says where it goes.
-- bounds: {"kind", "requestMax", "endpointMax", "accountMax", "tenantShare", "provenCount", "slowMs", "leaseMs", "failingCount"}
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

-- As before, with how long the endpoint takes, and what was sent and answered besides the bodies.
-- attempts: [{"deliveryId", "attempt", "nextAttemptAt"?}]
-- outcome: {"isDelivered", "requests": [{"target", "url", "requestHeaders", "status"?, "responseHeaders"?, "latencyMs", "error"?, "response"?}]}
CREATE OR REPLACE FUNCTION deliveries_finish(attempts jsonb, outcome jsonb)
RETURNS TABLE (failed_count int, failing_since timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  lane_id text := (SELECT d.webhook_id FROM webhook_delivery d WHERE d.id = attempts -> 0 ->> 'deliveryId');
  is_delivered boolean := (outcome ->> 'isDelivered')::boolean;
  took_ms CONSTANT int := (SELECT sum((r ->> 'latencyMs')::int) FROM jsonb_array_elements(outcome -> 'requests') AS r);
  done text[];
  sessions text[];
BEGIN
  PERFORM 1 FROM webhook_lane l WHERE l.webhook_id = lane_id FOR UPDATE;
  INSERT INTO webhook_attempt AS t (delivery_id, number, target, account_id, batch_id, status, latency_ms, error, response, url,
      request_headers, response_headers)
    SELECT d.id, (a ->> 'attempt')::int, r ->> 'target', d.account_id, d.batch_id, (r ->> 'status')::int, (r ->> 'latencyMs')::int,
      r ->> 'error', r ->> 'response', r ->> 'url', r -> 'requestHeaders', r -> 'responseHeaders'
    FROM jsonb_array_elements(attempts) AS a JOIN webhook_delivery d ON d.id = a ->> 'deliveryId' AND d.webhook_id = lane_id,
      jsonb_array_elements(outcome -> 'requests') AS r
    ON CONFLICT (delivery_id, number, target) DO UPDATE SET status = excluded.status, latency_ms = excluded.latency_ms,
      error = excluded.error, response = excluded.response, url = coalesce(excluded.url, t.url),
      request_headers = excluded.request_headers, response_headers = excluded.response_headers;
  WITH ended AS (
    UPDATE webhook_delivery d SET claimed_until = NULL, batch_id = NULL, next_attempt_at = (a ->> 'nextAttemptAt')::timestamptz,
        state = CASE WHEN is_delivered THEN 'delivered' WHEN a ->> 'nextAttemptAt' IS NULL THEN 'failed' ELSE 'waiting' END,
        ended_at = CASE WHEN is_delivered OR a ->> 'nextAttemptAt' IS NULL THEN clock_timestamp() END
      FROM jsonb_array_elements(attempts) AS a
      WHERE d.id = a ->> 'deliveryId' AND d.webhook_id = lane_id AND d.state = 'waiting' AND d.attempt_count = (a ->> 'attempt')::int
      RETURNING d.id, d.session_id)
    SELECT array_agg(e.id), array_agg(DISTINCT e.session_id) FILTER (WHERE e.session_id IS NOT NULL) INTO done, sessions FROM ended e;
  IF done IS NULL THEN RETURN; END IF;
  -- Of a batch that was not taken, each session waits with its first.
  UPDATE webhook_delivery d SET next_attempt_at = NULL
    WHERE d.id = ANY (done) AND d.state = 'waiting' AND EXISTS (
      SELECT 1 FROM webhook_delivery o WHERE o.webhook_id = lane_id AND o.session_id = d.session_id AND o.state = 'waiting'
        AND o.id = ANY (done) AND (o.session_sequence, o.position, o.id) < (d.session_sequence, d.position, d.id));
  PERFORM sessions_go_on(lane_id, sessions);
  RETURN QUERY UPDATE webhook_lane l SET due_at = clock_timestamp(),
      failed_count = CASE WHEN is_delivered THEN 0 ELSE l.failed_count + 1 END,
      failing_since = CASE WHEN is_delivered THEN NULL ELSE coalesce(l.failing_since, clock_timestamp()) END,
      succeeded_at = CASE WHEN is_delivered THEN clock_timestamp() ELSE l.succeeded_at END,
      -- Slow at once, and quick again by and by: a receiver that is quick now and then stays where the slow ones are.
      latency_ms = greatest(took_ms, (3 * coalesce(l.latency_ms, took_ms)::bigint + took_ms) / 4)
    WHERE l.webhook_id = lane_id RETURNING l.failed_count, l.failing_since;
END $$;
ALTER FUNCTION deliveries_finish(jsonb, jsonb) OWNER TO patchbay_wall;

-- A request to each of these webhooks has been open for so long: they are slow, before it is over.
CREATE FUNCTION lanes_slow(webhook_ids text[], open_ms int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  -- In the order in which others take several lanes.
  PERFORM 1 FROM webhook_lane l WHERE l.webhook_id = ANY (webhook_ids) ORDER BY l.webhook_id FOR UPDATE;
  UPDATE webhook_lane l SET latency_ms = greatest(l.latency_ms, open_ms) WHERE l.webhook_id = ANY (webhook_ids);
END $$;
ALTER FUNCTION lanes_slow(text[], int) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION lanes_slow(text[], int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lanes_slow(text[], int) TO patchbay_app;

-- As before; what a receiver answers may name a person in its headers, too.
CREATE OR REPLACE FUNCTION person_places() RETURNS TABLE (place int, data_class text, of_table text, finds text, changes text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  VALUES
    -- Before the legs, by which it is known whose a session was.
    (1, 'sessionLogs', 'session', $f$EXISTS (SELECT 1 FROM session_leg l WHERE l.session_id = t.id AND l.account_id = t.account_id AND l.identity = $2 ->> 'identity')$f$, NULL),
    (2, 'sessionLogs', 'session_event', $f$person_in(t.data, $2)$f$, $c$data = person_scrub(t.data, '', $2)$c$),
    (3, 'sessionLogs', 'session_leg', $f$t.identity = $2 ->> 'identity'$f$, $c$identity = $2 ->> 'pseudonym'$c$),
    (4, 'refusedRequests', 'refused_request',
      $f$(t.actor_id = $2 ->> 'userId' AND t.actor_name <> $2 ->> 'pseudonym') OR person_text(t.detail, $2) <> t.detail OR person_in(t.known, $2)$f$,
      $c$actor_name = CASE WHEN t.actor_id = $2 ->> 'userId' THEN $2 ->> 'pseudonym' ELSE t.actor_name END, detail = person_text(t.detail, $2), known = person_scrub(t.known, '', $2)$c$),
    (5, 'usageRecords', 'usage_record', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym')$c$),
    (6, 'refusedUsage', 'usage_conflict', $f$person_in(t.body, $2)$f$, $c$body = person_scrub(t.body, '', $2)$c$),
    (7, 'events', 'platform_event', $f$person_in(t.data, $2)$f$, $c$data = person_scrub(t.data, '', $2)$c$),
    (8, 'webhookDeliveries', 'webhook_attempt',
      $f$person_text(t.response, $2) <> t.response OR person_text(t.error, $2) <> t.error OR person_in(t.response_headers, $2)$f$,
      $c$response = person_text(t.response, $2), error = person_text(t.error, $2), response_headers = person_scrub(t.response_headers, '', $2)$c$),
    (9, 'usageTotals', 'usage_session', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, NULL),
    (10, 'configuration', 'usage_trigger', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym')$c$),
    (11, 'configuration', 'policy', $f$t.endpoint = $2 ->> 'endpoint'$f$, $c$endpoint = 'user:' || ($2 ->> 'pseudonym')$c$),
    (12, 'auditEntries', 'audit_entry',
      $f$(t.actor_id = $2 ->> 'userId' AND t.actor_name <> $2 ->> 'pseudonym') OR person_in(t.before, $2) OR person_in(t.after, $2)$f$, NULL),
    (13, 'team', 'role_grant', $f$t.user_id = $2 ->> 'userId'$f$, NULL),
    (14, 'team', 'app_user', $f$t.id = $2 ->> 'userId'$f$, NULL),
    (15, 'mails', 'mail', $f$t.recipient = $2 ->> 'email'$f$, $c$recipient = $2 ->> 'pseudonym', subject = person_text(t.subject, $2), error = person_text(t.error, $2)$c$),
    (16, 'configuration', 'endpoint', $f$t.identifier = $2 ->> 'endpoint'$f$, $c$identifier = 'user:' || ($2 ->> 'pseudonym'), label = ''$c$),
    (17, 'configuration', 'endpoint_transfer', $f$t.identifier = $2 ->> 'endpoint'$f$, $c$identifier = 'user:' || ($2 ->> 'pseudonym'), note = ''$c$)
$$;
GRANT UPDATE (response_headers) ON webhook_attempt TO patchbay_wall;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
