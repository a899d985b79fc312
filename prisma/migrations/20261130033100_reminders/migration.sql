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
DO $change$
DECLARE
  before text := pg_get_functiondef('policy_chain(text)'::regprocedure);
  was text := '  ) stored ORDER BY depth DESC';
BEGIN
  IF position(was IN before) = 0 THEN RAISE EXCEPTION 'policy_chain is not as this migration knows it.'; END IF;
  EXECUTE replace(before, was, $level$  UNION ALL
  SELECT l.depth, l.id, l.time_zone, 'above', '', '', '', '', '', o.word
  FROM level l JOIN overdue_account o ON o.account_id = l.id WHERE o.word IS NOT NULL
$level$ || was);
END $change$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
