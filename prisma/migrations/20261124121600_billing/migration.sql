-- Prices that nest (BIL-2), and a double-entry ledger whose every transaction sums to zero (BIL-3).

CREATE TABLE "price" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "child_id" TEXT,
    "service" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "dimensions" JSONB NOT NULL,
    "amount" DECIMAL(38,0) NOT NULL,
    "per" BIGINT NOT NULL,
    "currency" TEXT NOT NULL,
    "effective_from" TIMESTAMPTZ(0) NOT NULL,
    "effective_to" TIMESTAMPTZ(0) NOT NULL DEFAULT 'infinity'::timestamp with time zone,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "price_not_negative" CHECK ("amount" >= 0 AND "per" >= 0),
    CONSTRAINT "price_currency" CHECK ("currency" ~ '^[A-Z]{3}$'),
    CONSTRAINT "price_whole_minutes" CHECK (
      date_trunc('minute', "effective_from" AT TIME ZONE 'UTC') = "effective_from" AT TIME ZONE 'UTC'
      AND (NOT isfinite("effective_to")
        OR date_trunc('minute', "effective_to" AT TIME ZONE 'UTC') = "effective_to" AT TIME ZONE 'UTC')),
    CONSTRAINT "price_ends_after_it_begins" CHECK ("effective_to" >= "effective_from")
);

CREATE TABLE "ledger_transaction" (
    "id" TEXT NOT NULL,
    "source_ref" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "seller_id" TEXT NOT NULL,
    "buyer_id" TEXT NOT NULL,
    "posted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_transaction_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "ledger_entry" (
    "transaction_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "book" TEXT NOT NULL,
    "counterparty_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "amount" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "ledger_entry_pkey" PRIMARY KEY ("transaction_id","account_id","book"),
    CONSTRAINT "ledger_entry_book" CHECK ("book" IN ('payable', 'receivable'))
);

CREATE TABLE "ledger_position" (
    "period" TEXT NOT NULL,
    "buyer_id" TEXT NOT NULL,
    "seller_id" TEXT NOT NULL,
    "line_key" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "posted" DECIMAL(38,0) NOT NULL,
    "revision" INTEGER NOT NULL,

    CONSTRAINT "ledger_position_pkey" PRIMARY KEY ("period","buyer_id","seller_id","line_key")
);

CREATE INDEX "price_account_id_service_idx" ON "price"("account_id", "service");
-- One open version of a price: two who set it at once cannot both win.
CREATE UNIQUE INDEX price_one_open ON price
  (account_id, coalesce(child_id, ''), service, meter, dimensions, currency) WHERE effective_to = 'infinity';
CREATE UNIQUE INDEX "ledger_transaction_source_ref_key" ON "ledger_transaction"("source_ref");
CREATE INDEX "ledger_entry_account_id_period_idx" ON "ledger_entry"("account_id", "period");
CREATE INDEX "ledger_position_period_seller_id_idx" ON "ledger_position"("period", "seller_id");
ALTER TABLE "ledger_entry" ADD CONSTRAINT "ledger_entry_transaction_id_fkey" FOREIGN KEY ("transaction_id") REFERENCES "ledger_transaction"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['price', 'ledger_entry']) AS name;
-- A price that was ever set stays: only its end moves.
REVOKE UPDATE, DELETE ON price FROM patchbay_app;
GRANT UPDATE (effective_to) ON price TO patchbay_app;
REVOKE INSERT, UPDATE, DELETE ON price FROM patchbay_wall;
REVOKE INSERT, UPDATE, DELETE ON ledger_entry FROM patchbay_app;
REVOKE UPDATE, DELETE ON ledger_entry FROM patchbay_wall;

-- These two concern a seller and a buyer: each of them sees them, and whoever stands above.
DO $$
DECLARE
  target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['ledger_transaction', 'ledger_position'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant ON %I FOR SELECT TO patchbay_app '
      || 'USING (account_is_visible(buyer_id) OR account_is_visible(seller_id))', target);
    EXECUTE format('CREATE POLICY wall ON %I TO patchbay_wall USING (true) WITH CHECK (true)', target);
    EXECUTE format('GRANT SELECT ON %I TO patchbay_app', target);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO patchbay_wall', target);
  END LOOP;
END $$;
GRANT UPDATE (posted, revision) ON ledger_position TO patchbay_wall;

