-- CreateTable
CREATE TABLE "policy" (
    "account_id" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "application_id" TEXT NOT NULL DEFAULT '',
    "instance_type" TEXT NOT NULL DEFAULT '',
    "region" TEXT NOT NULL DEFAULT '',
    "endpoint" TEXT NOT NULL DEFAULT '',
    "word" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policy_pkey" PRIMARY KEY ("account_id","by","application_id","instance_type","region","endpoint")
);

-- CreateTable
CREATE TABLE "policy_plan" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "word" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policy_plan_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "account_plan" (
    "account_id" TEXT NOT NULL,
    "plan_id" TEXT NOT NULL,

    CONSTRAINT "account_plan_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "policy_hold" (
    "scope" TEXT NOT NULL,
    "hold_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "policy_hold_pkey" PRIMARY KEY ("scope","hold_id")
);

-- CreateTable
CREATE TABLE "policy_day_count" (
    "scope" TEXT NOT NULL,
    "start_at" TIMESTAMPTZ(3) NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "policy_day_count_pkey" PRIMARY KEY ("scope","start_at")
);

-- CreateIndex
CREATE UNIQUE INDEX "policy_plan_account_id_name_key" ON "policy_plan"("account_id", "name");

-- CreateIndex
CREATE INDEX "account_plan_plan_id_idx" ON "account_plan"("plan_id");

-- CreateIndex
CREATE INDEX "policy_hold_hold_id_idx" ON "policy_hold"("hold_id");

-- CreateIndex
CREATE INDEX "policy_hold_node_id_idx" ON "policy_hold"("node_id");

-- CreateIndex
CREATE INDEX "policy_hold_ended_at_idx" ON "policy_hold"("ended_at");

-- CreateIndex
CREATE INDEX "policy_day_count_start_at_idx" ON "policy_day_count"("start_at");

-- AddForeignKey
ALTER TABLE "policy" ADD CONSTRAINT "policy_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policy_plan" ADD CONSTRAINT "policy_plan_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account_plan" ADD CONSTRAINT "account_plan_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account_plan" ADD CONSTRAINT "account_plan_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "policy_plan"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE policy ADD CONSTRAINT policy_by_is_known CHECK (by IN ('above', 'self'));
ALTER TABLE policy ADD CONSTRAINT policy_place_is_one CHECK (
  (instance_type = '' OR application_id <> '')
  AND (application_id <> '')::int + (region <> '')::int + (endpoint <> '')::int <= 1
  AND (by = 'self' OR (application_id = '' AND region = '' AND endpoint = '')));
SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['policy', 'policy_plan', 'account_plan']) AS name;

