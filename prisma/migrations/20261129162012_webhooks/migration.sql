-- CreateTable
CREATE TABLE "event_place" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "position" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "event_place_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "fallback_url" TEXT,
    "description" TEXT NOT NULL DEFAULT '',
    "event_types" TEXT[],
    "scope" TEXT NOT NULL DEFAULT 'own',
    "application_id" TEXT,
    "state" TEXT NOT NULL DEFAULT 'active',
    "disabled_reason" TEXT,
    "secret_ciphertext" BYTEA NOT NULL,
    "previous_ciphertext" BYTEA,
    "previous_ends_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_lane" (
    "webhook_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "failed_count" INTEGER NOT NULL DEFAULT 0,
    "failing_since" TIMESTAMPTZ(3),
    "succeeded_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_lane_pkey" PRIMARY KEY ("webhook_id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "id" TEXT NOT NULL,
    "webhook_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "session_id" TEXT,
    "session_sequence" INTEGER,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "round_attempt_count" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "claimed_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_attempt" (
    "delivery_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "target" TEXT NOT NULL DEFAULT 'main',
    "account_id" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "status" INTEGER,
    "latency_ms" INTEGER,
    "error" TEXT,
    "response" TEXT,

    CONSTRAINT "webhook_attempt_pkey" PRIMARY KEY ("delivery_id","number","target")
);

-- CreateIndex
CREATE INDEX "webhook_account_id_id_idx" ON "webhook"("account_id", "id");

-- CreateIndex
CREATE INDEX "webhook_lane_due_at_idx" ON "webhook_lane"("due_at");

-- CreateIndex
CREATE INDEX "webhook_delivery_webhook_id_id_idx" ON "webhook_delivery"("webhook_id", "id");

-- CreateIndex
CREATE INDEX "webhook_delivery_event_id_idx" ON "webhook_delivery"("event_id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_delivery_webhook_id_event_id_key" ON "webhook_delivery"("webhook_id", "event_id");

-- AddForeignKey
ALTER TABLE "webhook" ADD CONSTRAINT "webhook_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_lane" ADD CONSTRAINT "webhook_lane_webhook_id_fkey" FOREIGN KEY ("webhook_id") REFERENCES "webhook"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_lane" ADD CONSTRAINT "webhook_lane_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_webhook_id_fkey" FOREIGN KEY ("webhook_id") REFERENCES "webhook"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "platform_event"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_attempt" ADD CONSTRAINT "webhook_attempt_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "webhook_delivery"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_attempt" ADD CONSTRAINT "webhook_attempt_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "webhook" ADD CONSTRAINT "webhook_scope" CHECK ("scope" IN ('own', 'descendants')),
  ADD CONSTRAINT "webhook_state" CHECK ("state" IN ('active', 'disabled', 'removed')),
  ADD CONSTRAINT "webhook_disabled_reason" CHECK ("disabled_reason" IN ('failing', 'gone'));
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_state" CHECK ("state" IN ('waiting', 'delivered', 'failed'));
ALTER TABLE "webhook_attempt" ADD CONSTRAINT "webhook_attempt_target" CHECK ("target" IN ('main', 'fallback'));
ALTER TABLE "event_place" ADD CONSTRAINT "event_place_one_row" CHECK ("id" = 1);
INSERT INTO "event_place" ("id", "position") VALUES (1, (SELECT coalesce(max("position"), 0) FROM "platform_event"));

-- What is over is most of it, and is never looked for by these.
CREATE INDEX webhook_delivery_due_idx ON webhook_delivery (webhook_id, next_attempt_at) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_claimed_idx ON webhook_delivery (webhook_id, claimed_until) WHERE state = 'waiting' AND claimed_until IS NOT NULL;
CREATE INDEX webhook_delivery_session_idx ON webhook_delivery (webhook_id, session_id, session_sequence, position) WHERE state = 'waiting' AND session_id IS NOT NULL;
CREATE INDEX webhook_delivery_ended_idx ON webhook_delivery (ended_at) WHERE state <> 'waiting';
CREATE INDEX platform_event_at_idx ON platform_event (at);

SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['webhook', 'webhook_lane', 'webhook_delivery', 'webhook_attempt']) AS name;
-- No scope reads a secret; deliveries and their attempts are written by named functions alone.
REVOKE ALL ON webhook, webhook_lane, webhook_delivery, webhook_attempt, event_place FROM patchbay_app;
GRANT SELECT (id, account_id, url, fallback_url, description, event_types, scope, application_id, state, disabled_reason,
  previous_ends_at, created_at, removed_at) ON webhook TO patchbay_app;
GRANT INSERT ON webhook TO patchbay_app;
GRANT UPDATE (url, fallback_url, description, event_types, scope, application_id, state, disabled_reason) ON webhook TO patchbay_app;
GRANT SELECT ON webhook_lane, webhook_delivery, webhook_attempt TO patchbay_app;
GRANT SELECT ON event_place TO patchbay_app;
GRANT SELECT, UPDATE ON event_place TO patchbay_wall;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- A webhook has its lane as long as it is there, and begins anew when it is enabled again.
CREATE FUNCTION webhook_take_lane() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO webhook_lane (webhook_id, account_id) VALUES (NEW.id, NEW.account_id);
  ELSIF NEW.state = 'active' AND OLD.state <> 'active' THEN
    UPDATE webhook_lane l SET due_at = clock_timestamp(), failed_count = 0, failing_since = NULL WHERE l.webhook_id = NEW.id;
  ELSIF NEW.state <> 'active' THEN
    UPDATE webhook_lane l SET due_at = NULL WHERE l.webhook_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION webhook_take_lane() OWNER TO patchbay_wall;
CREATE TRIGGER take_lane AFTER INSERT OR UPDATE OF state ON webhook FOR EACH ROW EXECUTE FUNCTION webhook_take_lane();

-- Events without a place, the oldest arrivals first, with all of their sessions that wait as well. Nothing while another
-- transaction gives places: what is read here is the caller's to place until its transaction ends.
CREATE FUNCTION events_to_place(row_max int)
RETURNS TABLE (id text, account_id text, type text, application_id text, session_id text, session_sequence int, data jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM 1 FROM event_place p FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN; END IF;
  -- A statement of its own, and so a snapshot of its own: whoever held the place before has committed by now.
  RETURN QUERY
    WITH oldest AS (
      SELECT e.id, e.session_id FROM platform_event e WHERE e.position IS NULL ORDER BY e.arrival LIMIT row_max)
    SELECT e.id, e.account_id, e.type, e.application_id, e.session_id, e.session_sequence, e.data FROM platform_event e
    WHERE e.position IS NULL AND (e.id IN (SELECT o.id FROM oldest o) OR e.session_id IN (SELECT o.session_id FROM oldest o))
    ORDER BY e.arrival;
END $$;
ALTER FUNCTION events_to_place(int) OWNER TO patchbay_wall;

-- The active webhooks of accounts and of all that are above them now.
CREATE FUNCTION webhooks_above(account_ids text[])
RETURNS TABLE (below_id text, webhook_id text, account_id text, event_types text[], scope text, application_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT c.descendant_id, w.id, w.account_id, w.event_types, w.scope, w.application_id
  FROM account_closure c JOIN webhook w ON w.account_id = c.ancestor_id
  WHERE c.descendant_id = ANY (account_ids) AND c.valid_from <= now() AND now() < c.valid_to AND w.state = 'active'
  ORDER BY c.descendant_id, c.depth DESC, w.id
$$;
ALTER FUNCTION webhooks_above(text[]) OWNER TO patchbay_wall;

-- Gives events their positions, in the order in which they are named, and each webhook that is told of one its delivery.
CREATE FUNCTION events_place(placed jsonb) RETURNS bigint
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
    ON CONFLICT (webhook_id, event_id) DO NOTHING;
  UPDATE webhook_delivery n SET next_attempt_at = clock_timestamp()
    FROM jsonb_array_elements(placed) AS event, jsonb_array_elements(event -> 'deliveries') AS d
    WHERE n.id = d ->> 'id' AND NOT EXISTS (
      SELECT 1 FROM webhook_delivery o WHERE o.webhook_id = n.webhook_id AND o.session_id = n.session_id AND o.state = 'waiting'
        AND o.id <> n.id AND (o.next_attempt_at IS NOT NULL OR (o.session_sequence, o.position) < (n.session_sequence, n.position)));
  UPDATE webhook_lane l SET due_at = clock_timestamp() WHERE l.webhook_id IN (
    SELECT d ->> 'webhookId' FROM jsonb_array_elements(placed) AS event, jsonb_array_elements(event -> 'deliveries') AS d)
    AND (l.due_at IS NULL OR l.due_at > clock_timestamp());
  RETURN place + jsonb_array_length(placed);
END $$;
ALTER FUNCTION events_place(jsonb) OWNER TO patchbay_wall;

-- Takes deliveries that are due, of at most so many endpoints, and counts an attempt of each. An endpoint has at most
-- `endpoint_max` requests at a time, of all workers together.
CREATE FUNCTION deliveries_claim(delivery_max int, endpoint_max int, lease_ms int, failing_count int, of_failing boolean)
RETURNS TABLE (id text, webhook_id text, webhook_account_id text, attempt int, round_attempt int, url text, fallback_url text,
  secret_ciphertext bytea, previous_ciphertext bytea, event_id text, "position" bigint, account_id text, type text,
  at timestamptz, application_id text, session_id text, session_sequence int, data jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  lane record;
  at_now timestamptz := clock_timestamp();
  left_count int := delivery_max;
  in_flight int;
  taken text[];
BEGIN
  FOR lane IN
    SELECT l.webhook_id FROM webhook_lane l JOIN webhook w ON w.id = l.webhook_id
    WHERE l.due_at <= at_now AND w.state = 'active' AND (l.failed_count >= failing_count) = of_failing
    ORDER BY l.due_at LIMIT delivery_max FOR UPDATE OF l SKIP LOCKED
  LOOP
    EXIT WHEN left_count <= 0;
    SELECT count(*) INTO in_flight FROM webhook_delivery d
      WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.claimed_until > at_now;
    taken := ARRAY(
      SELECT d.id FROM webhook_delivery d
      WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.next_attempt_at <= at_now
        AND (d.claimed_until IS NULL OR d.claimed_until <= at_now)
      ORDER BY d.next_attempt_at, d.position LIMIT greatest(0, least(endpoint_max - in_flight, left_count)));
    UPDATE webhook_delivery d SET claimed_until = at_now + lease_ms * interval '1 millisecond',
      attempt_count = d.attempt_count + 1, round_attempt_count = d.round_attempt_count + 1 WHERE d.id = ANY (taken);
    INSERT INTO webhook_attempt (delivery_id, number, account_id)
      SELECT d.id, d.attempt_count, d.account_id FROM webhook_delivery d WHERE d.id = ANY (taken);
    -- Fewer than there was room for: all that was due is taken, and something is due again when a wait or a lease is over.
    UPDATE webhook_lane l SET due_at = CASE
      WHEN in_flight + cardinality(taken) < endpoint_max AND cardinality(taken) >= left_count THEN at_now
      ELSE least(
        (SELECT min(d.claimed_until) FROM webhook_delivery d
         WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.claimed_until > at_now),
        CASE WHEN in_flight + cardinality(taken) < endpoint_max THEN
          (SELECT min(d.next_attempt_at) FROM webhook_delivery d
           WHERE d.webhook_id = lane.webhook_id AND d.state = 'waiting' AND d.next_attempt_at > at_now) END) END
      WHERE l.webhook_id = lane.webhook_id;
    left_count := left_count - cardinality(taken);
    RETURN QUERY
      SELECT d.id, d.webhook_id, d.account_id, d.attempt_count, d.round_attempt_count, w.url, w.fallback_url,
        w.secret_ciphertext, CASE WHEN w.previous_ends_at > at_now THEN w.previous_ciphertext END,
        e.id, e.position, e.account_id, e.type, e.at, e.application_id, e.session_id, e.session_sequence, e.data
      FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id JOIN platform_event e ON e.id = d.event_id
      WHERE d.id = ANY (taken);
  END LOOP;
END $$;
ALTER FUNCTION deliveries_claim(int, int, int, int, boolean) OWNER TO patchbay_wall;

-- Ends an attempt: what was answered, and what follows. Of an attempt that was given up and made again since, nothing is
-- kept but its log. Answers how the endpoint does now.
-- outcome: {"isDelivered", "nextAttemptAt"?, "requests": [{"target", "status"?, "latencyMs", "error"?, "response"?}]}
CREATE FUNCTION delivery_finish(of_delivery text, of_attempt int, outcome jsonb)
RETURNS TABLE (failed_count int, failing_since timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  lane_id text := (SELECT d.webhook_id FROM webhook_delivery d WHERE d.id = of_delivery);
  done webhook_delivery%ROWTYPE;
  is_delivered boolean := (outcome ->> 'isDelivered')::boolean;
  next_at timestamptz := (outcome ->> 'nextAttemptAt')::timestamptz;
BEGIN
  PERFORM 1 FROM webhook_lane l WHERE l.webhook_id = lane_id FOR UPDATE;
  INSERT INTO webhook_attempt AS t (delivery_id, number, target, account_id, status, latency_ms, error, response)
    SELECT d.id, of_attempt, r ->> 'target', d.account_id, (r ->> 'status')::int, (r ->> 'latencyMs')::int, r ->> 'error', r ->> 'response'
    FROM webhook_delivery d, jsonb_array_elements(outcome -> 'requests') AS r WHERE d.id = of_delivery
    ON CONFLICT (delivery_id, number, target) DO UPDATE SET status = excluded.status, latency_ms = excluded.latency_ms,
      error = excluded.error, response = excluded.response;
  UPDATE webhook_delivery d SET claimed_until = NULL, next_attempt_at = next_at,
      state = CASE WHEN is_delivered THEN 'delivered' WHEN next_at IS NULL THEN 'failed' ELSE 'waiting' END,
      ended_at = CASE WHEN is_delivered OR next_at IS NULL THEN clock_timestamp() END
    WHERE d.id = of_delivery AND d.state = 'waiting' AND d.attempt_count = of_attempt RETURNING * INTO done;
  IF done.id IS NULL THEN RETURN; END IF;
  IF done.state <> 'waiting' AND done.session_id IS NOT NULL THEN
    UPDATE webhook_delivery d SET next_attempt_at = clock_timestamp() WHERE d.next_attempt_at IS NULL AND d.id = (
      SELECT n.id FROM webhook_delivery n WHERE n.webhook_id = lane_id AND n.session_id = done.session_id AND n.state = 'waiting'
      ORDER BY n.session_sequence, n.position LIMIT 1);
  END IF;
  RETURN QUERY UPDATE webhook_lane l SET due_at = clock_timestamp(),
      failed_count = CASE WHEN is_delivered THEN 0 ELSE l.failed_count + 1 END,
      failing_since = CASE WHEN is_delivered THEN NULL ELSE coalesce(l.failing_since, clock_timestamp()) END,
      succeeded_at = CASE WHEN is_delivered THEN clock_timestamp() ELSE l.succeeded_at END
    WHERE l.webhook_id = lane_id RETURNING l.failed_count, l.failing_since;
END $$;
ALTER FUNCTION delivery_finish(text, int, jsonb) OWNER TO patchbay_wall;

-- Sends a delivery again, whatever became of it: with a round of attempts of its own. False: there is none in scope.
CREATE FUNCTION delivery_resend(of_webhook text, of_delivery text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM 1 FROM webhook_lane l WHERE l.webhook_id = of_webhook AND account_is_visible(l.account_id) FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  -- One that a worker has in hand stays in its hand: what it waits for is what was asked for.
  UPDATE webhook_delivery d SET state = 'waiting', round_attempt_count = 0, ended_at = NULL,
      next_attempt_at = CASE WHEN d.claimed_until > clock_timestamp() THEN d.next_attempt_at ELSE clock_timestamp() END
    WHERE d.id = of_delivery AND d.webhook_id = of_webhook AND (d.state <> 'waiting' OR d.next_attempt_at IS NOT NULL);
  IF NOT FOUND AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.id = of_delivery AND d.webhook_id = of_webhook) THEN
    RETURN false;
  END IF;
  UPDATE webhook_lane l SET due_at = clock_timestamp() WHERE l.webhook_id = of_webhook;
  RETURN true;
END $$;
ALTER FUNCTION delivery_resend(text, text) OWNER TO patchbay_wall;

-- A new secret. The one that it replaces holds until then, and one before that no more: two are in force at most.
CREATE FUNCTION webhook_rotate(of_webhook text, ciphertext bytea, previous_until timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH rotated AS (
    UPDATE webhook w SET previous_ciphertext = w.secret_ciphertext, previous_ends_at = previous_until, secret_ciphertext = ciphertext
    WHERE w.id = of_webhook AND w.state <> 'removed' AND account_is_visible(w.account_id) RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM rotated)
$$;
ALTER FUNCTION webhook_rotate(text, bytea, timestamptz) OWNER TO patchbay_wall;

-- Removes a webhook: nothing is sent any more and its secrets are gone; its log stays as long as any.
CREATE FUNCTION webhook_remove(of_webhook text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH removed AS (
    UPDATE webhook w SET state = 'removed', removed_at = now(), secret_ciphertext = '\x', previous_ciphertext = NULL, previous_ends_at = NULL
    WHERE w.id = of_webhook AND w.state <> 'removed' AND account_is_visible(w.account_id) RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM removed)
$$;
ALTER FUNCTION webhook_remove(text) OWNER TO patchbay_wall;

-- Events of an account, or of all below it too, from behind a position on, in order. Visibility is asked once, and not for
-- each row; each account gives as many as the page holds, by its own index.
CREATE FUNCTION events_after(of_account text, is_own boolean, after_position bigint, patterns text[], row_max int)
RETURNS TABLE (id text, "position" bigint, account_id text, type text, at timestamptz, application_id text, session_id text,
  session_sequence int, data jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT e.id, e.position, e.account_id, e.type, e.at, e.application_id, e.session_id, e.session_sequence, e.data
    FROM account_closure c CROSS JOIN LATERAL (
      SELECT p.* FROM platform_event p WHERE p.account_id = c.descendant_id AND p.position > after_position
        AND p.type LIKE ANY (patterns) ORDER BY p.position LIMIT row_max) AS e
    WHERE c.ancestor_id = of_account AND c.valid_from <= now() AND now() < c.valid_to AND (c.depth = 0 OR NOT is_own)
    ORDER BY e.position LIMIT row_max;
END $$;
ALTER FUNCTION events_after(text, boolean, bigint, text[], int) OWNER TO patchbay_wall;

-- Forgets events, and what became of them, of all tenants, once they are old and nobody waits for them. So many at a time.
CREATE FUNCTION events_prune(before_at timestamptz, row_max int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  old text[] := ARRAY(
    SELECT e.id FROM platform_event e WHERE e.at < before_at AND e.position IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.event_id = e.id AND (d.state = 'waiting' OR d.ended_at >= before_at)
        AND EXISTS (SELECT 1 FROM webhook w WHERE w.id = d.webhook_id AND w.state = 'active'))
    ORDER BY e.at LIMIT row_max);
BEGIN
  DELETE FROM webhook_attempt a USING webhook_delivery d WHERE d.id = a.delivery_id AND d.event_id = ANY (old);
  DELETE FROM webhook_delivery d WHERE d.event_id = ANY (old);
  DELETE FROM platform_event e WHERE e.id = ANY (old);
  DELETE FROM webhook_lane l USING webhook w WHERE w.id = l.webhook_id AND w.state = 'removed' AND w.removed_at < before_at
    AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = w.id);
  DELETE FROM webhook w WHERE w.state = 'removed' AND w.removed_at < before_at
    AND NOT EXISTS (SELECT 1 FROM webhook_lane l WHERE l.webhook_id = w.id);
  RETURN cardinality(old);
END $$;
ALTER FUNCTION events_prune(timestamptz, int) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['webhook_take_lane()', 'events_to_place(int)', 'webhooks_above(text[])', 'events_place(jsonb)',
    'deliveries_claim(int, int, int, int, boolean)', 'delivery_finish(text, int, jsonb)', 'delivery_resend(text, text)',
    'webhook_rotate(text, bytea, timestamptz)', 'webhook_remove(text)', 'events_after(text, boolean, bigint, text[], int)',
    'events_prune(timestamptz, int)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
