-- What an account's books come to, and what moved in those of collecting.

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Whether the account is visible is asked once, and not at each of many entries.
CREATE FUNCTION ledger_balances(of_account text, from_period text)
RETURNS TABLE (period text, book text, currency text, amount numeric, entry_count bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY SELECT e.period, e.book, e.currency, sum(e.amount), count(*)
    FROM ledger_entry e WHERE e.account_id = of_account AND e.period >= from_period
    GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3;
END $$;
ALTER FUNCTION ledger_balances(text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION ledger_balances(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_balances(text, text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;

-- Of the books of collecting there are few entries among those of use, and an account reads them over all months.
CREATE INDEX ledger_entry_of_collecting ON ledger_entry (account_id, transaction_id DESC, book DESC)
  WHERE book IN ('invoiced', 'tax', 'owed', 'disputed', 'clearing');
