-- What others used of credit that an account gave is asked of it by its next invoice, as far as its payout is not kept for it (BIL-5).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- In nano units, what others used of it by the end of a month, or until now, and nothing is kept or asked for yet: what its giver
-- bears, less what is left of it. Who got it may have moved out of its giver's sight.
CREATE FUNCTION given_credit_used(of_account text, by_end_of text) RETURNS numeric
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN 0; END IF;
  RETURN (SELECT coalesce(-sum(e.amount), 0) FROM ledger_entry e JOIN account a ON a.id = e.account_id
      WHERE e.account_id = of_account AND e.book = 'granted' AND ledger_is_collecting(e.book) AND e.currency = a.currency)
    - (SELECT coalesce(sum(c.left_amount), 0) FROM credit c WHERE c.given_by_id = of_account)
    - (SELECT coalesce(sum(d.amount), 0) FROM credit c
        JOIN prepaid_draw d ON d.account_id = c.account_id AND d.credit_id = c.id
      WHERE c.given_by_id = of_account AND d.period > by_end_of);
END $$;
ALTER FUNCTION given_credit_used(text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION given_credit_used(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION given_credit_used(text, text) TO patchbay_app;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
