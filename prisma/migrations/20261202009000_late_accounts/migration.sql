-- Accounts of one tree whose closed months come to more or less by now than documents said: each gets its correction with the
-- next month that closes, whether it used anything in that one or not (BIL-7). Use is taken for two months and days, so what is
-- older than a year has been in a closing since. '' is all that is live. `units` has the nano units of each currency's
-- minor unit. The lowest first.
GRANT CREATE ON SCHEMA public TO patchbay_wall;
GRANT SELECT ON billing_closing TO patchbay_wall;
CREATE FUNCTION billing_late_accounts(of_tree text, before text, units jsonb) RETURNS TABLE (account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  WITH month AS (
    SELECT c.period FROM billing_closing c
    WHERE c.tree_id = of_tree AND c.issued_at IS NOT NULL AND c.period < before
      AND c.period >= to_char(to_date(before, 'YYYY-MM') - interval '1 year', 'YYYY-MM')),
  said AS (
    SELECT d.account_id, p.key AS period, d.currency,
      CASE WHEN d.kind IN ('payout-note', 'comparison-payout') THEN 'paid-out' ELSE 'charged' END AS book,
      sum((p.value #>> '{}')::numeric) AS minor_units
    FROM document d CROSS JOIN LATERAL jsonb_each(d.by_period) AS p
    WHERE d.kind <> 'credit-note' AND p.key IN (SELECT month.period FROM month) GROUP BY 1, 2, 3, 4),
  booked AS (
    SELECT e.account_id, e.period, e.currency, e.book::text AS book,
      sum(CASE e.book WHEN 'charged' THEN e.amount ELSE -e.amount END) AS amount
    FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id AND t.buyer_id = e.account_id
    WHERE e.book IN ('charged', 'paid-out') AND e.period IN (SELECT month.period FROM month) GROUP BY 1, 2, 3, 4),
  late AS (
    SELECT account_id FROM booked b FULL JOIN said s USING (account_id, period, currency, book)
    WHERE coalesce(b.amount, 0) <> coalesce(s.minor_units, 0) * (units ->> currency)::numeric)
  SELECT a.id FROM account a
  WHERE a.id IN (SELECT late.account_id FROM late)
    AND CASE WHEN of_tree = '' THEN NOT a.is_test ELSE a.root_id = of_tree END
  ORDER BY a.depth DESC, a.id
$$;
ALTER FUNCTION billing_late_accounts(text, text, jsonb) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION billing_late_accounts(text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing_late_accounts(text, text, jsonb) TO patchbay_app;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
