-- Fractions of minor units move from a period to the next in books of their own (BIL-3, BIL-4).
ALTER TABLE "ledger_entry" DROP CONSTRAINT "ledger_entry_book",
ADD CONSTRAINT "ledger_entry_book" CHECK ("book" IN ('payable', 'receivable', 'carry', 'payout'));
ALTER TABLE "ledger_position" DROP CONSTRAINT "ledger_position_pkey",
ADD COLUMN "book" TEXT NOT NULL DEFAULT 'receivable',
ADD CONSTRAINT "ledger_position_book" CHECK ("book" IN ('receivable', 'carry', 'payout')),
ADD CONSTRAINT "ledger_position_pkey" PRIMARY KEY ("period", "buyer_id", "seller_id", "currency", "book", "line_key");

-- When each regular task of the platform last ran, whichever process ran it.
CREATE TABLE "job_run" (
    "job" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "error" TEXT,
    "found" TEXT,

    CONSTRAINT "job_run_pkey" PRIMARY KEY ("job")
);
GRANT SELECT, INSERT, UPDATE ON "job_run" TO patchbay_app;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Posts accruals as before, each in its seller's book.
CREATE OR REPLACE FUNCTION ledger_post(of_period text, postings jsonb) RETURNS void
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
    INSERT INTO ledger_position AS l (period, buyer_id, seller_id, currency, book, line_key, posted, revision)
    SELECT of_period, p ->> 'buyerId', p ->> 'sellerId', p ->> 'currency', p ->> 'book', p ->> 'lineKey',
      (p ->> 'posted')::numeric, (p ->> 'revision')::int
    FROM jsonb_array_elements(postings) AS p ORDER BY 2, 3, 4, 5, 6
    ON CONFLICT (period, buyer_id, seller_id, currency, book, line_key)
      DO UPDATE SET posted = excluded.posted, revision = excluded.revision WHERE l.revision = excluded.revision - 1
    RETURNING 1)
  SELECT count(*) INTO moved FROM moving;
  IF moved < expected THEN
    RAISE EXCEPTION 'Another accrual came first.' USING ERRCODE = 'serialization_failure';
  END IF;
  INSERT INTO ledger_transaction (id, source_ref, period, seller_id, buyer_id)
  SELECT p ->> 'transactionId', p ->> 'sourceRef', of_period, p ->> 'sellerId', p ->> 'buyerId' FROM jsonb_array_elements(postings) AS p;
  INSERT INTO ledger_entry (transaction_id, account_id, book, counterparty_id, period, currency, amount)
  SELECT p ->> 'transactionId', e ->> 'accountId', e ->> 'book', e ->> 'counterpartyId', of_period, p ->> 'currency', (e ->> 'amount')::numeric
  FROM jsonb_array_elements(postings) AS p CROSS JOIN LATERAL jsonb_array_elements(p -> 'entries') AS e;
END $$;

-- The accounts that have something to accrue in a period: use, or what was carried into it.
DROP FUNCTION billing_active_accounts(timestamptz, timestamptz);
CREATE FUNCTION billing_active_accounts(of_period text, since timestamptz, until timestamptz) RETURNS TABLE (account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id FROM account a
  WHERE EXISTS (SELECT 1 FROM usage_minute m WHERE m.account_id = a.id AND m.minute >= since AND m.minute < until)
    OR EXISTS (SELECT 1 FROM ledger_position p WHERE p.period = of_period AND p.buyer_id = a.id AND p.book <> 'receivable')
  ORDER BY a.depth DESC, a.id
$$;
ALTER FUNCTION billing_active_accounts(text, timestamptz, timestamptz) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION billing_active_accounts(text, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing_active_accounts(text, timestamptz, timestamptz) TO patchbay_app;

-- How many transactions do not sum to zero, and edges whose entries and positions differ in a currency, or whose entries
-- are in another currency than the buyer's and not taken back, or out of and into which not the same was carried: 0, or
-- an alarm.
CREATE OR REPLACE FUNCTION ledger_mismatches() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH edge AS (
    SELECT e.period, t.seller_id, t.buyer_id, e.currency, e.book, sum(e.amount) AS amount
    FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id AND t.seller_id = e.account_id
    GROUP BY 1, 2, 3, 4, 5),
  position AS (
    SELECT p.period, p.seller_id, p.buyer_id, p.currency, p.book, sum(p.posted) AS amount
    FROM ledger_position p GROUP BY 1, 2, 3, 4, 5)
  SELECT (SELECT count(*) FROM (SELECT 1 FROM ledger_entry e GROUP BY e.transaction_id, e.currency HAVING sum(e.amount) <> 0) AS off)
    + (SELECT count(*) FROM edge FULL JOIN position USING (period, seller_id, buyer_id, currency, book)
       LEFT JOIN account buyer ON buyer.id = buyer_id
       WHERE coalesce(edge.amount, 0) <> coalesce(position.amount, 0)
         OR (buyer.currency <> coalesce(edge.currency, position.currency) AND coalesce(edge.amount, 0) <> 0))
    + (SELECT count(*) FROM (SELECT 1 FROM ledger_position p WHERE p.book <> 'receivable'
       GROUP BY p.seller_id, p.buyer_id, p.currency, p.book HAVING sum(p.posted) <> 0) AS lost)
$$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
