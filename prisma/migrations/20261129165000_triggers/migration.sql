-- Usage triggers (TRG): counters that are evaluated in the transaction of the usage or event that they count.

-- CreateTable
CREATE TABLE "usage_trigger" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "with_descendants" BOOLEAN NOT NULL,
    "application_id" TEXT,
    "endpoint_id" TEXT,
    "credential_id" TEXT,
    "session_id" TEXT,
    "counts" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "filter" JSONB NOT NULL DEFAULT '{}',
    "condition" TEXT NOT NULL,
    "limit_value" BIGINT NOT NULL,
    "period" TEXT,
    "seconds" INTEGER,
    "action" JSONB NOT NULL,
    "is_enabled" BOOLEAN NOT NULL DEFAULT true,
    "is_shown" BOOLEAN NOT NULL DEFAULT false,
    "time_zone" TEXT NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "counting_from" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "usage_trigger_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trigger_counter" (
    "trigger_id" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "account_id" TEXT NOT NULL,
    "value" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "trigger_counter_pkey" PRIMARY KEY ("trigger_id","window_start")
);

-- CreateTable
CREATE TABLE "trigger_firing" (
    "id" TEXT NOT NULL,
    "trigger_id" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "account_id" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "value" DECIMAL(38,0) NOT NULL,
    "limit_value" BIGINT NOT NULL,
    "action" JSONB NOT NULL,
    "fired_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "state" TEXT NOT NULL DEFAULT 'pending',
    "outcome" TEXT,
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "progress" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "trigger_firing_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trigger_hold" (
    "trigger_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "application_id" TEXT,
    "service" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "is_shown" BOOLEAN NOT NULL,
    "until" TIMESTAMPTZ(3),

    CONSTRAINT "trigger_hold_pkey" PRIMARY KEY ("trigger_id")
);

-- CreateIndex
CREATE INDEX "usage_trigger_account_id_id_idx" ON "usage_trigger"("account_id", "id");

-- CreateIndex
CREATE INDEX "trigger_firing_account_id_id_idx" ON "trigger_firing"("account_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "trigger_firing_trigger_id_generation_window_start_key" ON "trigger_firing"("trigger_id", "generation", "window_start");

-- CreateIndex
CREATE INDEX "trigger_hold_target_id_idx" ON "trigger_hold"("target_id");

-- AddForeignKey
ALTER TABLE "usage_trigger" ADD CONSTRAINT "usage_trigger_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE usage_trigger ADD CONSTRAINT usage_trigger_counts CHECK (counts IN ('usage', 'event'));
ALTER TABLE usage_trigger ADD CONSTRAINT usage_trigger_condition CHECK (condition IN ('threshold', 'recurring', 'rate'));
ALTER TABLE usage_trigger ADD CONSTRAINT usage_trigger_period CHECK (period IN ('hour', 'day', 'month'));
ALTER TABLE usage_trigger ADD CONSTRAINT usage_trigger_limit CHECK (limit_value >= 1);
ALTER TABLE trigger_firing ADD CONSTRAINT trigger_firing_state CHECK (state IN ('pending', 'done', 'skipped', 'failed'));

-- What every batch of usage asks, and every event: few rows, whatever there are of accounts.
CREATE INDEX usage_trigger_counting_idx ON usage_trigger (target_id, counts) WHERE is_enabled AND removed_at IS NULL;
CREATE INDEX trigger_firing_pending_idx ON trigger_firing (next_attempt_at) WHERE state = 'pending';
CREATE INDEX trigger_hold_until_idx ON trigger_hold (until) WHERE until IS NOT NULL;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

SELECT guard_tenant_table(name::regclass)
  FROM unnest(ARRAY['usage_trigger', 'trigger_counter', 'trigger_firing', 'trigger_hold']) AS name;
-- A trigger reaches down and nowhere else, whatever the code says.
CREATE POLICY target ON usage_trigger AS RESTRICTIVE FOR INSERT TO patchbay_app WITH CHECK (account_is_visible(target_id));
REVOKE DELETE, UPDATE ON usage_trigger FROM patchbay_app;
GRANT UPDATE (name, limit_value, action, is_enabled, is_shown, removed_at) ON usage_trigger TO patchbay_app;
-- Only the functions below count, fire and hold.
REVOKE INSERT, UPDATE, DELETE ON trigger_counter, trigger_firing, trigger_hold FROM patchbay_app;
-- Firings are events of the platform, written where they happen.
GRANT INSERT (id, account_id, type, at, data) ON platform_event TO patchbay_wall;
GRANT USAGE ON SEQUENCE platform_event_arrival_seq TO patchbay_wall;

-- A public id, made here: a prefix, 48 bits of time and 96 random ones in Crockford's base 32 (C2).
CREATE FUNCTION public_id(prefix text, at timestamptz) RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
  WITH drawn AS (
    SELECT ('x' || '0' || lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0')
      || left(encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex'), 24))::bit(148) AS bits)
  SELECT prefix || '_' || string_agg(
    substr('0123456789abcdefghjkmnpqrstvwxyz', substring(bits FROM 4 + 5 * place FOR 5)::bit(5)::int + 1, 1), '' ORDER BY place)
  FROM drawn, generate_series(0, 28) AS place
$$;
REVOKE ALL ON FUNCTION public_id(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_id(text, timestamptz) TO patchbay_wall;

-- The start of the window that a time lies in (TRG-1). An hour begins on the hour of the zone's clocks, and is an hour
-- long even where the clocks are set back.
CREATE FUNCTION trigger_window(of_trigger usage_trigger, at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN of_trigger.condition = 'rate' THEN to_timestamp(floor(extract(epoch FROM at) / of_trigger.seconds) * of_trigger.seconds)
    WHEN of_trigger.condition = 'threshold' THEN 'epoch'::timestamptz
    WHEN of_trigger.period = 'hour' THEN
      at - ((at AT TIME ZONE of_trigger.time_zone) - date_trunc('hour', at AT TIME ZONE of_trigger.time_zone))
    ELSE date_trunc(of_trigger.period, at AT TIME ZONE of_trigger.time_zone) AT TIME ZONE of_trigger.time_zone
  END
$$;
REVOKE ALL ON FUNCTION trigger_window(usage_trigger, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trigger_window(usage_trigger, timestamptz) TO patchbay_app, patchbay_wall;

-- Adds to counters, and fires those that reached their limit: once in a window, whoever adds at the same time, because the
-- row of a counter is held until the end of the transaction and a firing has a key (TRG-3). The event that tells of it and
-- the outbox of its action are written with it.
CREATE FUNCTION trigger_count(trigger_ids text[], window_starts timestamptz[], sums numeric[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  acts boolean;
BEGIN
  WITH counted AS (
    INSERT INTO trigger_counter AS c (trigger_id, window_start, account_id, value)
    SELECT u.id, u.window_start, t.account_id, u.sum
    FROM unnest(trigger_ids, window_starts, sums) AS u(id, window_start, sum) JOIN usage_trigger t ON t.id = u.id
    ORDER BY 1, 2
    ON CONFLICT (trigger_id, window_start) DO UPDATE SET value = c.value + excluded.value
    RETURNING trigger_id, window_start, value
  ), fired AS (
    INSERT INTO trigger_firing (id, trigger_id, generation, window_start, account_id, target_id, value, limit_value, action, state)
    SELECT public_id('fir', clock_timestamp()), t.id, t.generation, c.window_start, t.account_id, t.target_id, c.value,
      t.limit_value, t.action, CASE t.action ->> 'kind' WHEN 'notify' THEN 'done' ELSE 'pending' END
    FROM counted c JOIN usage_trigger t ON t.id = c.trigger_id
    WHERE c.value >= t.limit_value AND NOT EXISTS (SELECT 1 FROM trigger_firing f
      WHERE (f.trigger_id, f.generation, f.window_start) = (t.id, t.generation, c.window_start))
    ORDER BY t.id, c.window_start
    ON CONFLICT (trigger_id, generation, window_start) DO NOTHING
    RETURNING *
  ), told AS (
    INSERT INTO platform_event (id, account_id, type, at, data)
    SELECT public_id('evt', f.fired_at), f.account_id, 'triggers.trigger.fired', f.fired_at, jsonb_strip_nulls(jsonb_build_object(
      'firingId', f.id, 'triggerId', f.trigger_id, 'name', t.name, 'targetAccountId', f.target_id,
      'value', f.value::text, 'limit', f.limit_value, 'action', f.action ->> 'kind',
      'windowStart', CASE WHEN t.condition <> 'threshold'
        THEN to_char(f.window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END))
    FROM fired f JOIN usage_trigger t ON t.id = f.trigger_id
  )
  SELECT bool_or(f.state = 'pending') INTO acts FROM fired f;
  -- Heard when this is committed: whoever acts reads the outbox.
  IF acts THEN PERFORM pg_notify('patchbay_triggers', ''); END IF;
END $$;
ALTER FUNCTION trigger_count(text[], timestamptz[], numeric[]) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION trigger_count(text[], timestamptz[], numeric[]) FROM PUBLIC;

-- Events, and so errors and warnings, are counted where they are written.
CREATE FUNCTION trigger_count_events() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  touched_ids text[];
  touched_windows timestamptz[];
  touched_sums numeric[];
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('patchbay.triggers', 0));
  IF NOT EXISTS (SELECT 1 FROM usage_trigger t WHERE t.counts = 'event' AND t.is_enabled AND t.removed_at IS NULL) THEN
    RETURN NULL;
  END IF;
  SELECT array_agg(h.id ORDER BY h.id, h.window_start), array_agg(h.window_start ORDER BY h.id, h.window_start),
    array_agg(h.n ORDER BY h.id, h.window_start)
  INTO touched_ids, touched_windows, touched_sums
  FROM (
    SELECT t.id, trigger_window(t, e.at) AS window_start, count(*)::numeric AS n
    FROM added e
    JOIN usage_trigger t ON t.counts = 'event' AND t.subject = e.type AND t.is_enabled AND t.removed_at IS NULL
    JOIN account_closure c ON c.ancestor_id = t.target_id AND c.descendant_id = e.account_id AND (t.with_descendants OR c.depth = 0)
    JOIN account_closure o ON o.descendant_id = t.target_id AND o.ancestor_id = t.account_id
    -- One that counted firings would count its own.
    WHERE e.type NOT LIKE 'triggers.%' AND e.at >= t.counting_from AND e.data @> t.filter
      AND c.valid_from <= date_trunc('minute', e.at) AND date_trunc('minute', e.at) < c.valid_to
      AND o.valid_from <= date_trunc('minute', e.at) AND date_trunc('minute', e.at) < o.valid_to
      AND (t.application_id IS NULL OR t.application_id = e.application_id)
      AND (t.session_id IS NULL OR t.session_id = e.session_id)
      AND (t.seconds IS NULL OR e.at >= now() - interval '1 day')
    GROUP BY 1, 2) AS h;
  IF touched_ids IS NULL THEN RETURN NULL; END IF;
  -- A transaction may write several events, each counted apart: one that counts any is the only one until it ends, so that
  -- two of them never wait for each other in a circle.
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.triggers.events', 0));
  PERFORM trigger_count(touched_ids, touched_windows, touched_sums);
  RETURN NULL;
END $$;
ALTER FUNCTION trigger_count_events() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION trigger_count_events() FROM PUBLIC;
CREATE TRIGGER count_events AFTER INSERT ON platform_event REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION trigger_count_events();

-- Begins a counter anew, or (with `keeps_count`) lets it fire again at another limit. It waits for all that count and do
-- not know of it, and they for it: so nothing is counted twice or left out. One that recurs and counts an account knows its
-- window from the start; what is past its limit already fires at once.
CREATE FUNCTION trigger_begin(wanted text, keeps_count boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  t usage_trigger%ROWTYPE;
  begins timestamptz;
  current_window timestamptz;
  seed numeric := 0;
  knows_before boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.triggers', 0));
  SELECT * INTO t FROM usage_trigger u WHERE u.id = wanted AND account_is_visible(u.account_id) FOR UPDATE;
  IF t.id IS NULL THEN RAISE EXCEPTION 'resource.unknown' USING ERRCODE = 'PB404'; END IF;
  begins := clock_timestamp();
  current_window := trigger_window(t, begins);
  UPDATE usage_trigger u SET generation = u.generation + 1 WHERE u.id = wanted;
  DELETE FROM trigger_hold h WHERE h.trigger_id = wanted;
  IF NOT keeps_count THEN
    DELETE FROM trigger_counter c WHERE c.trigger_id = wanted;
    knows_before := t.condition = 'recurring' AND t.counts = 'usage'
      AND coalesce(t.application_id, t.endpoint_id, t.credential_id, t.session_id) IS NULL;
    UPDATE usage_trigger u SET counting_from = CASE WHEN knows_before THEN current_window ELSE begins END WHERE u.id = wanted;
    IF knows_before THEN
      SELECT coalesce(sum(CASE WHEN t.with_descendants THEN m.sum ELSE m.self_sum END), 0) INTO seed
      FROM usage_minute m JOIN usage_dimension_set d ON d.id = m.dimension_set_id
      WHERE m.account_id = t.target_id AND m.minute >= current_window AND m.meter = t.subject AND d.dimensions @> t.filter;
    END IF;
  END IF;
  IF t.is_enabled AND t.removed_at IS NULL THEN
    PERFORM trigger_count(ARRAY[wanted], ARRAY[current_window], ARRAY[seed]);
  END IF;
END $$;
ALTER FUNCTION trigger_begin(text, boolean) OWNER TO patchbay_wall;

-- Triggers that an account set, newest first, and those that were set above for it and say so; with what they counted in
-- the window that runs, and when they fired last.
CREATE FUNCTION trigger_list(of_account text, wanted text, before_id text, row_max int) RETURNS TABLE (item jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT to_jsonb(t) || jsonb_build_object(
      'window_start', to_char(trigger_window(t, now()) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'value', coalesce((SELECT c.value FROM trigger_counter c
        WHERE c.trigger_id = t.id AND c.window_start = trigger_window(t, now())), 0)::text,
      'has_fired', EXISTS (SELECT 1 FROM trigger_firing f
        WHERE (f.trigger_id, f.generation, f.window_start) = (t.id, t.generation, trigger_window(t, now()))),
      'last_fired_at', (SELECT max(f.fired_at) FROM trigger_firing f WHERE f.trigger_id = t.id))
    FROM usage_trigger t
    WHERE t.removed_at IS NULL AND (wanted IS NULL OR t.id = wanted) AND (before_id IS NULL OR t.id < before_id)
      AND (t.account_id = of_account OR (t.is_shown AND EXISTS (
        SELECT 1 FROM account_closure c JOIN account_closure o ON o.descendant_id = c.ancestor_id AND o.ancestor_id = t.account_id
        WHERE c.descendant_id = of_account AND c.ancestor_id = t.target_id AND (t.with_descendants OR c.depth = 0)
          AND c.valid_from <= now() AND now() < c.valid_to AND o.valid_from <= now() AND now() < o.valid_to)))
    ORDER BY t.id DESC LIMIT row_max;
END $$;
ALTER FUNCTION trigger_list(text, text, text, int) OWNER TO patchbay_wall;

-- How many events of a type an account, or it with all below it, had since a time.
CREATE FUNCTION trigger_events_since(of_account text, of_type text, of_filter jsonb, inclusive boolean, since timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN 0; END IF;
  RETURN (SELECT count(*) FROM account_closure c JOIN platform_event e ON e.account_id = c.descendant_id
    WHERE c.ancestor_id = of_account AND (inclusive OR c.depth = 0) AND c.valid_from <= e.at AND e.at < c.valid_to
      AND e.type = of_type AND e.at >= since AND e.data @> of_filter);
END $$;
ALTER FUNCTION trigger_events_since(text, text, jsonb, boolean, timestamptz) OWNER TO patchbay_wall;

-- The outbox. Takes one firing whose action is due, for this transaction alone: what is done for it and that it is done
-- are kept together or not at all.
CREATE FUNCTION trigger_claim() RETURNS TABLE (firing jsonb, of_trigger jsonb, reaches boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    WITH due AS (
      SELECT f.* FROM trigger_firing f WHERE f.state = 'pending' AND f.next_attempt_at <= clock_timestamp()
      ORDER BY f.next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    SELECT to_jsonb(due) || jsonb_build_object('value', due.value::text), to_jsonb(t), EXISTS (
      SELECT 1 FROM account_closure o WHERE o.descendant_id = t.target_id AND o.ancestor_id = t.account_id
        AND o.valid_from <= now() AND now() < o.valid_to)
    FROM due JOIN usage_trigger t ON t.id = due.trigger_id;
END $$;
ALTER FUNCTION trigger_claim() OWNER TO patchbay_wall;

CREATE FUNCTION trigger_settle(firing_id text, to_state text, said text, to_progress text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  UPDATE trigger_firing f SET state = to_state, outcome = said, progress = to_progress WHERE f.id = firing_id AND f.state = 'pending'
$$;
ALTER FUNCTION trigger_settle(text, text, text, text) OWNER TO patchbay_wall;

-- It could not be done. It is tried again, ever later, for about half an hour.
CREATE FUNCTION trigger_postpone(firing_id text, said text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  UPDATE trigger_firing f SET attempt_count = f.attempt_count + 1, outcome = said,
    state = CASE WHEN f.attempt_count >= 10 THEN 'failed' ELSE 'pending' END,
    next_attempt_at = clock_timestamp() + least(300, power(2, f.attempt_count)) * interval '1 second'
  WHERE f.id = firing_id AND f.state = 'pending'
$$;
ALTER FUNCTION trigger_postpone(text, text) OWNER TO patchbay_wall;

CREATE FUNCTION trigger_hold_put(of_trigger text, to_service text, to_config jsonb, until_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  INSERT INTO trigger_hold AS h (trigger_id, account_id, target_id, application_id, service, config, is_shown, until)
  SELECT t.id, t.account_id, t.target_id, t.application_id, to_service, to_config, t.is_shown, until_at
  FROM usage_trigger t WHERE t.id = of_trigger AND t.is_enabled AND t.removed_at IS NULL
  ON CONFLICT (trigger_id) DO UPDATE SET config = excluded.config, is_shown = excluded.is_shown, until = greatest(h.until, excluded.until)
$$;
ALTER FUNCTION trigger_hold_put(text, text, jsonb, timestamptz) OWNER TO patchbay_wall;

-- Ends the holds whose time is over, and answers whom they held.
CREATE FUNCTION trigger_lift_holds() RETURNS TABLE (target_id text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ DELETE FROM trigger_hold h WHERE h.until <= clock_timestamp() RETURNING h.target_id $$;
ALTER FUNCTION trigger_lift_holds() OWNER TO patchbay_wall;

-- Sessions that run and belong to what a trigger is about, in the order of their ids. Those of an endpoint or a credential
-- are known by their usage.
CREATE FUNCTION trigger_open_sessions(of_trigger text, after_id text, row_max int) RETURNS TABLE (session_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  SELECT s.id FROM usage_trigger t
  JOIN account_closure c ON c.ancestor_id = t.target_id AND (t.with_descendants OR c.depth = 0)
    AND c.valid_from <= now() AND now() < c.valid_to
  JOIN session s ON s.account_id = c.descendant_id AND s.state <> 'ended' AND s.id > after_id
  WHERE t.id = of_trigger
    AND (t.application_id IS NULL OR s.application_id = t.application_id)
    AND (t.session_id IS NULL OR s.id = t.session_id)
    AND ((t.endpoint_id IS NULL AND t.credential_id IS NULL) OR EXISTS (
      SELECT 1 FROM usage_session u WHERE u.account_id = t.target_id AND u.session_id = s.id
        AND (t.endpoint_id IS NULL OR u.endpoint_id = t.endpoint_id)
        AND (t.credential_id IS NULL OR u.credential_id = t.credential_id)))
  ORDER BY s.id LIMIT row_max
$$;
ALTER FUNCTION trigger_open_sessions(text, text, int) OWNER TO patchbay_wall;

-- Counters whose windows no usage can reach any more: it is refused when it is older than 62 days, and a rate counts none
-- that is older than a day.
CREATE FUNCTION trigger_forget() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH gone AS (
    DELETE FROM trigger_counter c USING usage_trigger t WHERE t.id = c.trigger_id AND (
      t.removed_at IS NOT NULL
      OR (t.condition = 'rate' AND c.window_start < now() - interval '1 day' - t.seconds * interval '1 second')
      OR (t.condition = 'recurring' AND c.window_start < now() - interval '94 days'))
    RETURNING 1)
  SELECT count(*) FROM gone
$$;
ALTER FUNCTION trigger_forget() OWNER TO patchbay_wall;

-- As before, with what triggers hold an entity to.
DROP FUNCTION service_config_chain(text, text);
CREATE FUNCTION service_config_chain(of_account text, of_application text)
RETURNS TABLE (account_id text, application_id text, instance_type text, service text, config jsonb,
  held_by text, holder_id text, is_shown boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT s.account_id, s.application_id, s.instance_type, s.service, s.config, NULL, NULL, NULL::boolean
  FROM account_closure c JOIN service_config s ON s.account_id = c.ancestor_id
  WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to
    AND (s.application_id = '' OR (c.depth = 0 AND s.application_id = of_application))
  UNION ALL
  SELECT h.target_id, coalesce(h.application_id, ''), '', h.service, h.config, h.trigger_id, h.account_id, h.is_shown
  FROM account_closure c JOIN trigger_hold h ON h.target_id = c.ancestor_id AND (h.until IS NULL OR h.until > now())
  WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to
    AND (h.application_id IS NULL OR (c.depth = 0 AND h.application_id = of_application))
    AND EXISTS (SELECT 1 FROM account_closure o WHERE o.descendant_id = h.target_id AND o.ancestor_id = h.account_id
      AND o.valid_from <= now() AND now() < o.valid_to)
$$;
ALTER FUNCTION service_config_chain(text, text) OWNER TO patchbay_wall;

-- As before, and counts what triggers ask for.
CREATE OR REPLACE FUNCTION usage_ingest(
  days date[], node_ids text[], boots bigint[], sequences bigint[], account_ids text[], application_ids text[],
  endpoint_ids text[], credential_ids text[], session_ids text[], segments int[], from_ms bigint[], to_ms bigint[],
  meter_lists text[], dimension_lists text[], quantity_lists text[], shard smallint,
  OUT fresh bigint, OUT conflicts int[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  rolled bigint;
  expected bigint;
  is_shared boolean;
  elsewhere int[] := '{}';
  platform_id text := (SELECT a.id FROM account a WHERE a.parent_id IS NULL);
  armed text[] := '{}';
  touched_ids text[];
  touched_windows timestamptz[];
  touched_sums numeric[];
BEGIN
  -- Whoever begins a counter waits until those that cannot know of it are done.
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('patchbay.triggers', 0));
  IF EXISTS (SELECT 1 FROM usage_trigger t WHERE t.counts = 'usage' AND t.is_enabled AND t.removed_at IS NULL) THEN
    armed := ARRAY(SELECT t.id FROM usage_trigger t
      WHERE t.counts = 'usage' AND t.is_enabled AND t.removed_at IS NULL AND t.target_id IN (
        SELECT c.ancestor_id FROM account_closure c
        WHERE c.ancestor_id IN (SELECT w.target_id FROM usage_trigger w
            WHERE w.counts = 'usage' AND w.is_enabled AND w.removed_at IS NULL)
          AND c.descendant_id IN (SELECT a FROM unnest(account_ids) AS a)));
  END IF;

  -- A node counts its records on, so nearly all of a day's numbers are of blocks that no other day has. Only for the
  -- others the records of the other day are looked at.
  WITH block AS (
    SELECT DISTINCT u.node_id, u.boot, u.sequence >> 14 AS block, u.day
    FROM unnest(days, node_ids, boots, sequences) AS u(day, node_id, boot, sequence)
  ), opened AS (
    INSERT INTO usage_sequence_block AS s (node_id, boot, block, day)
    SELECT b.node_id, b.boot, b.block, b.day FROM block b
    WHERE NOT EXISTS (SELECT 1 FROM usage_sequence_block s
      WHERE (s.node_id, s.boot, s.block, s.day) = (b.node_id, b.boot, b.block, b.day))
    ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING
  )
  SELECT EXISTS (SELECT 1 FROM block b JOIN block o ON (o.node_id, o.boot, o.block) = (b.node_id, b.boot, b.block) AND o.day <> b.day)
    OR EXISTS (SELECT 1 FROM block b JOIN usage_sequence_block s
      ON (s.node_id, s.boot, s.block) = (b.node_id, b.boot, b.block) AND s.day <> b.day)
  INTO is_shared;

  IF is_shared THEN
    WITH given AS (
      SELECT u.*, first_value(u.day) OVER (PARTITION BY u.node_id, u.boot, u.sequence ORDER BY u.place) AS first_day
      FROM unnest(days, node_ids, boots, sequences) WITH ORDINALITY AS u(day, node_id, boot, sequence, place))
    SELECT coalesce(array_agg(g.place::int ORDER BY g.place), '{}') INTO elsewhere FROM given g
    WHERE g.first_day <> g.day OR EXISTS (
      SELECT 1 FROM usage_sequence_block s JOIN usage_record r
        ON (r.day, r.node_id, r.boot, r.sequence) = (s.day, g.node_id, g.boot, g.sequence)
      WHERE (s.node_id, s.boot, s.block) = (g.node_id, g.boot, g.sequence >> 14) AND s.day <> g.day);
  END IF;

  WITH input AS (
    SELECT u.*, 'epoch'::timestamptz + u.from_time * interval '1 millisecond' AS from_at,
      'epoch'::timestamptz + u.to_time * interval '1 millisecond' AS to_at
    FROM unnest(days, node_ids, boots, sequences, account_ids, application_ids, endpoint_ids, credential_ids,
      session_ids, segments, from_ms, to_ms, meter_lists, dimension_lists, quantity_lists) WITH ORDINALITY
      AS u(day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
        from_time, to_time, meters, dimension_set_ids, quantities, place)
    WHERE u.place <> ALL (elsewhere)
  ), new AS (
    INSERT INTO usage_record (day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id,
      session_id, segment, from_at, to_at, meters, dimension_set_ids, quantities)
    SELECT day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
      from_at, to_at, meters::text[], dimension_set_ids::bigint[], quantities::bigint[]
    FROM input ORDER BY day, node_id, boot, sequence
    ON CONFLICT DO NOTHING
    RETURNING account_id, application_id, endpoint_id, credential_id, session_id, to_at, meters, dimension_set_ids, quantities
  ), entry AS (
    SELECT n.account_id, coalesce(n.session_id, '') AS session_id, coalesce(n.credential_id, '') AS credential_id,
      coalesce(n.application_id, '') AS application_id, coalesce(n.endpoint_id, '') AS endpoint_id, n.to_at,
      q.meter, q.dimension_set_id, q.quantity
    FROM new n CROSS JOIN LATERAL unnest(n.meters, n.dimension_set_ids, n.quantities) AS q(meter, dimension_set_id, quantity)
  ), leaf AS (
    SELECT account_id, date_trunc('minute', to_at) AS minute, meter, dimension_set_id,
      sum(quantity)::bigint AS s, count(*) AS n
    FROM entry GROUP BY 1, 2, 3, 4
  ), minutes AS (
    INSERT INTO usage_minute AS m (account_id, minute, meter, dimension_set_id, shard, sum, n, self_sum, self_n)
    SELECT c.ancestor_id, l.minute, l.meter, l.dimension_set_id,
      CASE WHEN c.ancestor_id = platform_id THEN usage_ingest.shard ELSE 0 END, sum(l.s)::bigint, sum(l.n)::bigint,
      coalesce(sum(l.s) FILTER (WHERE c.depth = 0), 0)::bigint, coalesce(sum(l.n) FILTER (WHERE c.depth = 0), 0)::bigint
    FROM leaf l JOIN account_closure c
      ON c.descendant_id = l.account_id AND c.valid_from <= l.minute AND l.minute < c.valid_to
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (account_id, minute, meter, dimension_set_id, shard) DO UPDATE SET sum = m.sum + excluded.sum,
      n = m.n + excluded.n, self_sum = m.self_sum + excluded.self_sum, self_n = m.self_n + excluded.self_n
  ), sessions AS (
    INSERT INTO usage_session AS s (account_id, session_id, credential_id, application_id, endpoint_id, meter,
      dimension_set_id, sum, first_at, last_at)
    SELECT account_id, session_id, credential_id, application_id, endpoint_id, meter, dimension_set_id,
      sum(quantity)::bigint, min(to_at), max(to_at)
    FROM entry GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (account_id, session_id, credential_id, application_id, endpoint_id, meter, dimension_set_id)
    DO UPDATE SET sum = s.sum + excluded.sum, first_at = least(s.first_at, excluded.first_at),
      last_at = greatest(s.last_at, excluded.last_at)
  ), touched AS (
    -- Only what is new gets here, so nothing is counted twice (TRG-3). The first condition spares the rest all work
    -- where no account of the batch has a trigger.
    SELECT t.id, trigger_window(t, e.to_at) AS window_start, sum(e.quantity) AS sum
    FROM usage_trigger t
    JOIN account_closure c ON c.ancestor_id = t.target_id AND (t.with_descendants OR c.depth = 0)
    JOIN account_closure o ON o.descendant_id = t.target_id AND o.ancestor_id = t.account_id
    JOIN entry e ON e.account_id = c.descendant_id AND e.meter = t.subject
    WHERE cardinality(armed) > 0 AND t.id = ANY (armed) AND e.to_at >= t.counting_from
      AND c.valid_from <= date_trunc('minute', e.to_at) AND date_trunc('minute', e.to_at) < c.valid_to
      AND o.valid_from <= date_trunc('minute', e.to_at) AND date_trunc('minute', e.to_at) < o.valid_to
      AND (t.application_id IS NULL OR t.application_id = e.application_id)
      AND (t.endpoint_id IS NULL OR t.endpoint_id = e.endpoint_id)
      AND (t.credential_id IS NULL OR t.credential_id = e.credential_id)
      AND (t.session_id IS NULL OR t.session_id = e.session_id)
      AND (t.seconds IS NULL OR e.to_at >= now() - interval '1 day')
      AND (t.filter = '{}' OR EXISTS (
        SELECT 1 FROM usage_dimension_set d WHERE d.id = e.dimension_set_id AND d.dimensions @> t.filter))
    GROUP BY 1, 2
  )
  SELECT (SELECT count(*) FROM new), (SELECT count(*) FROM leaf),
    (SELECT count(*) FROM leaf l JOIN account_closure c ON c.descendant_id = l.account_id AND c.ancestor_id = l.account_id
      AND c.valid_from <= l.minute AND l.minute < c.valid_to),
    (SELECT array_agg(id ORDER BY id, window_start) FROM touched),
    (SELECT array_agg(window_start ORDER BY id, window_start) FROM touched),
    (SELECT array_agg(sum ORDER BY id, window_start) FROM touched)
  INTO fresh, expected, rolled, touched_ids, touched_windows, touched_sums;

  IF rolled < expected THEN
    RAISE EXCEPTION 'An account of this batch has no place in the tree.' USING ERRCODE = 'PB404';
  END IF;

  conflicts := '{}';
  IF fresh < cardinality(days) THEN
    SELECT coalesce(array_agg(u.place::int ORDER BY u.place), '{}') INTO conflicts
    FROM unnest(days, node_ids, boots, sequences, account_ids, application_ids, endpoint_ids, credential_ids,
      session_ids, segments, from_ms, to_ms, meter_lists, dimension_lists, quantity_lists) WITH ORDINALITY
      AS u(day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
        from_time, to_time, meters, dimension_set_ids, quantities, place)
    JOIN usage_record r ON (r.day, r.node_id, r.boot, r.sequence) = (u.day, u.node_id, u.boot, u.sequence)
    WHERE (r.account_id, r.application_id, r.endpoint_id, r.credential_id, r.session_id, r.segment, r.from_at, r.to_at,
        r.meters, r.dimension_set_ids, r.quantities)
      IS DISTINCT FROM (u.account_id, u.application_id, u.endpoint_id, u.credential_id, u.session_id, u.segment,
        'epoch'::timestamptz + u.from_time * interval '1 millisecond',
        'epoch'::timestamptz + u.to_time * interval '1 millisecond',
        u.meters::text[], u.dimension_set_ids::bigint[], u.quantities::bigint[]);
    conflicts := conflicts || elsewhere;
  END IF;

  -- Last, so that a counter that many add to is held as short as can be.
  IF touched_ids IS NOT NULL THEN PERFORM trigger_count(touched_ids, touched_windows, touched_sums); END IF;
END $$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['trigger_begin(text, boolean)', 'trigger_list(text, text, text, int)',
    'trigger_events_since(text, text, jsonb, boolean, timestamptz)', 'trigger_claim()', 'trigger_settle(text, text, text, text)',
    'trigger_postpone(text, text)', 'trigger_hold_put(text, text, jsonb, timestamptz)', 'trigger_lift_holds()',
    'trigger_open_sessions(text, text, int)', 'trigger_forget()', 'service_config_chain(text, text)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
