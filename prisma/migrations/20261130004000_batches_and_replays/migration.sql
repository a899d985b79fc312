-- A webhook may ask for several events in one request, and for what it heard, or missed, to be sent again from a place on.
ALTER TABLE "webhook" ADD COLUMN     "batch_events_max" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "batch_wait_ms" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "webhook_lane" ADD COLUMN     "replay_ended_at" TIMESTAMPTZ(3),
ADD COLUMN     "replay_from" BIGINT,
ADD COLUMN     "replay_id" TEXT,
ADD COLUMN     "replay_next" BIGINT,
ADD COLUMN     "replay_started_at" TIMESTAMPTZ(3),
ADD COLUMN     "replay_state" TEXT,
ADD COLUMN     "replay_until" BIGINT;

ALTER TABLE "webhook_delivery" ADD COLUMN     "batch_id" TEXT,
ADD COLUMN     "replay_id" TEXT NOT NULL DEFAULT '';

ALTER TABLE "webhook_attempt" ADD COLUMN     "batch_id" TEXT;

DROP INDEX "webhook_delivery_webhook_id_event_id_key";
CREATE UNIQUE INDEX "webhook_delivery_webhook_id_event_id_replay_id_key" ON "webhook_delivery"("webhook_id", "event_id", "replay_id");

ALTER TABLE webhook ADD CONSTRAINT webhook_batch CHECK (batch_events_max BETWEEN 1 AND 100 AND batch_wait_ms BETWEEN 0 AND 10000);
ALTER TABLE webhook_lane ADD CONSTRAINT webhook_lane_replay CHECK (
  replay_state IN ('running', 'done', 'cancelled')
  AND num_nulls(replay_id, replay_from, replay_next, replay_until, replay_started_at) = CASE WHEN replay_state IS NULL THEN 5 ELSE 0 END);
ALTER TABLE webhook_delivery DROP CONSTRAINT webhook_delivery_state;
ALTER TABLE webhook_delivery ADD CONSTRAINT webhook_delivery_state CHECK (state IN ('waiting', 'delivered', 'failed', 'cancelled'));

