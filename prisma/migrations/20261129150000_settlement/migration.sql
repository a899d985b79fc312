-- An account settles with the platform, which collects (decision 0006): what is asked of it and what is paid out to it are
-- booked when a period is over, beside the fractions that are carried.
ALTER TABLE "ledger_entry" DROP CONSTRAINT "ledger_entry_book",
ADD CONSTRAINT "ledger_entry_book" CHECK ("book" IN ('payable', 'receivable', 'charged', 'paid-out', 'carry', 'payout'));
ALTER TABLE "ledger_position" DROP CONSTRAINT "ledger_position_book",
ADD CONSTRAINT "ledger_position_book" CHECK ("book" IN ('receivable', 'charged', 'paid-out', 'carry', 'payout'));

-- Entries are read page by page, in this order.
DROP INDEX "ledger_entry_account_id_period_idx";
CREATE INDEX "ledger_entry_account_id_period_transaction_id_book_idx" ON "ledger_entry"("account_id", "period", "transaction_id", "book");

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What the ledger has for the lines of an account's edges in a period, as their seller and as their buyer, and for its own
-- settlement. What others settled with it, where it is the platform, is no part of its statement.
CREATE OR REPLACE FUNCTION billing_positions(of_account text, of_period text) RETURNS SETOF ledger_position
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY SELECT p.* FROM ledger_position p
    WHERE p.period = of_period AND (p.buyer_id = of_account OR (p.seller_id = of_account AND p.book = 'receivable'));
END $$;

CREATE OR REPLACE FUNCTION billing_position_sums(of_account text, of_period text)
RETURNS TABLE (seller_id text, buyer_id text, currency text, book text, line_key text, posted numeric, revision int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY SELECT p.seller_id, p.buyer_id, p.currency, p.book,
      CASE WHEN p.book = 'receivable' THEN '' ELSE p.line_key END, sum(p.posted), max(p.revision)
    FROM ledger_position p
    WHERE p.period = of_period AND (p.buyer_id = of_account OR (p.seller_id = of_account AND p.book = 'receivable'))
    GROUP BY 1, 2, 3, 4, 5;
END $$;

-- What the entries of an account in a period sum to, by currency and book.
DROP FUNCTION billing_ledger_totals(text, text);
CREATE FUNCTION billing_ledger_totals(of_account text, of_period text)
RETURNS TABLE (currency text, payable numeric, receivable numeric, charged numeric, paid_out numeric, entry_count int, has_entries boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY SELECT e.currency, coalesce(-sum(e.amount) FILTER (WHERE e.book = 'payable'), 0),
      coalesce(sum(e.amount) FILTER (WHERE e.book = 'receivable'), 0),
      coalesce(sum(e.amount) FILTER (WHERE e.book = 'charged'), 0),
      coalesce(-sum(e.amount) FILTER (WHERE e.book = 'paid-out'), 0), count(*)::int, bool_or(e.amount <> 0)
    FROM ledger_entry e WHERE e.account_id = of_account AND e.period = of_period
    GROUP BY 1 ORDER BY 1;
END $$;
ALTER FUNCTION billing_ledger_totals(text, text) OWNER TO patchbay_wall;

-- The oldest period before `before` in which the entries of some account do not sum to zero: once it has settled, what it
-- owes, earned, was asked, was paid and carried are one sum, which is zero. Null: everybody has settled everything.
CREATE FUNCTION ledger_oldest_unsettled(before text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT min(open.period) FROM (
    SELECT e.period FROM ledger_entry e WHERE e.period < before
    GROUP BY e.period, e.account_id, e.currency HAVING sum(e.amount) <> 0) AS open
$$;
ALTER FUNCTION ledger_oldest_unsettled(text) OWNER TO patchbay_wall;

-- As before; what is asked and what is paid out leaves a period and comes back in none, and only fractions are carried.
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
    + (SELECT count(*) FROM (SELECT 1 FROM ledger_position p WHERE p.book IN ('carry', 'payout')
       GROUP BY p.seller_id, p.buyer_id, p.currency, p.book HAVING sum(p.posted) <> 0) AS lost)
$$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['billing_ledger_totals(text, text)', 'ledger_oldest_unsettled(text)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
