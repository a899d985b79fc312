-- A fraction of a minor unit goes to whoever collects next (decision 0017): over a buyer it comes to nothing, and not over each that
-- collected from it. Else a seller that begins to collect itself would be an alarm for ever.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

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
       GROUP BY p.buyer_id, p.currency, p.book HAVING sum(p.posted) <> 0) AS lost)
$$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