-- Of sessions over all accounts: the application reaches them by the functions below alone.
REVOKE ALL ON policy_hold, policy_day_count FROM PUBLIC, patchbay_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON policy_hold, policy_day_count TO patchbay_wall;
GRANT SELECT ON node TO patchbay_wall;
-- What ended a while ago is looked for all the time, and is little.
CREATE INDEX policy_hold_live_idx ON policy_hold (scope) WHERE ended_at IS NULL;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What is stored along the chain of an account: all of it at the account itself; of those above it what holds for those
-- below, which is their plan, what is set for all of the account, and what for a region. It is out of the account's scope,
-- and yet holds for it (POL-2).
CREATE FUNCTION policy_chain(of_account text)
RETURNS TABLE (account_id text, time_zone text, by text, plan_id text, application_id text, instance_type text,
  region text, endpoint text, word jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT account_id, time_zone, by, plan_id, application_id, instance_type, region, endpoint, word FROM (
  SELECT c.depth, a.id AS account_id, a.time_zone, p.by, '' AS plan_id, p.application_id, p.instance_type, p.region,
    p.endpoint, p.word
  FROM account_closure c JOIN account a ON a.id = c.ancestor_id JOIN policy p ON p.account_id = a.id
  WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to
    AND (c.depth = 0 OR (p.application_id = '' AND p.endpoint = ''))
  UNION ALL
  SELECT c.depth, a.id, a.time_zone, 'plan', p.id, '', '', '', '', p.word
  FROM account_closure c JOIN account a ON a.id = c.ancestor_id JOIN account_plan t ON t.account_id = a.id
    JOIN policy_plan p ON p.id = t.plan_id
  WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to
  ) stored ORDER BY depth DESC
$$;

-- The plan that an account has, also where it is of an account out of scope: then without its name.
CREATE FUNCTION policy_plan_of(of_account text, owners text[]) RETURNS TABLE (plan_id text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT p.id, CASE WHEN p.account_id = ANY (owners) THEN p.name END
  FROM account_plan t JOIN policy_plan p ON p.id = t.plan_id
  WHERE t.account_id = of_account AND account_is_visible(of_account)
$$;

-- How many accounts have a plan, each counted only where the plan is in scope.
CREATE FUNCTION policy_plan_count(of_plan text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT count(*) FROM account_plan t JOIN policy_plan p ON p.id = t.plan_id
  WHERE t.plan_id = of_plan AND account_is_visible(p.account_id)
$$;

-- Counts a session in its scopes, or answers which of the limits leaves no room for it: its place in `limits`, from 0.
-- Whoever counts in a scope that is limited does so one after the other, whichever process and node it is for. A session
-- that runs already is counted whatever the limits say, and one that is counted is not counted again.
-- Of `limits` each has scope, over (now, minute, day), max, and for a day its start.
CREATE FUNCTION policy_claim(claimed text, by_node text, scopes text[], limits jsonb, runs_already boolean)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  one record;
  used bigint;
  now_at timestamptz;
BEGIN
  -- In one order, so that nobody waits for somebody who waits for them.
  FOR one IN SELECT DISTINCT l ->> 'scope' AS scope FROM jsonb_array_elements(limits) l ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended('policy_hold ' || one.scope, 0));
  END LOOP;
  now_at := clock_timestamp();
  -- A day of which nothing was counted yet begins with what the log knows of it.
  INSERT INTO policy_day_count (scope, start_at, count)
  SELECT DISTINCT ON (l ->> 'scope', l ->> 'startAt') l ->> 'scope', (l ->> 'startAt')::timestamptz, (
    SELECT count(*) FROM account_closure c JOIN session s ON s.account_id = c.descendant_id
    WHERE c.ancestor_id = l ->> 'scope' AND c.valid_from <= now() AND now() < c.valid_to
      AND s.started_at >= (l ->> 'startAt')::timestamptz AND (s.ended_at IS NULL OR s.ended_at > s.started_at)
      AND s.id <> claimed)
  FROM jsonb_array_elements(limits) l WHERE l ->> 'over' = 'day'
    AND NOT EXISTS (SELECT 1 FROM policy_day_count d
      WHERE d.scope = l ->> 'scope' AND d.start_at = (l ->> 'startAt')::timestamptz)
  ON CONFLICT DO NOTHING;
  IF NOT runs_already THEN
    FOR one IN
      SELECT (n - 1)::integer AS place, l ->> 'scope' AS scope, l ->> 'over' AS over, (l ->> 'max')::bigint AS max,
        (l ->> 'startAt')::timestamptz AS start_at
      FROM jsonb_array_elements(limits) WITH ORDINALITY AS e(l, n)
      WHERE NOT EXISTS (SELECT 1 FROM policy_hold h
        WHERE h.scope = l ->> 'scope' AND h.hold_id = claimed AND h.ended_at IS NULL)
      ORDER BY n
    LOOP
      CASE one.over
        WHEN 'now' THEN
          SELECT count(*) INTO used FROM policy_hold h WHERE h.scope = one.scope AND h.ended_at IS NULL
            AND (h.node_id = by_node OR EXISTS (SELECT 1 FROM node n
              WHERE n.id = h.node_id AND coalesce(n.last_heartbeat_at, n.joined_at) > now_at - interval '60 seconds'));
        WHEN 'minute' THEN
          SELECT count(*) INTO used FROM policy_hold h
          WHERE h.scope = one.scope AND h.started_at > now_at - interval '60 seconds';
        ELSE
          SELECT coalesce(max(d.count), 0) INTO used FROM policy_day_count d
          WHERE d.scope = one.scope AND d.start_at = one.start_at;
      END CASE;
      IF used >= one.max THEN
        RETURN one.place;
      END IF;
    END LOOP;
  END IF;
  UPDATE policy_day_count d SET count = d.count + 1
  FROM (SELECT DISTINCT l ->> 'scope' AS scope, (l ->> 'startAt')::timestamptz AS start_at
    FROM jsonb_array_elements(limits) l WHERE l ->> 'over' = 'day') l
  WHERE d.scope = l.scope AND d.start_at = l.start_at AND NOT runs_already
    AND NOT EXISTS (SELECT 1 FROM policy_hold h
      WHERE h.scope = l.scope AND h.hold_id = claimed AND h.ended_at IS NULL);
  INSERT INTO policy_hold (scope, hold_id, node_id, started_at)
  SELECT s, claimed, by_node, now_at FROM unnest(scopes) s ORDER BY s
  ON CONFLICT (scope, hold_id) DO UPDATE SET node_id = excluded.node_id, ended_at = NULL,
    started_at = CASE WHEN policy_hold.ended_at IS NULL THEN policy_hold.started_at ELSE excluded.started_at END;
  RETURN NULL;
END $$;

-- What a node holds no more. Where `kept` is given, everything else that it held for a while: after a start, and now and
-- then, so that nothing is counted for ever whose end was not told.
CREATE FUNCTION policy_release(by_node text, released text[], kept text[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  UPDATE policy_hold SET ended_at = clock_timestamp() WHERE hold_id = ANY (released) AND node_id = by_node
    AND ended_at IS NULL;
  UPDATE policy_hold SET ended_at = clock_timestamp() WHERE kept IS NOT NULL AND node_id = by_node
    AND ended_at IS NULL AND NOT hold_id = ANY (kept) AND started_at < clock_timestamp() - interval '30 seconds';
  DELETE FROM policy_hold WHERE ended_at < clock_timestamp() - interval '2 minutes';
  DELETE FROM policy_day_count WHERE start_at < clock_timestamp() - interval '3 days';
$$;

DO $$
DECLARE
  signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY['policy_chain(text)', 'policy_plan_of(text, text[])', 'policy_plan_count(text)',
    'policy_claim(text, text, text[], jsonb, boolean)', 'policy_release(text, text[], text[])'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', signature);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', signature);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
