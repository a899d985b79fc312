-- Statements close into documents (BIL-4, BIL-7), and documents are collected and paid out (BIL-6).

CREATE TABLE "billing_party" (
    "account_id" TEXT NOT NULL,
    "legal_name" TEXT NOT NULL,
    "address_lines" TEXT[],
    "country" TEXT,
    "tax_id" TEXT,
    "email" TEXT,
    "number_prefix" TEXT NOT NULL,
    "payment_days" INTEGER NOT NULL,
    "tax_name" TEXT NOT NULL,
    "tax_basis_points" INTEGER NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "billing_party_pkey" PRIMARY KEY ("account_id"),
    CONSTRAINT "billing_party_bounds" CHECK ("payment_days" BETWEEN 0 AND 120 AND "tax_basis_points" BETWEEN 0 AND 10000)
);

CREATE TABLE "rail_party" (
    "account_id" TEXT NOT NULL,
    "customer_id" TEXT,
    "payee_id" TEXT,
    "is_payable" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "rail_party_pkey" PRIMARY KEY ("account_id")
);

CREATE TABLE "billing_closing" (
    "period" TEXT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "issued_at" TIMESTAMPTZ(3),

    CONSTRAINT "billing_closing_pkey" PRIMARY KEY ("period")
);

CREATE TABLE "closed_statement" (
    "account_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "seller_id" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "content" JSONB NOT NULL,
    "closed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "closed_statement_pkey" PRIMARY KEY ("account_id","period")
);

CREATE TABLE "document_sequence" (
    "account_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "last" INTEGER NOT NULL,

    CONSTRAINT "document_sequence_pkey" PRIMARY KEY ("account_id","kind")
);

CREATE TABLE "document" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "seller_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "number" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "total_minor_units" BIGINT NOT NULL,
    "by_period" JSONB NOT NULL,
    "corrects_id" TEXT,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "content" JSONB NOT NULL,

    CONSTRAINT "document_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "document_kind" CHECK ("kind" IN ('invoice', 'credit-note', 'payout-note')),
    CONSTRAINT "document_is_above_zero" CHECK ("total_minor_units" > 0)
);

CREATE TABLE "collection" (
    "document_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "state" JSONB NOT NULL,
    "pending" JSONB,
    "refused_count" INTEGER NOT NULL DEFAULT 0,
    "failure" TEXT,
    "rail_id" TEXT,
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT 'infinity'::timestamp with time zone,

    CONSTRAINT "collection_pkey" PRIMARY KEY ("document_id"),
    CONSTRAINT "collection_kind" CHECK ("kind" IN ('invoice', 'payout'))
);

CREATE TABLE "rail_notice" (
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "subject" JSONB NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "handled_at" TIMESTAMPTZ(3),

    CONSTRAINT "rail_notice_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "rail_party_payee_id_key" ON "rail_party"("payee_id");
CREATE INDEX "closed_statement_period_idx" ON "closed_statement"("period");
CREATE UNIQUE INDEX "document_seller_id_kind_sequence_key" ON "document"("seller_id", "kind", "sequence");
CREATE INDEX "document_account_id_issued_at_idx" ON "document"("account_id", "issued_at");
CREATE UNIQUE INDEX "collection_rail_id_key" ON "collection"("rail_id");
CREATE INDEX "collection_next_at_idx" ON "collection"("next_at");
CREATE INDEX "collection_account_id_period_idx" ON "collection"("account_id", "period");
-- A period closes into one document of a kind, whoever closes it again.
CREATE UNIQUE INDEX document_once_a_period ON document (account_id, period, kind) WHERE kind <> 'credit-note';
CREATE INDEX rail_notice_unhandled ON rail_notice (received_at) WHERE handled_at IS NULL;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY[
  'billing_party', 'rail_party', 'closed_statement', 'document_sequence', 'document', 'collection']) AS name;
