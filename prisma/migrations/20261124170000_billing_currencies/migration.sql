-- Each edge counts in its buyer's currency (BIL-3). The platform sells to trees of several, so the currency is part of
-- what a position is for.
ALTER TABLE "ledger_position" DROP CONSTRAINT "ledger_position_pkey",
ADD CONSTRAINT "ledger_position_pkey" PRIMARY KEY ("period", "buyer_id", "seller_id", "currency", "line_key");

-- Before, one position served for all currencies, and said less than was posted. The entries know: a reference ends with
-- the line and its revision. What was posted in a currency that the buyer does not have goes back at its next accrual.
ALTER TABLE ledger_position NO FORCE ROW LEVEL SECURITY;
ALTER TABLE ledger_transaction NO FORCE ROW LEVEL SECURITY;
ALTER TABLE ledger_entry NO FORCE ROW LEVEL SECURITY;
DELETE FROM ledger_position;
INSERT INTO ledger_position (period, buyer_id, seller_id, currency, line_key, posted, revision)
SELECT t.period, t.buyer_id, t.seller_id, e.currency, coalesce(ref.parts[1], t.source_ref), sum(e.amount),
  coalesce(max(ref.parts[2]::int), 1)
FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id AND e.book = 'receivable'
CROSS JOIN LATERAL (SELECT regexp_match(
  substr(t.source_ref, length('accrual/' || t.period || '/' || t.seller_id || '/' || t.buyer_id || '/') + 1),
  '^(.*)/(\d+)$') AS parts) AS ref
GROUP BY 1, 2, 3, 4, 5;
ALTER TABLE ledger_position FORCE ROW LEVEL SECURITY;
ALTER TABLE ledger_transaction FORCE ROW LEVEL SECURITY;
ALTER TABLE ledger_entry FORCE ROW LEVEL SECURITY;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The edges as before, with the currency of the buyer.
DROP FUNCTION billing_edges(text, timestamptz, timestamptz);
CREATE FUNCTION billing_edges(of_account text, since timestamptz, until timestamptz)
RETURNS TABLE (seller_id text, buyer_id text, currency text, valid_from timestamptz, valid_to timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT DISTINCT e.ancestor_id, e.descendant_id, b.currency, e.valid_from, e.valid_to
    FROM account_closure e JOIN account b ON b.id = e.descendant_id
    WHERE e.depth = 1 AND e.valid_from < until AND since < e.valid_to
      AND (e.ancestor_id = of_account OR e.descendant_id IN (
        SELECT c.ancestor_id FROM account_closure c
        WHERE c.descendant_id = of_account AND c.valid_from < until AND since < c.valid_to));
END $$;
ALTER FUNCTION billing_edges(text, timestamptz, timestamptz) OWNER TO patchbay_wall;

-- Posts accruals as before, each posting in its own currency.
DROP FUNCTION ledger_post(text, text, jsonb);
CREATE FUNCTION ledger_post(of_period text, postings jsonb) RETURNS void
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
    INSERT INTO ledger_position AS l (period, buyer_id, seller_id, currency, line_key, posted, revision)
    SELECT of_period, p ->> 'buyerId', p ->> 'sellerId', p ->> 'currency', p ->> 'lineKey', (p ->> 'posted')::numeric,
      (p ->> 'revision')::int
    FROM jsonb_array_elements(postings) AS p ORDER BY 2, 3, 4, 5
    ON CONFLICT (period, buyer_id, seller_id, currency, line_key)
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
ALTER FUNCTION ledger_post(text, jsonb) OWNER TO patchbay_wall;

-- How many transactions do not sum to zero, and edges whose entries and positions differ in a currency, or whose entries
-- are in another currency than the buyer's and not taken back: 0, or an alarm.
CREATE OR REPLACE FUNCTION ledger_mismatches() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH edge AS (
    SELECT e.period, e.account_id AS seller_id, e.counterparty_id AS buyer_id, e.currency, sum(e.amount) AS amount
    FROM ledger_entry e WHERE e.book = 'receivable' GROUP BY 1, 2, 3, 4),
  position AS (
    SELECT p.period, p.seller_id, p.buyer_id, p.currency, sum(p.posted) AS amount
    FROM ledger_position p GROUP BY 1, 2, 3, 4)
  SELECT (SELECT count(*) FROM (SELECT 1 FROM ledger_entry e GROUP BY e.transaction_id, e.currency HAVING sum(e.amount) <> 0) AS off)
    + (SELECT count(*) FROM edge FULL JOIN position USING (period, seller_id, buyer_id, currency)
       LEFT JOIN account buyer ON buyer.id = buyer_id
       WHERE coalesce(edge.amount, 0) <> coalesce(position.amount, 0)
         OR (buyer.currency <> coalesce(edge.currency, position.currency) AND coalesce(edge.amount, 0) <> 0))
$$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['billing_edges(text, timestamptz, timestamptz)', 'ledger_post(text, jsonb)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
