-- Spending limits, and balances that are prepaid (BIL-5).

CREATE TABLE "spending_limit" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "set_by_id" TEXT NOT NULL,
    "per" TEXT NOT NULL,
    "amount" DECIMAL(38,0) NOT NULL,
    "shares_percent" INTEGER[],
    "action" TEXT NOT NULL,
    "bits_per_second_max" INTEGER,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "spent_before" DECIMAL(38,0) NOT NULL DEFAULT 0,
    "reached_at" TIMESTAMPTZ(3),
    "reached_until" TIMESTAMPTZ(3),

    CONSTRAINT "spending_limit_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "spending_limit_per" CHECK ("per" IN ('day', 'month', 'total')),
    CONSTRAINT "spending_limit_action" CHECK ("action" IN ('notify', 'throttle', 'stop')),
    CONSTRAINT "spending_limit_amount" CHECK ("amount" >= 0),
    CONSTRAINT "spending_limit_throttles" CHECK (("action" = 'throttle') = ("bits_per_second_max" IS NOT NULL))
);

CREATE TABLE "spending_notice" (
    "limit_id" TEXT NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "share_percent" INTEGER NOT NULL,
    "account_id" TEXT NOT NULL,
    "spent" DECIMAL(38,0) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "spending_notice_pkey" PRIMARY KEY ("limit_id","window_start","share_percent")
);

CREATE TABLE "spend_total" (
    "account_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "amount" DECIMAL(38,0) NOT NULL,
    "own" DECIMAL(38,0) NOT NULL,
    "day" DATE NOT NULL,
    "before_day" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "spend_total_pkey" PRIMARY KEY ("account_id","period","meter")
);

CREATE TABLE "prepaid_account" (
    "account_id" TEXT NOT NULL,
    "is_prepaid" BOOLEAN NOT NULL,
    "since_period" TEXT NOT NULL,
    "overdraft" DECIMAL(38,0) NOT NULL DEFAULT 0,
    "top_up_below" DECIMAL(38,0),
    "top_up_minor_units" BIGINT,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "prepaid_account_pkey" PRIMARY KEY ("account_id"),
    CONSTRAINT "prepaid_account_bounds" CHECK ("overdraft" >= 0 AND ("top_up_below" IS NULL) = ("top_up_minor_units" IS NULL))
);

CREATE TABLE "credit" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "given_by_id" TEXT,
    "top_up_id" TEXT,
    "amount" DECIMAL(38,0) NOT NULL,
    "left_amount" DECIMAL(38,0) NOT NULL,
    "priority" INTEGER NOT NULL,
    "services" TEXT[],
    "reason" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "credit_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "credit_is_given_or_bought" CHECK (("given_by_id" IS NULL) <> ("top_up_id" IS NULL)),
    CONSTRAINT "credit_left" CHECK ("left_amount" >= 0 AND "left_amount" <= "amount")
);

CREATE TABLE "prepaid_draw" (
    "account_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "credit_id" TEXT NOT NULL,
    "amount" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "prepaid_draw_pkey" PRIMARY KEY ("account_id","period","service","credit_id"),
    CONSTRAINT "prepaid_draw_is_paid" CHECK ("amount" >= 0)
);

CREATE TABLE "prepaid_hold" (
    "account_id" TEXT NOT NULL,
    "hold_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "services" TEXT[],
    "once" DECIMAL(38,0) NOT NULL,
    "per_second" DECIMAL(38,0) NOT NULL,
    "amount" DECIMAL(38,0) NOT NULL,
    "began_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "prepaid_hold_pkey" PRIMARY KEY ("account_id","hold_id"),
    CONSTRAINT "prepaid_hold_is_money" CHECK ("amount" >= 0)
);

CREATE TABLE "prepaid_month" (
    "account_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "posted" DECIMAL(38,0) NOT NULL DEFAULT 0,
    "posted_at" TIMESTAMPTZ(3),
    "billed" DECIMAL(38,0) NOT NULL DEFAULT 0,

    CONSTRAINT "prepaid_month_pkey" PRIMARY KEY ("account_id","period")
);

CREATE TABLE "top_up" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "minor_units" BIGINT NOT NULL,
    "is_automatic" BOOLEAN NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "top_up_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "top_up_is_above_zero" CHECK ("minor_units" > 0)
);

CREATE INDEX "spending_limit_account_id_idx" ON "spending_limit"("account_id");
CREATE INDEX "spending_notice_account_id_at_idx" ON "spending_notice"("account_id", "at");
CREATE INDEX "credit_account_id_idx" ON "credit"("account_id");
CREATE INDEX "credit_given_by_id_idx" ON "credit"("given_by_id");
CREATE UNIQUE INDEX "credit_top_up_id_key" ON "credit"("top_up_id");
CREATE INDEX "prepaid_hold_node_id_idx" ON "prepaid_hold"("node_id");
CREATE INDEX "top_up_account_id_asked_at_idx" ON "top_up"("account_id", "asked_at");

GRANT CREATE ON SCHEMA public TO patchbay_wall;

SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['spending_limit', 'spending_notice', 'spend_total',
  'prepaid_account', 'credit', 'prepaid_draw', 'prepaid_hold', 'prepaid_month', 'top_up']) AS name;

-- The books of balances, beside those of collecting. 'balance': what an account has prepaid. 'drawn': what of it paid for
-- use that is on no invoice yet. 'granted': what it gave to others and they have left.
ALTER TABLE "ledger_entry" DROP CONSTRAINT "ledger_entry_book",
ADD CONSTRAINT "ledger_entry_book" CHECK ("book" IN ('payable', 'receivable', 'charged', 'paid-out', 'carry', 'payout',
  'invoiced', 'tax', 'owed', 'disputed', 'clearing', 'balance', 'drawn', 'granted'));
CREATE OR REPLACE FUNCTION ledger_is_collecting(book text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT book IN ('invoiced', 'tax', 'owed', 'disputed', 'clearing', 'balance', 'drawn', 'granted')
$$;

-- Of these accounts those whose spend somebody watches: each with the account that the limit or balance is of. Ingest asks
-- it of all accounts of a batch at once.
CREATE FUNCTION spending_watched(account_ids text[]) RETURNS TABLE (account_id text, watched_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  SELECT c.descendant_id, c.ancestor_id FROM account_closure c
  WHERE c.descendant_id = ANY (account_ids) AND c.valid_to = 'infinity' AND (
    EXISTS (SELECT 1 FROM spending_limit l WHERE l.account_id = c.ancestor_id)
    OR (c.depth = 0 AND EXISTS (SELECT 1 FROM prepaid_account p WHERE p.account_id = c.ancestor_id AND p.is_prepaid)))
$$;

-- All of them, for the round that finds what nobody's use has shown: a fee, a price that changed, a process that was killed.
CREATE FUNCTION spending_accounts() RETURNS TABLE (account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT l.account_id FROM spending_limit l UNION SELECT p.account_id FROM prepaid_account p WHERE p.is_prepaid
$$;

-- Limits along the chain of an account that stop it now. They are out of its scope, and hold for it (POL-2).
CREATE FUNCTION spending_reached(of_account text) RETURNS TABLE (account_id text, per text, until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT l.account_id, l.per, max(l.reached_until) FROM account_closure c JOIN spending_limit l ON l.account_id = c.ancestor_id
  WHERE c.descendant_id = of_account AND c.valid_to = 'infinity' AND l.action = 'stop' AND l.reached_until > now()
  GROUP BY 1, 2
$$;

-- The levels of a chain, with one more. The rest of them is as it was, and the function keeps its owner and grants.
DO $change$
DECLARE
  before text := pg_get_functiondef('policy_chain(text)'::regprocedure);
  was text := '  ) stored ORDER BY depth DESC';
BEGIN
  IF position(was IN before) = 0 THEN
    RAISE EXCEPTION 'policy_chain is not as this migration knows it.';
  END IF;
  EXECUTE replace(before, was, $level$  UNION ALL
  -- What may be spent, for all at and below the account; what is prepaid, for the account alone. In hundredths of the currency,
  -- as a person reads them: what is reached is compared exactly, and said by spending_reached. Of the limits of those above
  -- nothing is told but that one is reached.
  SELECT l.depth, l.id, l.time_zone, 'spending', '', '', '', '', '', jsonb_build_object(
    'values', jsonb_strip_nulls(jsonb_build_object('spendPerDayMax', s.per_day, 'spendPerMonthMax', s.per_month,
      'spendTotalMax', s.in_all, 'bitsPerSecondMax', s.bits_per_second, 'prepaidBalance', p.overdraft)),
    'locked', '[]'::jsonb, 'overridable', '{}'::jsonb)
  FROM level l
  CROSS JOIN LATERAL (SELECT
    min(shown) FILTER (WHERE per = 'day' AND action = 'stop') AS per_day,
    min(shown) FILTER (WHERE per = 'month' AND action = 'stop') AS per_month,
    min(shown) FILTER (WHERE per = 'total' AND action = 'stop') AS in_all,
    min(bits_per_second_max) FILTER (WHERE reached_until > now()) AS bits_per_second
    FROM (SELECT f.*, CASE l.depth WHEN 0 THEN least(trunc(f.amount / 10000000), 1000000000000000) ELSE 0 END AS shown
      FROM spending_limit f WHERE f.account_id = l.id AND (l.depth = 0 OR f.reached_until > now())) AS f) s
  LEFT JOIN LATERAL (SELECT least(trunc(overdraft / 10000000), 1000000000000000) AS overdraft FROM prepaid_account
    WHERE account_id = l.id AND is_prepaid AND l.depth = 0) p ON true
  WHERE num_nonnulls(s.per_day, s.per_month, s.in_all, s.bits_per_second, p.overdraft) > 0
$level$ || was);
END $change$;

DO $$
DECLARE
  signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY['spending_watched(text[])', 'spending_accounts()', 'spending_reached(text)'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', signature);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', signature);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