REVOKE DELETE ON billing_party, rail_party, document_sequence, collection FROM patchbay_app;
REVOKE UPDATE, DELETE ON closed_statement, document FROM patchbay_app, patchbay_wall;
-- Of no account: when months were closed, and what a rail told.
GRANT SELECT, INSERT, UPDATE ON billing_closing, rail_notice TO patchbay_app;
GRANT DELETE ON rail_notice TO patchbay_app;

-- What was documented is not changed, by nobody: a later document corrects it.
CREATE FUNCTION document_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'A closed statement and its documents are not changed: a later document corrects them.' USING ERRCODE = 'PB409';
END $$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON closed_statement
  FOR EACH STATEMENT EXECUTE FUNCTION document_refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON document
  FOR EACH STATEMENT EXECUTE FUNCTION document_refuse_change();

-- The books of collecting, beside those of use: no check that compares use with its positions counts them.
ALTER TABLE "ledger_entry" DROP CONSTRAINT "ledger_entry_book",
ADD CONSTRAINT "ledger_entry_book" CHECK ("book" IN ('payable', 'receivable', 'charged', 'paid-out', 'carry', 'payout',
  'invoiced', 'tax', 'owed', 'disputed', 'clearing'));
CREATE FUNCTION ledger_is_collecting(book text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT book IN ('invoiced', 'tax', 'owed', 'disputed', 'clearing') $$;

-- Posts what was issued, paid, given back and paid out: each source once. The other side of every entry is `platform`.
CREATE FUNCTION ledger_collect(platform text, transactions jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM jsonb_array_elements(transactions) AS t
             WHERE NOT account_is_visible(t ->> 'accountId')) THEN
    RAISE EXCEPTION 'resource.unknown' USING ERRCODE = 'PB404';
  END IF;
  IF EXISTS (SELECT 1 FROM jsonb_array_elements(transactions) AS t CROSS JOIN LATERAL jsonb_array_elements(t -> 'entries') AS e
             WHERE NOT ledger_is_collecting(e ->> 'book')) THEN
    RAISE EXCEPTION 'This book is not one of collecting.' USING ERRCODE = 'PB422';
  END IF;
  WITH posted AS (
    INSERT INTO ledger_transaction (id, source_ref, period, seller_id, buyer_id)
    SELECT t ->> 'transactionId', t ->> 'sourceRef', t ->> 'period', platform, t ->> 'accountId'
    FROM jsonb_array_elements(transactions) AS t
    ON CONFLICT (source_ref) DO NOTHING RETURNING id)
  INSERT INTO ledger_entry (transaction_id, account_id, book, counterparty_id, period, currency, amount)
  SELECT t ->> 'transactionId', e ->> 'accountId', e ->> 'book',
    CASE WHEN e ->> 'accountId' = platform THEN t ->> 'accountId' ELSE platform END,
    t ->> 'period', t ->> 'currency', (e ->> 'amount')::numeric
  FROM jsonb_array_elements(transactions) AS t
  JOIN posted ON posted.id = t ->> 'transactionId'
  CROSS JOIN LATERAL jsonb_array_elements(t -> 'entries') AS e;
END $$;
ALTER FUNCTION ledger_collect(text, jsonb) OWNER TO patchbay_wall;

-- What the ledger says that an account is asked for and paid, by month, less what documents say: only where they differ.
CREATE FUNCTION billing_outstanding(of_account text, before text, unit numeric)
RETURNS TABLE (period text, charge numeric, payout numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH said AS (
      SELECT p.key AS period, d.kind, sum((p.value #>> '{}')::numeric) AS minor_units
      FROM document d CROSS JOIN LATERAL jsonb_each(d.by_period) AS p
      WHERE d.account_id = of_account AND d.kind <> 'credit-note' GROUP BY 1, 2),
    booked AS (
      SELECT e.period, CASE e.book WHEN 'charged' THEN 'invoice' ELSE 'payout-note' END AS kind,
        sum(CASE e.book WHEN 'charged' THEN e.amount ELSE -e.amount END) / unit AS minor_units
      FROM ledger_entry e
      JOIN ledger_transaction t ON t.id = e.transaction_id AND t.buyer_id = of_account
      WHERE e.account_id = of_account AND e.book IN ('charged', 'paid-out') AND e.period < before GROUP BY 1, 2),
    difference AS (
      SELECT period, kind, coalesce(b.minor_units, 0) - coalesce(s.minor_units, 0) AS minor_units
      FROM booked b FULL JOIN (SELECT * FROM said WHERE period < before) s USING (period, kind))
    SELECT d.period, coalesce(sum(d.minor_units) FILTER (WHERE d.kind = 'invoice'), 0),
      coalesce(sum(d.minor_units) FILTER (WHERE d.kind = 'payout-note'), 0)
    FROM difference d WHERE d.minor_units <> 0 GROUP BY 1 ORDER BY 1;
END $$;
ALTER FUNCTION billing_outstanding(text, text, numeric) OWNER TO patchbay_wall;

-- As before, of use alone: how documents of a month were paid is no part of its statement.
CREATE OR REPLACE FUNCTION billing_ledger_totals(of_account text, of_period text)
RETURNS TABLE (currency text, payable numeric, receivable numeric, charged numeric, paid_out numeric, entry_count int, has_entries boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY SELECT e.currency, coalesce(-sum(e.amount) FILTER (WHERE e.book = 'payable'), 0),
      coalesce(sum(e.amount) FILTER (WHERE e.book = 'receivable'), 0),
      coalesce(sum(e.amount) FILTER (WHERE e.book = 'charged'), 0),
      coalesce(-sum(e.amount) FILTER (WHERE e.book = 'paid-out'), 0), count(*)::int, bool_or(e.amount <> 0)
    FROM ledger_entry e WHERE e.account_id = of_account AND e.period = of_period AND NOT ledger_is_collecting(e.book)
    GROUP BY 1 ORDER BY 1;
END $$;

CREATE OR REPLACE FUNCTION ledger_oldest_unsettled(before text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT min(open.period) FROM (
    SELECT e.period FROM ledger_entry e WHERE e.period < before AND NOT ledger_is_collecting(e.book)
    GROUP BY e.period, e.account_id, e.currency HAVING sum(e.amount) <> 0) AS open
$$;

CREATE OR REPLACE FUNCTION ledger_mismatches() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH edge AS (
    SELECT e.period, t.seller_id, t.buyer_id, e.currency, e.book, sum(e.amount) AS amount
    FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id AND t.seller_id = e.account_id
    WHERE NOT ledger_is_collecting(e.book)
    GROUP BY 1, 2, 3, 4, 5),
  position AS (
    SELECT p.period, p.seller_id, p.buyer_id, p.currency, p.book, sum(p.posted) AS amount
    FROM ledger_position p GROUP BY 1, 2, 3, 4, 5)
  SELECT (SELECT count(*) FROM (SELECT 1 FROM ledger_entry e GROUP BY e.transaction_id, e.currency HAVING sum(e.amount) <> 0) AS off)
    + (SELECT count(*) FROM edge FULL JOIN position USING (period, seller_id, buyer_id, currency, book)
       LEFT JOIN account buyer ON buyer.id = buyer_id
       WHERE coalesce(edge.amount, 0) <> coalesce(position.amount, 0)
         OR (buyer.currency <> coalesce(edge.currency, position.currency) AND coalesce(edge.amount, 0) <> 0))
    + (SELECT count(*) FROM (SELECT 1 FROM ledger_position p WHERE p.book IN ('carry', 'payout')
       GROUP BY p.seller_id, p.buyer_id, p.currency, p.book HAVING sum(p.posted) <> 0) AS lost)
$$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['ledger_collect(text, jsonb)', 'billing_outstanding(text, text, numeric)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