-- The ledger is added to and never changed, by nobody.
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'The ledger is not changed: post a transaction that corrects it.' USING ERRCODE = 'PB409';
END $$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transaction
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- Debit equals credit, for each transaction and currency, at the end of whatever wrote it. It looks over the wall,
-- because the two sides of a transaction belong to two tenants.
CREATE FUNCTION ledger_check_balance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM ledger_entry e WHERE e.transaction_id = NEW.transaction_id
             GROUP BY e.currency HAVING sum(e.amount) <> 0) THEN
    RAISE EXCEPTION 'Transaction % does not sum to zero.', NEW.transaction_id USING ERRCODE = 'PB422';
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION ledger_check_balance() OWNER TO patchbay_wall;
CREATE CONSTRAINT TRIGGER balance AFTER INSERT ON ledger_entry
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balance();

-- The edges that the prices of an account and of its children depend on: those of its chain, and those to its children.
CREATE FUNCTION billing_edges(of_account text, since timestamptz, until timestamptz)
RETURNS TABLE (seller_id text, buyer_id text, valid_from timestamptz, valid_to timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT DISTINCT e.ancestor_id, e.descendant_id, e.valid_from, e.valid_to FROM account_closure e
    WHERE e.depth = 1 AND e.valid_from < until AND since < e.valid_to
      AND (e.ancestor_id = of_account OR e.descendant_id IN (
        SELECT c.ancestor_id FROM account_closure c
        WHERE c.descendant_id = of_account AND c.valid_from < until AND since < c.valid_to));
END $$;
ALTER FUNCTION billing_edges(text, timestamptz, timestamptz) OWNER TO patchbay_wall;

-- The prices along those edges: no profile's price for an account beside the chain.
CREATE FUNCTION billing_prices(of_account text, since timestamptz, until timestamptz) RETURNS SETOF price
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH edge AS MATERIALIZED (SELECT * FROM billing_edges(of_account, since, until))
    SELECT p.* FROM price p
    WHERE p.effective_from < until AND since < p.effective_to AND p.effective_from < p.effective_to
      AND p.account_id IN (SELECT e.seller_id FROM edge e UNION ALL SELECT of_account)
      AND (p.child_id IS NULL OR EXISTS (SELECT 1 FROM edge e WHERE e.seller_id = p.account_id AND e.buyer_id = p.child_id))
    ORDER BY p.id;
END $$;
ALTER FUNCTION billing_prices(text, timestamptz, timestamptz) OWNER TO patchbay_wall;

-- The usage of an account, and that of each child for as long as it was one, summed within spans that start at
-- `span_starts` and end with the next; the last ends at `until`.
CREATE FUNCTION billing_usage(of_account text, span_starts timestamptz[], until timestamptz)
RETURNS TABLE (account_id text, span_start timestamptz, meter text, dimensions jsonb, inclusive numeric, own numeric, entry_count numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH edge AS (
      SELECT of_account AS id, span_starts[1] AS since, billing_usage.until AS until
      UNION ALL
      SELECT c.descendant_id, greatest(c.valid_from, span_starts[1]), least(c.valid_to, billing_usage.until)
      FROM account_closure c
      WHERE c.ancestor_id = of_account AND c.depth = 1 AND c.valid_from < billing_usage.until AND span_starts[1] < c.valid_to
    ), summed AS (
      SELECT m.account_id, span_starts[width_bucket(m.minute, span_starts)] AS span_start, m.meter, m.dimension_set_id,
        sum(m.sum) AS inclusive, sum(m.self_sum) AS own, sum(m.n) AS entry_count
      FROM edge e JOIN usage_minute m ON m.account_id = e.id AND m.minute >= e.since AND m.minute < e.until
      GROUP BY 1, 2, 3, 4)
    SELECT s.account_id, s.span_start, s.meter, d.dimensions, s.inclusive, s.own, s.entry_count
    FROM summed s JOIN usage_dimension_set d ON d.id = s.dimension_set_id;
END $$;
ALTER FUNCTION billing_usage(text, timestamptz[], timestamptz) OWNER TO patchbay_wall;

-- The accounts with usage in a period: those whose edges have something to accrue.
CREATE FUNCTION billing_active_accounts(since timestamptz, until timestamptz) RETURNS TABLE (account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id FROM account a
  WHERE EXISTS (SELECT 1 FROM usage_minute m WHERE m.account_id = a.id AND m.minute >= since AND m.minute < until)
  ORDER BY a.depth DESC, a.id
$$;
ALTER FUNCTION billing_active_accounts(timestamptz, timestamptz) OWNER TO patchbay_wall;

-- The UTC months in which an account had use.
CREATE FUNCTION billing_periods(of_account text) RETURNS TABLE (period text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  latest timestamptz;
  month timestamp := 'infinity';
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  LOOP -- From month to month by the key, and not over all minutes.
    SELECT max(m.minute) INTO latest FROM usage_minute m
      WHERE m.account_id = of_account AND m.minute < month AT TIME ZONE 'UTC';
    EXIT WHEN latest IS NULL;
    month := date_trunc('month', latest AT TIME ZONE 'UTC');
    period := to_char(month, 'YYYY-MM');
    RETURN NEXT;
  END LOOP;
END $$;
ALTER FUNCTION billing_periods(text) OWNER TO patchbay_wall;

-- Names for a statement: of an account, those it buys from and through, and those it sells to.
CREATE FUNCTION billing_names(of_account text) RETURNS TABLE (id text, name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT a.id, a.name FROM account a WHERE a.id IN (
      SELECT c.ancestor_id FROM account_closure c WHERE c.descendant_id = of_account
      UNION SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = of_account AND c.depth = 1);
END $$;
ALTER FUNCTION billing_names(text) OWNER TO patchbay_wall;

-- Posts accruals: transactions with their two entries, and the positions that they lead to. A position that is not at
-- the revision before is somebody else's doing: 40001, and the caller reads and rates again.
CREATE FUNCTION ledger_post(of_period text, of_currency text, postings jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  expected bigint := jsonb_array_length(postings);
  moved bigint;
BEGIN
  IF EXISTS (SELECT 1 FROM jsonb_array_elements(postings) AS p
             WHERE NOT (account_is_visible(p ->> 'buyerId') OR account_is_visible(p ->> 'sellerId'))) THEN
    RAISE EXCEPTION 'resource.unknown' USING ERRCODE = 'PB404';
  END IF;
  WITH moving AS (
    INSERT INTO ledger_position AS l (period, buyer_id, seller_id, line_key, currency, posted, revision)
    SELECT of_period, p ->> 'buyerId', p ->> 'sellerId', p ->> 'lineKey', of_currency, (p ->> 'posted')::numeric, (p ->> 'revision')::int
    FROM jsonb_array_elements(postings) AS p ORDER BY 2, 3, 4
    ON CONFLICT (period, buyer_id, seller_id, line_key) DO UPDATE SET posted = excluded.posted, revision = excluded.revision
      WHERE l.revision = excluded.revision - 1
    RETURNING 1)
  SELECT count(*) INTO moved FROM moving;
  IF moved < expected THEN
    RAISE EXCEPTION 'Another accrual came first.' USING ERRCODE = 'serialization_failure';
  END IF;
  INSERT INTO ledger_transaction (id, source_ref, period, seller_id, buyer_id)
  SELECT p ->> 'transactionId', p ->> 'sourceRef', of_period, p ->> 'sellerId', p ->> 'buyerId' FROM jsonb_array_elements(postings) AS p;
  INSERT INTO ledger_entry (transaction_id, account_id, book, counterparty_id, period, currency, amount)
  SELECT p ->> 'transactionId', e ->> 'accountId', e ->> 'book', e ->> 'counterpartyId', of_period, of_currency, (e ->> 'amount')::numeric
  FROM jsonb_array_elements(postings) AS p CROSS JOIN LATERAL jsonb_array_elements(p -> 'entries') AS e;
END $$;
ALTER FUNCTION ledger_post(text, text, jsonb) OWNER TO patchbay_wall;

-- How many transactions do not sum to zero, and edges whose entries and positions differ: 0, or an alarm.
CREATE FUNCTION ledger_mismatches() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH edge AS (
    SELECT e.period, e.account_id AS seller_id, e.counterparty_id AS buyer_id, sum(e.amount) AS amount
    FROM ledger_entry e WHERE e.book = 'receivable' GROUP BY 1, 2, 3),
  position AS (SELECT p.period, p.seller_id, p.buyer_id, sum(p.posted) AS amount FROM ledger_position p GROUP BY 1, 2, 3)
  SELECT (SELECT count(*) FROM (SELECT 1 FROM ledger_entry e GROUP BY e.transaction_id, e.currency HAVING sum(e.amount) <> 0) AS off)
    + (SELECT count(*) FROM edge FULL JOIN position USING (period, seller_id, buyer_id)
       WHERE coalesce(edge.amount, 0) <> coalesce(position.amount, 0))
$$;
ALTER FUNCTION ledger_mismatches() OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOR definer IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    AND p.proowner = 'patchbay_wall'::regrole AND (p.proname LIKE 'billing\_%' OR p.proname LIKE 'ledger\_%') LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
