-- CreateTable
CREATE TABLE "allow_list_entry" (
    "account_id" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "network" TEXT NOT NULL,
    "label" TEXT NOT NULL,

    CONSTRAINT "allow_list_entry_pkey" PRIMARY KEY ("account_id","purpose","network")
);

-- CreateTable
CREATE TABLE "service_access" (
    "account_id" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "uses" TEXT[],
    "sessions_per_day" INTEGER,
    "minutes_per_session" INTEGER,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "service_access_pkey" PRIMARY KEY ("account_id","service")
);

-- AddForeignKey
ALTER TABLE "allow_list_entry" ADD CONSTRAINT "allow_list_entry_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "service_access" ADD CONSTRAINT "service_access_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE allow_list_entry ADD CONSTRAINT allow_list_purpose_is_known CHECK (purpose IN ('keys', 'credentials'));
ALTER TABLE service_access ADD CONSTRAINT service_access_state_is_known CHECK (state IN ('enabled', 'disabled'));
SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['allow_list_entry', 'service_access']) AS name;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What is stored along the chain of an account, from the top down: all of it at the account itself; of those above it what
-- holds for those below, which is their plan, what is set for all of the account, and what for a region, their lists of
-- addresses, and the services that they turned on or off. It is out of the account's scope, and yet holds for it (POL-2).
CREATE OR REPLACE FUNCTION policy_chain(of_account text)
RETURNS TABLE (account_id text, time_zone text, by text, plan_id text, application_id text, instance_type text,
  region text, endpoint text, word jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH level AS (
    SELECT c.depth, a.id, a.time_zone FROM account_closure c JOIN account a ON a.id = c.ancestor_id
    WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to)
  SELECT id, time_zone, by, plan_id, application_id, instance_type, region, endpoint, word FROM (
  SELECT l.depth, l.id, l.time_zone, p.by, '' AS plan_id, p.application_id, p.instance_type, p.region, p.endpoint, p.word
  FROM level l JOIN policy p ON p.account_id = l.id
  WHERE l.depth = 0 OR (p.application_id = '' AND p.endpoint = '')
  UNION ALL
  SELECT l.depth, l.id, l.time_zone, 'plan', p.id, '', '', '', '', p.word
  FROM level l JOIN account_plan t ON t.account_id = l.id JOIN policy_plan p ON p.id = t.plan_id
  UNION ALL
  SELECT l.depth, l.id, l.time_zone, 'access', '', '', '', '', '', jsonb_build_object(
    'values', jsonb_strip_nulls(jsonb_build_object('keyAllowList', e.keys, 'clientAllowList', e.credentials)),
    'locked', '[]'::jsonb, 'overridable', '{}'::jsonb,
    'enabling', jsonb_build_object('enabled', coalesce(s.enabled, '[]'), 'disabled', coalesce(s.disabled, '[]')))
  FROM level l
  CROSS JOIN LATERAL (SELECT count(*) AS count,
    jsonb_agg(network ORDER BY network) FILTER (WHERE purpose = 'keys') AS keys,
    jsonb_agg(network ORDER BY network) FILTER (WHERE purpose = 'credentials') AS credentials
    FROM allow_list_entry WHERE account_id = l.id) e
  CROSS JOIN LATERAL (SELECT count(*) AS count,
    jsonb_agg(service ORDER BY service) FILTER (WHERE state = 'enabled') AS enabled,
    jsonb_agg(service ORDER BY service) FILTER (WHERE state = 'disabled') AS disabled
    FROM service_access WHERE account_id = l.id) s
  WHERE e.count + s.count > 0
  ) stored ORDER BY depth DESC
$$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
