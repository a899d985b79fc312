-- The test accounts of a customer may have a clock of their own (PRD-1): what their money is told by runs ahead of the time.

CREATE TABLE "test_clock" (
    "account_id" TEXT NOT NULL,
    "ahead_ms" BIGINT NOT NULL,
    "advanced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "test_clock_pkey" PRIMARY KEY ("account_id"),
    CONSTRAINT "test_clock_goes_forward" CHECK ("ahead_ms" >= 0)
);
ALTER TABLE "test_clock" ADD CONSTRAINT "test_clock_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Months are closed for each tree by itself: for all that is live as one, under no name, and for each customer's test accounts.
ALTER TABLE "billing_closing" ADD COLUMN "tree_id" TEXT NOT NULL DEFAULT '',
ADD COLUMN "account_count" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "kept_count" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "document_count" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "billing_closing" DROP CONSTRAINT "billing_closing_pkey",
ADD CONSTRAINT "billing_closing_pkey" PRIMARY KEY ("tree_id", "period");

GRANT CREATE ON SCHEMA public TO patchbay_wall;
SELECT guard_tenant_table('test_clock');
-- It is set by the functions below alone: forward, and for a customer's test accounts as a whole.
REVOKE INSERT, UPDATE, DELETE ON test_clock FROM patchbay_app;

-- By how much the clock of an account's books is ahead, in milliseconds. 0 for whatever is live.
CREATE FUNCTION account_ahead_ms(of_account text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT coalesce((SELECT t.ahead_ms FROM account a JOIN test_clock t ON t.account_id = a.root_id WHERE a.id = of_account), 0)
$$;

-- The time of an account's books.
CREATE FUNCTION account_now(of_account text) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT now() + account_ahead_ms(of_account) * interval '1 millisecond' $$;

-- Of some accounts those whose clock is ahead.
CREATE FUNCTION accounts_ahead(account_ids text[]) RETURNS TABLE (account_id text, ahead_ms bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, t.ahead_ms FROM test_clock t JOIN account a ON a.root_id = t.account_id
  WHERE t.ahead_ms > 0 AND a.id = ANY (account_ids)
$$;

-- Sets the clock of a customer's test accounts ahead, never back. 'unknown': these are none, or out of scope.
CREATE FUNCTION test_clock_advance(of_account text, ahead bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account)
    OR NOT EXISTS (SELECT 1 FROM account a WHERE a.id = of_account AND a.is_test AND a.depth = 1) THEN RETURN 'unknown'; END IF;
  INSERT INTO test_clock AS t (account_id, ahead_ms) VALUES (of_account, ahead)
    ON CONFLICT (account_id) DO UPDATE SET ahead_ms = excluded.ahead_ms, advanced_at = now() WHERE excluded.ahead_ms >= t.ahead_ms;
  RETURN CASE WHEN FOUND THEN 'advanced' ELSE 'back' END;
END $$;

-- The test accounts of each customer, which close their months by themselves. NULL where they have no clock.
CREATE FUNCTION test_trees() RETURNS TABLE (account_id text, top_id text, ahead_ms bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, a.parent_id, t.ahead_ms FROM account a LEFT JOIN test_clock t ON t.account_id = a.id
  WHERE a.is_test AND a.depth = 1 AND a.live_id IS NOT NULL ORDER BY 1
$$;

-- Begins anew: the customer's live accounts get new twins, with the keys of the old ones and none of their books. What was
-- stays as closed accounts, whose books nothing is added to. Answers the new account; NULL where these are no test accounts.
CREATE FUNCTION test_clock_reset(of_account text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  scope text := current_setting('patchbay.account_id');
  old_ids text[];
  live_ids text[];
  twin text;
BEGIN
  IF NOT account_is_visible(of_account)
    OR NOT EXISTS (SELECT 1 FROM account a WHERE a.id = of_account AND a.is_test AND a.depth = 1 AND a.live_id IS NOT NULL)
  THEN RETURN NULL; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.account_move', 0));
  SELECT array_agg(a.id ORDER BY a.depth), array_agg(a.live_id ORDER BY a.depth) INTO old_ids, live_ids
    FROM account a WHERE a.root_id = of_account AND a.live_id IS NOT NULL;
  UPDATE account a SET live_id = NULL, external_id = NULL, state = 'closed' WHERE a.root_id = of_account;
  DELETE FROM test_clock t WHERE t.account_id = of_account;
  PERFORM set_config('patchbay.account_id', live_ids[1], true);
  FOR n IN 1 .. cardinality(old_ids) LOOP
    twin := account_test_twin(live_ids[n]);
    UPDATE api_key k SET account_id = twin WHERE k.account_id = old_ids[n];
  END LOOP;
  PERFORM set_config('patchbay.account_id', scope, true);
  RETURN (SELECT a.id FROM account a WHERE a.live_id = live_ids[1]);
END $$;

-- What limits and triggers read as the time is that of the books that they count.
DO $change$
DECLARE
  change text[];
  before text;
BEGIN
  FOREACH change SLICE 1 IN ARRAY ARRAY[
    -- Two years, as a clock may be ahead, and the week that any node may be.
    ['usage_open_day(date)', '::date + 7 THEN', '::date + 738 THEN'],
    ['policy_chain(text)', 'reached_until > now()', 'reached_until > account_now(l.id)'],
    ['spending_reached(text)', 'reached_until > now()', 'reached_until > account_now(l.account_id)']] LOOP
    before := pg_get_functiondef(change[1]::regprocedure);
    IF position(change[2] IN before) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it.', change[1]; END IF;
    EXECUTE replace(before, change[2], change[3]);
  END LOOP;
  FOR before IN SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    AND p.prosrc LIKE '%trigger\_window(t, now())%' AND p.proname <> 'trigger_measure' LOOP
    EXECUTE replace(before, 'trigger_window(t, now())', 'trigger_window(t, account_now(t.account_id))');
  END LOOP;
END $change$;

DO $$
DECLARE
  definer text;
BEGIN
  FOREACH definer IN ARRAY ARRAY['account_ahead_ms(text)', 'account_now(text)', 'accounts_ahead(text[])',
    'test_clock_advance(text, bigint)', 'test_trees()', 'test_clock_reset(text)'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', definer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
