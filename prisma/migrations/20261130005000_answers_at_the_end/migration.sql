-- Keeps the answer to a request in the transaction of what it tells of (C40). Where a repeat took the request over it takes
-- that transaction down with it: nobody has to look at an answer of the database to know that nothing was kept.
CREATE FUNCTION idempotency_answer(of_account text, of_caller text, of_route text, of_key text, of_attempt int,
  with_status int, with_body text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  UPDATE idempotency_key SET status = with_status, body = with_body, answered_at = clock_timestamp()
    WHERE account_id = of_account AND caller_id = of_caller AND route = of_route AND key = of_key
      AND attempt = of_attempt AND answered_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'A repeat has begun this request anew.' USING ERRCODE = 'PB410';
  END IF;
END $$;
