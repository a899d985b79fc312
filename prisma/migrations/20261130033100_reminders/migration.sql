-- Invoices that are not paid: who is reminded when, and what follows at last.

-- What a seller says to its customers: to all, or to one. Of a child that is named, its own words hold.
CREATE TABLE "reminder_terms" (
    "account_id" TEXT NOT NULL,
    "child_id" TEXT NOT NULL,
    "before_days" INTEGER,
    "after_days" INTEGER[] NOT NULL,
    "last_action" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reminder_terms_pkey" PRIMARY KEY ("account_id","child_id"),
    CONSTRAINT "reminder_terms_action" CHECK ("last_action" IN ('mark', 'refuse', 'suspend')),
    CONSTRAINT "reminder_terms_bounds" CHECK (cardinality("after_days") <= 10 AND "before_days" BETWEEN 0 AND 60)
);

-- Each once: of an invoice, and of a number of days from when it is due.
CREATE TABLE "reminder" (
    "document_id" TEXT NOT NULL,
    "offset_days" INTEGER NOT NULL,
    "account_id" TEXT NOT NULL,
    "is_last" BOOLEAN NOT NULL,
    "sent_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reminder_pkey" PRIMARY KEY ("document_id","offset_days")
);
CREATE INDEX "reminder_account_id_sent_at_idx" ON "reminder"("account_id", "sent_at");

-- Accounts that were reminded for the last time, until that invoice is paid or void.
CREATE TABLE "overdue_account" (
    "account_id" TEXT NOT NULL,
    "document_id" TEXT NOT NULL,
    "set_by_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    -- What it may not use meanwhile, as an account above would say it.
    "word" JSONB,
    -- It was active before, and is again when it has paid.
    "is_suspended" BOOLEAN NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "overdue_account_pkey" PRIMARY KEY ("account_id")
);

-- Invoices that somebody is asked for.
CREATE INDEX collection_asked ON collection (document_id) WHERE kind = 'invoice' AND state ->> 'state' = 'open';

GRANT CREATE ON SCHEMA public TO patchbay_wall;
SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['reminder_terms', 'reminder', 'overdue_account']) AS name;
REVOKE UPDATE, DELETE ON reminder FROM patchbay_app;

-- As before, and with what an account that is overdue is held to.
CREATE OR REPLACE FUNCTION policy_chain(of_account text)
RETURNS TABLE (account_id text, time_zone text, by text, plan_id text, application_id text, instance_type text,
  region text, endpoint text, word jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH level AS (
    SELECT c.depth, a.id, a.time_zone FROM account_closure c JOIN account a ON a.id = c.ancestor_id
    WHERE c.descendant_id = of_account AND c.valid_to = 'infinity')
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
    CASE WHEN bool_or(purpose = 'credentials' AND NOT authenticates)
      THEN jsonb_agg(network ORDER BY network) FILTER (WHERE purpose = 'credentials') END AS credentials
    FROM allow_list_entry WHERE account_id = l.id) e
  CROSS JOIN LATERAL (SELECT count(*) AS count,
    jsonb_agg(service ORDER BY service) FILTER (WHERE state = 'enabled') AS enabled,
    jsonb_agg(service ORDER BY service) FILTER (WHERE state = 'disabled') AS disabled
    FROM service_access WHERE account_id = l.id) s
  WHERE e.count + s.count > 0
  UNION ALL
  -- What a trigger holds its target to, as an account above would say it: nobody at or below the target takes it back.
  SELECT l.depth, l.id, l.time_zone, 'above', '', coalesce(h.application_id, ''), '', '', '', h.word
  FROM level l JOIN trigger_hold h ON h.target_id = l.id
  WHERE h.word IS NOT NULL AND (h.until IS NULL OR h.until > now()) AND (l.depth = 0 OR h.application_id IS NULL)
  UNION ALL
  SELECT l.depth, l.id, l.time_zone, 'above', '', '', '', '', '', o.word
  FROM level l JOIN overdue_account o ON o.account_id = l.id WHERE o.word IS NOT NULL
  ) stored ORDER BY depth DESC
$$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