CREATE INDEX webhook_lane_replay_idx ON webhook_lane (webhook_id) WHERE replay_state = 'running';
CREATE INDEX webhook_delivery_replay_idx ON webhook_delivery (replay_id, state) WHERE replay_id <> '';
CREATE INDEX webhook_attempt_batch_idx ON webhook_attempt (batch_id) WHERE batch_id IS NOT NULL;
GRANT SELECT (batch_events_max, batch_wait_ms), UPDATE (batch_events_max, batch_wait_ms) ON webhook TO patchbay_app;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- As before; an event that is sent again has a delivery besides.
CREATE OR REPLACE FUNCTION events_place(placed jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  place bigint;
BEGIN
  SELECT p.position INTO place FROM event_place p FOR UPDATE;
  UPDATE platform_event e SET position = place + named.ordinality
    FROM jsonb_array_elements(placed) WITH ORDINALITY AS named (event, ordinality)
    WHERE e.id = named.event ->> 'id' AND e.position IS NULL;
  UPDATE event_place p SET position = place + jsonb_array_length(placed);
  -- Whoever ends a delivery looks for the next of its session with the lane in hand: it has to see these, or to come later.
  PERFORM 1 FROM webhook_lane l WHERE l.webhook_id IN (
    SELECT d ->> 'webhookId' FROM jsonb_array_elements(placed) AS event, jsonb_array_elements(event -> 'deliveries') AS d)
    ORDER BY l.webhook_id FOR UPDATE;
  INSERT INTO webhook_delivery (id, webhook_id, account_id, event_id, position, session_id, session_sequence)
    SELECT d ->> 'id', w.id, w.account_id, e.id, e.position, e.session_id, e.session_sequence
    FROM jsonb_array_elements(placed) AS event JOIN platform_event e ON e.id = event ->> 'id',
      jsonb_array_elements(event -> 'deliveries') AS d JOIN webhook w ON w.id = d ->> 'webhookId'
    ON CONFLICT (webhook_id, event_id, replay_id) DO NOTHING;
  PERFORM deliveries_begin(ARRAY(
    SELECT d ->> 'id' FROM jsonb_array_elements(placed) AS event, jsonb_array_elements(event -> 'deliveries') AS d));
  RETURN place + jsonb_array_length(placed);
END $$;

-- New deliveries are due, but for those whose session has an earlier one that waits; their lanes are looked at. The caller
-- holds the lanes.
CREATE FUNCTION deliveries_begin(new_ids text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  UPDATE webhook_delivery n SET next_attempt_at = clock_timestamp()
    WHERE n.id = ANY (new_ids) AND NOT EXISTS (
      SELECT 1 FROM webhook_delivery o WHERE o.webhook_id = n.webhook_id AND o.session_id = n.session_id AND o.state = 'waiting'
        AND o.id <> n.id AND (o.next_attempt_at IS NOT NULL OR (o.session_sequence, o.position, o.id) < (n.session_sequence, n.position, n.id)));
  UPDATE webhook_lane l SET due_at = clock_timestamp()
    WHERE l.webhook_id IN (SELECT d.webhook_id FROM webhook_delivery d WHERE d.id = ANY (new_ids))
      AND (l.due_at IS NULL OR l.due_at > clock_timestamp());
END $$;
ALTER FUNCTION deliveries_begin(text[]) OWNER TO patchbay_wall;

-- Of each session the first that waits is due, if none of it is. The caller holds the lane.
CREATE FUNCTION sessions_go_on(of_webhook text, session_ids text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  UPDATE webhook_delivery d SET next_attempt_at = clock_timestamp()
  WHERE d.id IN (
    SELECT DISTINCT ON (n.session_id) n.id FROM webhook_delivery n
    WHERE n.webhook_id = of_webhook AND n.session_id = ANY (session_ids) AND n.state = 'waiting'
    ORDER BY n.session_id, n.session_sequence, n.position, n.id)
  AND NOT EXISTS (
    SELECT 1 FROM webhook_delivery o WHERE o.webhook_id = of_webhook AND o.session_id = d.session_id AND o.state = 'waiting'
      AND o.next_attempt_at IS NOT NULL)
$$;
ALTER FUNCTION sessions_go_on(text, text[]) OWNER TO patchbay_wall;

-- The deliveries of one batch that are due at a webhook that asks for batches, in the order in which they go out: the oldest
-- first, those of a session in its order, with what waits behind them in their sessions. Either new events or such as are sent
-- again. `is_full`: there is no more room in it.
CREATE FUNCTION batch_due(of_webhook text, events_max int, at_now timestamptz)
RETURNS TABLE (ids text[], since timestamptz, is_full boolean, is_more boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH head AS (
    SELECT d.id, d.next_attempt_at, d.session_id, d.session_sequence, d.position, d.replay_id, d.event_id FROM webhook_delivery d
    WHERE d.webhook_id = of_webhook AND d.state = 'waiting' AND d.next_attempt_at <= at_now
      AND (d.claimed_until IS NULL OR d.claimed_until <= at_now)
      AND NOT EXISTS (SELECT 1 FROM webhook_delivery o WHERE o.webhook_id = of_webhook AND o.session_id = d.session_id
        AND o.state = 'waiting' AND o.claimed_until > at_now)
    ORDER BY d.next_attempt_at, d.position LIMIT events_max + 1),
  follower AS (
    SELECT f.* FROM (SELECT DISTINCT h.session_id FROM head h WHERE h.session_id IS NOT NULL) h CROSS JOIN LATERAL (
      SELECT d.id, d.next_attempt_at, d.session_id, d.session_sequence, d.position, d.replay_id, d.event_id FROM webhook_delivery d
      WHERE d.webhook_id = of_webhook AND d.session_id = h.session_id AND d.state = 'waiting' AND d.next_attempt_at IS NULL
      ORDER BY d.session_sequence, d.position, d.id LIMIT events_max + 1) AS f),
  placed AS (
    SELECT d.*, octet_length(e.data::text) + 1024 AS size_bytes,
      max(d.position) OVER (PARTITION BY coalesce(d.session_id, d.id) ORDER BY d.session_sequence, d.position, d.id) AS place
    FROM (SELECT * FROM head UNION ALL SELECT * FROM follower) d JOIN platform_event e ON e.id = d.event_id),
  ordered AS (
    SELECT p.*, row_number() OVER w AS number, sum(p.size_bytes) OVER w AS total_bytes,
      first_value(p.replay_id) OVER w = p.replay_id AS is_alike
    FROM placed p WINDOW w AS (ORDER BY p.place, p.session_sequence, p.position, p.id)),
  fitting AS (
    SELECT o.*, o.number <= events_max AND (o.number = 1 OR o.total_bytes <= 262144)
      AND bool_and(o.is_alike) OVER (ORDER BY o.number) AS fits FROM ordered o)
  SELECT coalesce(array_agg(f.id ORDER BY f.number) FILTER (WHERE f.fits), '{}'), min(f.next_attempt_at),
    count(*) FILTER (WHERE f.fits) >= events_max OR coalesce(bool_or(NOT f.fits), false), coalesce(bool_or(NOT f.fits), false)
  FROM fitting f
$$;
ALTER FUNCTION batch_due(text, int, timestamptz) OWNER TO patchbay_wall;

DROP FUNCTION deliveries_claim(jsonb, jsonb);

-- As before. Of a webhook that asks for batches, what is due goes out in one request once it is a batch's fill, or its oldest
-- has waited as long as the webhook lets it; such a request is one, however many events it carries.
-- bounds: {"deliveryMax", "endpointMax", "accountMax", "tenantMax", "leaseMs", "failingCount", "ofFailing"}
-- held: {"acc_…": requests that the worker has under way for webhooks of that account}
CREATE FUNCTION deliveries_claim(bounds jsonb, held jsonb)
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
      SELECT l.webhook_id, l.account_id, a.root_id, l.due_at, w.batch_events_max, w.batch_wait_ms
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
    SELECT l.webhook_id, l.account_id, t.root_id, t.batch_events_max, t.batch_wait_ms
    FROM webhook_lane l JOIN by_tenant t ON t.webhook_id = l.webhook_id
    WHERE l.due_at <= at_now ORDER BY t.turn, t.due_at FOR UPDATE OF l SKIP LOCKED
  LOOP
    EXIT WHEN left_count <= 0;
    room := least(left_count, account_max - coalesce((held_by_account ->> lane.account_id)::int, 0),
      tenant_max - coalesce((held_by_tenant ->> lane.root_id)::int, 0));
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
    INSERT INTO webhook_attempt (delivery_id, number, account_id, batch_id)
      SELECT d.id, d.attempt_count, d.account_id, batch FROM webhook_delivery d WHERE d.id = ANY (taken);
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

-- Notes what became of one request, with one delivery or with a batch of them, which are taken all or none: each by itself is
-- over, or tried again in its time. Of an attempt that was given up and made again since, nothing is kept but its log. Answers
-- how the endpoint does now, unless nothing of it counts.
-- attempts: [{"deliveryId", "attempt", "nextAttemptAt"?}]
-- outcome: {"isDelivered", "requests": [{"target", "status"?, "latencyMs", "error"?, "response"?}]}
CREATE FUNCTION deliveries_finish(attempts jsonb, outcome jsonb)
RETURNS TABLE (failed_count int, failing_since timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  lane_id text := (SELECT d.webhook_id FROM webhook_delivery d WHERE d.id = attempts -> 0 ->> 'deliveryId');
  is_delivered boolean := (outcome ->> 'isDelivered')::boolean;
  done text[];
  sessions text[];
BEGIN
  PERFORM 1 FROM webhook_lane l WHERE l.webhook_id = lane_id FOR UPDATE;
  INSERT INTO webhook_attempt AS t (delivery_id, number, target, account_id, batch_id, status, latency_ms, error, response)
    SELECT d.id, (a ->> 'attempt')::int, r ->> 'target', d.account_id, d.batch_id, (r ->> 'status')::int, (r ->> 'latencyMs')::int,
      r ->> 'error', r ->> 'response'
    FROM jsonb_array_elements(attempts) AS a JOIN webhook_delivery d ON d.id = a ->> 'deliveryId' AND d.webhook_id = lane_id,
      jsonb_array_elements(outcome -> 'requests') AS r
    ON CONFLICT (delivery_id, number, target) DO UPDATE SET status = excluded.status, latency_ms = excluded.latency_ms,
      error = excluded.error, response = excluded.response;
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
      succeeded_at = CASE WHEN is_delivered THEN clock_timestamp() ELSE l.succeeded_at END
    WHERE l.webhook_id = lane_id RETURNING l.failed_count, l.failing_since;
END $$;
ALTER FUNCTION deliveries_finish(jsonb, jsonb) OWNER TO patchbay_wall;

-- Of a worker that was started before this: one delivery.
CREATE OR REPLACE FUNCTION delivery_finish(of_delivery text, of_attempt int, outcome jsonb)
RETURNS TABLE (failed_count int, failing_since timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT * FROM deliveries_finish(jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('deliveryId', of_delivery,
    'attempt', of_attempt, 'nextAttemptAt', outcome -> 'nextAttemptAt'))), outcome)
$$;

-- Begins to send again what came after a place, up to the last event of now. False: one runs already, or none is in scope.
CREATE FUNCTION replay_start(of_webhook text, new_replay text, after_position bigint) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH last AS (SELECT p.position FROM event_place p),
  started AS (
    UPDATE webhook_lane l SET replay_id = new_replay, replay_from = least(after_position, last.position),
      replay_next = least(after_position, last.position), replay_until = last.position, replay_state = 'running',
      replay_started_at = clock_timestamp(), replay_ended_at = NULL
    FROM last WHERE l.webhook_id = of_webhook AND account_is_visible(l.account_id) AND l.replay_state IS DISTINCT FROM 'running'
    RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM started)
$$;
ALTER FUNCTION replay_start(text, text, bigint) OWNER TO patchbay_wall;

-- Ends a replay, and what of it waits. What a worker has in hand comes to its end. False: none runs, or none is in scope.
CREATE FUNCTION replay_cancel(of_webhook text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  cancelled text;
  sessions text[];
BEGIN
  UPDATE webhook_lane l SET replay_state = 'cancelled', replay_ended_at = clock_timestamp()
    WHERE l.webhook_id = of_webhook AND account_is_visible(l.account_id) AND (l.replay_state = 'running' OR EXISTS (
      SELECT 1 FROM webhook_delivery d WHERE d.replay_id = l.replay_id AND d.state = 'waiting'))
    RETURNING l.replay_id INTO cancelled;
  IF cancelled IS NULL THEN RETURN false; END IF;
  WITH ended AS (
    UPDATE webhook_delivery d SET state = 'cancelled', next_attempt_at = NULL, claimed_until = NULL, ended_at = clock_timestamp()
      WHERE d.replay_id = cancelled AND d.state = 'waiting' AND (d.claimed_until IS NULL OR d.claimed_until <= clock_timestamp())
      RETURNING d.session_id)
    SELECT array_agg(DISTINCT e.session_id) INTO sessions FROM ended e WHERE e.session_id IS NOT NULL;
  PERFORM sessions_go_on(of_webhook, sessions);
  UPDATE webhook_lane l SET due_at = clock_timestamp() WHERE l.webhook_id = of_webhook;
  RETURN true;
END $$;
ALTER FUNCTION replay_cancel(text) OWNER TO patchbay_wall;

-- The place before the first event, of an account or of all below it too, that happened at a time or after it.
CREATE FUNCTION replay_place_of(of_account text, is_own boolean, since timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT coalesce(min(e.position) - 1, (SELECT p.position FROM event_place p))
  FROM account_closure c CROSS JOIN LATERAL (
    SELECT min(p.position) AS position FROM platform_event p WHERE p.account_id = c.descendant_id AND p.at >= since) AS e
  WHERE account_is_visible(of_account) AND c.ancestor_id = of_account AND c.valid_to = 'infinity'
    AND (c.depth = 0 OR NOT is_own)
$$;
ALTER FUNCTION replay_place_of(text, boolean, timestamptz) OWNER TO patchbay_wall;

-- One webhook that is to be sent more of its replay, with what it hears of. The caller holds its lane until its transaction
-- ends. So many of a replay wait at a time: events of now are never behind more.
CREATE FUNCTION replay_next(waiting_max int)
RETURNS TABLE (webhook_id text, account_id text, event_types text[], scope text, application_id text, endpoint text,
  replay_id text, after_position bigint, until_position bigint, room int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT w.id, w.account_id, w.event_types, w.scope, w.application_id, e.identifier, l.replay_id, l.replay_next, l.replay_until,
      waiting_max - waiting.count
    FROM webhook_lane l JOIN webhook w ON w.id = l.webhook_id LEFT JOIN endpoint e ON e.id = w.endpoint_id AND e.account_id = w.account_id
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS count FROM webhook_delivery d WHERE d.replay_id = l.replay_id AND d.state = 'waiting') AS waiting
    WHERE l.replay_state = 'running' AND w.state = 'active' AND (w.endpoint_id IS NULL OR e.id IS NOT NULL)
      AND waiting.count <= waiting_max / 2
    ORDER BY l.replay_next LIMIT 1 FOR UPDATE OF l SKIP LOCKED;
END $$;
ALTER FUNCTION replay_next(int) OWNER TO patchbay_wall;

-- What is next of a replay: events of an account, or of all below it too, with the endpoints that each is about.
CREATE FUNCTION replay_events(of_account text, is_own boolean, after_position bigint, until_position bigint, row_max int)
RETURNS TABLE (id text, "position" bigint, account_id text, type text, application_id text, data jsonb, identities text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT e.id, e.position, e.account_id, e.type, e.application_id, e.data,
    ARRAY(SELECT l.identity FROM session_leg l
      WHERE l.session_id = e.session_id AND l.account_id = e.account_id AND l.identity IS NOT NULL)
  FROM account_closure c CROSS JOIN LATERAL (
    SELECT p.* FROM platform_event p WHERE p.account_id = c.descendant_id AND p.position > after_position
      AND p.position <= until_position ORDER BY p.position LIMIT row_max) AS e
  WHERE c.ancestor_id = of_account AND c.valid_to = 'infinity' AND (c.depth = 0 OR NOT is_own)
  ORDER BY e.position LIMIT row_max
$$;
ALTER FUNCTION replay_events(text, boolean, bigint, bigint, int) OWNER TO patchbay_wall;

-- Makes the deliveries of a replay up to a place, and says how far it came. The caller holds the lane.
-- deliveries: [{"id", "eventId"}]
CREATE FUNCTION replay_go_on(of_webhook text, deliveries jsonb, up_to bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  INSERT INTO webhook_delivery (id, webhook_id, account_id, event_id, position, session_id, session_sequence, replay_id)
    SELECT d ->> 'id', l.webhook_id, l.account_id, e.id, e.position, e.session_id, e.session_sequence, l.replay_id
    FROM webhook_lane l, jsonb_array_elements(deliveries) AS d JOIN platform_event e ON e.id = d ->> 'eventId'
    WHERE l.webhook_id = of_webhook AND l.replay_state = 'running'
    ON CONFLICT (webhook_id, event_id, replay_id) DO NOTHING;
  UPDATE webhook_lane l SET replay_next = up_to,
      replay_state = CASE WHEN up_to >= l.replay_until THEN 'done' ELSE 'running' END,
      replay_ended_at = CASE WHEN up_to >= l.replay_until THEN clock_timestamp() END
    WHERE l.webhook_id = of_webhook AND l.replay_state = 'running';
  PERFORM deliveries_begin(ARRAY(SELECT d ->> 'id' FROM jsonb_array_elements(deliveries) AS d));
END $$;
ALTER FUNCTION replay_go_on(text, jsonb, bigint) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['deliveries_begin(text[])', 'sessions_go_on(text, text[])', 'batch_due(text, int, timestamptz)',
    'deliveries_claim(jsonb, jsonb)', 'deliveries_finish(jsonb, jsonb)', 'replay_start(text, text, bigint)', 'replay_cancel(text)',
    'replay_place_of(text, boolean, timestamptz)', 'replay_next(int)', 'replay_events(text, boolean, bigint, bigint, int)',
    'replay_go_on(text, jsonb, bigint)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
  END LOOP;
  -- The first three are called by others of these alone.
  FOREACH definer IN ARRAY ARRAY['deliveries_claim(jsonb, jsonb)', 'deliveries_finish(jsonb, jsonb)',
    'replay_start(text, text, bigint)', 'replay_cancel(text)', 'replay_place_of(text, boolean, timestamptz)', 'replay_next(int)',
    'replay_events(text, boolean, bigint, bigint, int)', 'replay_go_on(text, jsonb, bigint)']::regprocedure[] LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
