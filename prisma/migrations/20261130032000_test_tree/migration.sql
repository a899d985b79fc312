-- Test keys work on separate books (PRD-1): each account that has one has a twin, in a tree of its own whose top is the twin of
-- the platform's account. All that is held per account is apart by that, and what joins two accounts is refused across it.

ALTER TABLE "account" ADD COLUMN "is_test" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN "live_id" TEXT,
ADD COLUMN "test_plan_id" TEXT;
CREATE UNIQUE INDEX "account_live_id_key" ON "account"("live_id");
ALTER TABLE "account" ADD CONSTRAINT "account_live_id_fkey" FOREIGN KEY ("live_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "account" ADD CONSTRAINT "account_test_plan_id_fkey" FOREIGN KEY ("test_plan_id") REFERENCES "policy_plan"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE account ADD CONSTRAINT account_twin_is_test CHECK (is_test OR (live_id IS NULL AND test_plan_id IS NULL));
DROP INDEX account_one_platform;
CREATE UNIQUE INDEX account_one_platform ON account (is_test) WHERE parent_id IS NULL;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Whoever asks for the platform's account means the live one. Each function keeps its owner and grants.
DO $$
DECLARE
  asking oid;
BEGIN
  FOR asking IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
    AND p.prosrc ~ '\w+\.parent_id IS NULL' AND p.proname <> 'account_take_place' LOOP
    EXECUTE regexp_replace(
      pg_get_functiondef(asking), '(\w+)\.parent_id IS NULL', '(\1.parent_id IS NULL AND NOT \1.is_test)', 'g');
  END LOOP;
END $$;

-- As before; and an account is in the tree of the one above it, whatever it was said to be. A twin stands below the twin of
-- the account above its own.
CREATE OR REPLACE FUNCTION account_take_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  parent account%ROWTYPE;
BEGIN
  IF NEW.parent_id IS NULL THEN
    NEW.root_id := NEW.id;
    NEW.depth := 0;
  ELSE
    SELECT * INTO parent FROM account a WHERE a.id = NEW.parent_id FOR SHARE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'There is no account % to be below.', NEW.parent_id USING ERRCODE = 'foreign_key_violation';
    END IF;
    NEW.is_test := parent.is_test;
    NEW.depth := parent.depth + 1;
    IF parent.parent_id IS NULL THEN
      NEW.root_id := NEW.id;
    ELSE
      NEW.root_id := parent.root_id;
      NEW.currency := parent.currency;
    END IF;
  END IF;
  IF NEW.live_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM account l WHERE l.id = NEW.live_id AND NOT l.is_test AND l.parent_id IS NOT DISTINCT FROM parent.live_id) THEN
    RAISE EXCEPTION 'Account % is not where the twin of % stands.', NEW.id, NEW.live_id USING ERRCODE = 'PB409';
  END IF;
  INSERT INTO account_closure (descendant_id, ancestor_id, depth) VALUES (NEW.id, NEW.id, 0);
  INSERT INTO account_closure (descendant_id, ancestor_id, depth, valid_from, valid_to)
  SELECT NEW.id, c.ancestor_id, c.depth + 1,
    CASE WHEN c.valid_from <= now() THEN '-infinity'::timestamptz ELSE c.valid_from END, c.valid_to
  FROM account_closure c WHERE c.descendant_id = NEW.parent_id AND c.valid_to > now();
  RETURN NEW;
END $$;

-- No account goes from one tree to the other.
CREATE FUNCTION account_stays_in_books() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NEW.is_test <> OLD.is_test
    OR EXISTS (SELECT 1 FROM account p WHERE p.id = NEW.parent_id AND p.is_test <> NEW.is_test) THEN
    RAISE EXCEPTION 'Test and live stay apart: account % does not change sides.', NEW.id USING ERRCODE = 'PB409';
  END IF;
  RETURN NEW;
END $$;
ALTER FUNCTION account_stays_in_books() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION account_stays_in_books() FROM PUBLIC;
CREATE TRIGGER stays_in_books BEFORE UPDATE OF parent_id, is_test ON account
  FOR EACH ROW EXECUTE FUNCTION account_stays_in_books();

-- Refuses rows whose two accounts, in the two columns that are named, are of different trees. Once for each statement, so that
-- a month's ledger is looked at as one.
CREATE FUNCTION refuse_mixed_books() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
DECLARE
  mixed text;
BEGIN
  EXECUTE format('SELECT n.%1$I || '' and '' || n.%2$I FROM added n JOIN account one ON one.id = n.%1$I '
    || 'JOIN account other ON other.id = n.%2$I WHERE one.is_test <> other.is_test LIMIT 1', TG_ARGV[0], TG_ARGV[1]) INTO mixed;
  IF mixed IS NOT NULL THEN
    RAISE EXCEPTION 'Test and live stay apart: % are not of one tree.', mixed USING ERRCODE = 'PB409';
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION refuse_mixed_books() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION refuse_mixed_books() FROM PUBLIC;

-- Roll-ups of usage follow the closure and nothing else.
DO $$
DECLARE
  joining text[];
BEGIN
  FOREACH joining SLICE 1 IN ARRAY ARRAY[
    ['account_closure', 'descendant_id', 'ancestor_id'], ['price', 'account_id', 'child_id'],
    ['ledger_transaction', 'seller_id', 'buyer_id'], ['ledger_entry', 'account_id', 'counterparty_id'],
    ['ledger_position', 'seller_id', 'buyer_id'], ['closed_statement', 'account_id', 'seller_id'],
    ['document', 'account_id', 'seller_id'], ['credit', 'account_id', 'given_by_id'],
    ['spending_limit', 'account_id', 'set_by_id'], ['usage_trigger', 'account_id', 'target_id'],
    ['endpoint_transfer', 'from_account_id', 'to_account_id']] LOOP
    EXECUTE format('CREATE TRIGGER one_tree AFTER INSERT ON %I REFERENCING NEW TABLE AS added '
      || 'FOR EACH STATEMENT EXECUTE FUNCTION refuse_mixed_books(%L, %L)', joining[1], joining[2], joining[3]);
  END LOOP;
END $$;

-- What means one thing in the whole world means one thing among test accounts, too: a number taken there is free for others.
ALTER TABLE "endpoint" ADD COLUMN "is_test" BOOLEAN NOT NULL DEFAULT false;
CREATE FUNCTION endpoint_is_of_its_books() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  NEW.is_test := (SELECT a.is_test FROM account a WHERE a.id = NEW.account_id);
  RETURN NEW;
END $$;
ALTER FUNCTION endpoint_is_of_its_books() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION endpoint_is_of_its_books() FROM PUBLIC;
CREATE TRIGGER is_of_its_books BEFORE INSERT OR UPDATE OF account_id ON endpoint
  FOR EACH ROW EXECUTE FUNCTION endpoint_is_of_its_books();
DROP INDEX endpoint_identifier_key;
CREATE UNIQUE INDEX endpoint_identifier_key ON endpoint
  ((CASE WHEN namespace IN ('user', 'room') THEN account_id WHEN is_test THEN 'test' ELSE '' END), identifier);
DO $change$
DECLARE
  before text := pg_get_functiondef('endpoint_allocate(text, text, text, text, text, text, int)'::regprocedure);
  change text[];
BEGIN
  FOREACH change SLICE 1 IN ARRAY ARRAY[
    ['THEN account_id ELSE', 'THEN account_id WHEN is_test THEN ''test'' ELSE'],
    ['THEN e.account_id ELSE', 'THEN e.account_id WHEN e.is_test THEN ''test'' ELSE'],
    ['THEN of_account ELSE', 'THEN of_account WHEN (SELECT a.is_test FROM account a WHERE a.id = of_account) THEN ''test'' ELSE']] LOOP
    IF position(change[1] IN before) = 0 THEN RAISE EXCEPTION 'endpoint_allocate is not as this migration knows it.'; END IF;
    before := replace(before, change[1], change[2]);
  END LOOP;
  EXECUTE before;
END $change$;

-- An address counts as one account of all, and never as a test account: that would take it from live traffic.
DO $change$
DECLARE
  before text := pg_get_functiondef('authenticating_networks_refused(text, text[], integer)'::regprocedure);
  was text := 'WHERE per_tree_max < cardinality';
BEGIN
  IF position(was IN before) = 0 THEN
    RAISE EXCEPTION 'authenticating_networks_refused is not as this migration knows it.';
  END IF;
  EXECUTE replace(before, was,
    'WHERE CASE WHEN (SELECT t.is_test FROM account t WHERE t.id = of_account) THEN 0 ELSE per_tree_max END < cardinality');
END $change$;

-- A key is of its account's side. Test keys from before this spent what was live: none of them goes on.
UPDATE api_key SET revoked_at = now() WHERE mode = 'test' AND revoked_at IS NULL;
CREATE FUNCTION key_is_of_its_books() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF (NEW.mode = 'test') IS DISTINCT FROM (SELECT a.is_test FROM account a WHERE a.id = NEW.account_id) THEN
    RAISE EXCEPTION 'A key of account % is not one for %.', NEW.account_id, NEW.mode USING ERRCODE = 'PB409';
  END IF;
  RETURN NEW;
END $$;
ALTER FUNCTION key_is_of_its_books() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION key_is_of_its_books() FROM PUBLIC;
CREATE TRIGGER is_of_its_books BEFORE INSERT ON api_key FOR EACH ROW EXECUTE FUNCTION key_is_of_its_books();

-- A twin mints with its own test keys: what is above it is of its tree.
DO $change$
DECLARE
  before text := pg_get_functiondef('key_for_minting(text)'::regprocedure);
  was text := 'k.mode = ''live'' AND ';
BEGIN
  IF position(was IN before) = 0 THEN RAISE EXCEPTION 'key_for_minting is not as this migration knows it.'; END IF;
  EXECUTE replace(before, was, '');
END $change$;

-- A twin goes on for as long as its live account does.
CREATE OR REPLACE FUNCTION account_chain(of_account text) RETURNS TABLE (id text, state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, CASE WHEN a.state = 'active' AND l.id IS NOT NULL THEN l.state ELSE a.state END
  FROM account_closure c JOIN account a ON a.id = c.ancestor_id LEFT JOIN account l ON l.id = a.live_id
  WHERE c.descendant_id = of_account AND c.valid_to = 'infinity'
  ORDER BY c.depth DESC
$$;
CREATE OR REPLACE FUNCTION account_effective_state(of_account text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT coalesce(max(h.state) FILTER (WHERE h.state = 'closed'), max(h.state) FILTER (WHERE h.state = 'suspended'), 'active')
  FROM account_chain(of_account) h
$$;

-- Who holds a role at an account holds it at its twin: derived, so that it ends there when it ends here.
DROP FUNCTION user_reach(text);
CREATE FUNCTION user_reach(of_user text)
RETURNS TABLE (account_id text, account_name text, role text, depth int, custom_role_id text, custom_role_name text, scopes text[],
  is_test boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, a.name, g.role, a.depth, r.id, r.name, r.scopes, a.is_test
  FROM role_grant g
    CROSS JOIN LATERAL (
      SELECT o.id, o.name, o.depth, o.is_test FROM account o WHERE o.id = g.account_id
      UNION ALL SELECT o.id, o.name, o.depth, o.is_test FROM account o WHERE o.live_id = g.account_id) a
    LEFT JOIN account_role r ON r.id = g.custom_role_id
  WHERE g.user_id = of_user AND g.accepted_at IS NOT NULL ORDER BY a.is_test, a.depth, a.id
$$;
DROP FUNCTION user_reach_in_view(text, text);
CREATE FUNCTION user_reach_in_view(of_user text, viewed text)
RETURNS TABLE (account_id text, account_name text, role text, depth int, custom_role_id text, custom_role_name text, scopes text[],
  is_test boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, a.name, g.role, a.depth, r.id, r.name, r.scopes, a.is_test
  FROM account a
    JOIN account_closure c ON c.descendant_id = coalesce(a.live_id, a.id) AND c.depth > 0 AND c.valid_to = 'infinity'
    JOIN role_grant g ON g.account_id = c.ancestor_id AND g.user_id = of_user AND g.accepted_at IS NOT NULL
    LEFT JOIN account_role r ON r.id = g.custom_role_id
  WHERE a.id = viewed OR a.live_id = viewed ORDER BY a.is_test, c.depth DESC
$$;
-- Of some accounts, those that are an account or below it, or twins of such.
CREATE OR REPLACE FUNCTION accounts_within(ids text[], top text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT DISTINCT a.id FROM account a
    JOIN account_closure up ON up.descendant_id = a.id AND up.valid_to = 'infinity'
    JOIN account at ON at.id = up.ancestor_id
  WHERE a.id = ANY (ids) AND (at.id = top OR at.live_id = top)
$$;

-- A test account looks to its people as the live one does: its brand is that above the account whose twin it is.
CREATE OR REPLACE FUNCTION brand_above(of_account text, not_above text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT brand_in_effect(b.account_id) FROM account_closure c JOIN account o ON o.id = c.ancestor_id
    JOIN brand b ON b.account_id = coalesce(o.live_id, o.id)
  WHERE c.descendant_id = of_account AND c.depth > 0 AND c.valid_to = 'infinity'
    AND (not_above IS NULL OR EXISTS (SELECT 1 FROM account_closure f
      WHERE f.ancestor_id = coalesce((SELECT n.live_id FROM account n WHERE n.id = not_above), not_above)
        AND f.descendant_id = b.account_id AND f.valid_to = 'infinity'))
  ORDER BY c.depth LIMIT 1
$$;

-- The levels of a chain, with one more. The rest of them is as it was.
DO $change$
DECLARE
  before text := pg_get_functiondef('policy_chain(text)'::regprocedure);
  was text := '  ) stored ORDER BY depth DESC';
BEGIN
  IF position(was IN before) = 0 THEN RAISE EXCEPTION 'policy_chain is not as this migration knows it.'; END IF;
  EXECUTE replace(before, was, $level$  UNION ALL
  -- What each customer's test accounts may use together, as a plan of the top of their tree says: nobody below takes it back.
  SELECT l.depth, l.id, l.time_zone, 'plan', p.id, '', '', '', '', p.word
  FROM level l JOIN account a ON a.id = l.id JOIN account top ON top.id = a.parent_id JOIN policy_plan p ON p.id = top.test_plan_id
$level$ || was);
END $change$;

-- The twin of an account, if it has one; of a twin, nothing.
CREATE FUNCTION account_twin(of_account text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT t.id FROM account t WHERE t.live_id = of_account AND account_is_visible(of_account) $$;

-- The account whose people those of an account are: of a twin, its live account; of all others, itself.
CREATE FUNCTION account_live(of_account text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT coalesce(a.live_id, a.id) FROM account a WHERE a.id = of_account AND account_is_visible(of_account) $$;

-- On whose books an account is: the top of its tree, with which it settles, and whether that is the one of tests.
CREATE FUNCTION account_books(of_account text) RETURNS TABLE (top_id text, is_test boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT coalesce(r.parent_id, r.id), a.is_test FROM account a JOIN account r ON r.id = a.root_id WHERE a.id = of_account
$$;

-- Of the accounts with something to accrue in a period those of one tree: of all live ones where none is named, or of the test
-- tree of one customer. The lowest first.
CREATE FUNCTION billing_tree_accounts(of_tree text, of_period text, since timestamptz, until timestamptz)
RETURNS TABLE (account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id FROM billing_active_accounts(of_period, since, until) b JOIN account a ON a.id = b.account_id
  WHERE CASE WHEN of_tree = '' THEN NOT a.is_test ELSE a.root_id = of_tree END
  ORDER BY a.depth DESC, a.id
$$;

CREATE FUNCTION account_tops() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT a.id FROM account a WHERE a.depth = 0 AND a.parent_id IS NULL ORDER BY a.is_test $$;

-- What a new twin takes over: policies, plans, configuration, and the prices of its edges. People, keys, webhooks, endpoints and
-- money stay where they are.
CREATE FUNCTION account_furnish_twin(of_account text, twin text, above text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  live account%ROWTYPE;
  plan policy_plan%ROWTYPE;
  plan_owner text;
BEGIN
  SELECT * INTO live FROM account a WHERE a.id = of_account;
  INSERT INTO service_config (account_id, application_id, instance_type, endpoint_id, service, config)
    SELECT twin, '', '', '', s.service, s.config FROM service_config s
    WHERE s.account_id = live.id AND s.application_id = '' AND s.endpoint_id = '';
  INSERT INTO service_access (account_id, service, state, uses, sessions_per_day, minutes_per_session)
    SELECT twin, s.service, s.state, s.uses, s.sessions_per_day, s.minutes_per_session FROM service_access s
    WHERE s.account_id = live.id;
  INSERT INTO policy (account_id, by, region, word)
    SELECT twin, p.by, p.region, p.word FROM policy p
    WHERE p.account_id = live.id AND p.application_id = '' AND p.endpoint = '';
  SELECT p.* INTO plan FROM account_plan t JOIN policy_plan p ON p.id = t.plan_id WHERE t.account_id = live.id;
  IF FOUND THEN
    SELECT a.id INTO plan_owner FROM account a WHERE a.live_id = plan.account_id;
    INSERT INTO policy_plan (id, account_id, name, word)
      VALUES (public_id('pln', clock_timestamp()), plan_owner, plan.name, plan.word) ON CONFLICT DO NOTHING;
    INSERT INTO account_plan (account_id, plan_id)
      SELECT twin, p.id FROM policy_plan p WHERE p.account_id = plan_owner AND p.name = plan.name;
  END IF;
  INSERT INTO price (id, account_id, child_id, service, meter, dimensions, amount, per, terms, currency, effective_from, effective_to)
    SELECT public_id('prc', clock_timestamp()), CASE WHEN p.child_id IS NULL THEN twin ELSE above END,
      CASE WHEN p.child_id IS NULL THEN NULL ELSE twin END,
      p.service, p.meter, p.dimensions, p.amount, p.per, p.terms, p.currency, p.effective_from, p.effective_to
    FROM price p WHERE p.effective_to > greatest(now(), p.effective_from) AND (
      (p.account_id = live.id AND p.child_id IS NULL) OR (p.account_id = live.parent_id AND p.child_id = live.id));
END $$;

-- The twin of an account, made with those of the accounts above it that have none yet. The account has to be in scope.
CREATE FUNCTION account_test_twin(of_account text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  live record;
  twin text;
  above text;
  plan_id text;
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN NULL; END IF;
  -- The tree stands still meanwhile, and of two who make one twin the second finds it.
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.account_move', 0));
  FOR live IN SELECT a.* FROM account_closure c JOIN account a ON a.id = c.ancestor_id
    WHERE c.descendant_id = of_account AND c.valid_to = 'infinity' ORDER BY c.depth DESC
  LOOP
    IF live.is_test THEN RETURN of_account; END IF;
    SELECT a.id INTO twin FROM account a WHERE a.live_id = live.id;
    IF twin IS NULL THEN
      twin := public_id('acc', clock_timestamp());
      INSERT INTO account (id, parent_id, root_id, name, external_id, currency, time_zone, is_test, live_id)
        VALUES (twin, above, twin, left(live.name, 90) || ' (test)', CASE WHEN NOT EXISTS (SELECT 1 FROM account a
          WHERE a.parent_id = above AND a.external_id = live.external_id) THEN live.external_id END, live.currency, live.time_zone, true, live.id);
      IF above IS NULL THEN
        plan_id := public_id('pln', clock_timestamp());
        INSERT INTO policy_plan (id, account_id, name, word) VALUES (plan_id, twin, 'Test keys', jsonb_build_object(
          'values', jsonb_build_object('concurrentSessionsMax', 2, 'sessionSecondsMax', 600, 'relayBytesPerDayMax', 1000000000),
          'locked', '[]'::jsonb, 'overridable', '{}'::jsonb));
        UPDATE account a SET test_plan_id = plan_id WHERE a.id = twin;
      END IF;
      PERFORM account_furnish_twin(live.id, twin, above);
    END IF;
    above := twin;
  END LOOP;
  RETURN twin;
END $$;

-- A twin moves with its account.
DO $change$
DECLARE
  before text := pg_get_functiondef('account_move(text, text)'::regprocedure);
  was text := '  outcome := ''moved'';';
BEGIN
  IF position(was IN before) = 0 THEN RAISE EXCEPTION 'account_move is not as this migration knows it.'; END IF;
  EXECUTE replace(before, was, $twin$  DECLARE
    scope text := current_setting('patchbay.account_id');
    twin account%ROWTYPE;
    new_parent_twin text;
  BEGIN
    SELECT * INTO twin FROM account a WHERE a.live_id = moved_id;
    IF FOUND THEN
      new_parent_twin := account_test_twin(new_parent_id);
      -- What is called like it among test accounts does not keep a live account where it is.
      UPDATE account a SET external_id = NULL WHERE a.id = twin.id AND EXISTS (
        SELECT 1 FROM account o WHERE o.parent_id = new_parent_twin AND o.external_id = twin.external_id);
      PERFORM set_config('patchbay.account_id', twin.root_id, true);
      PERFORM account_move(twin.id, new_parent_twin);
      PERFORM set_config('patchbay.account_id', scope, true);
    END IF;
  END;
$twin$ || was);
END $change$;

GRANT INSERT ON price TO patchbay_wall;
DO $$
DECLARE
  definer text;
BEGIN
  FOREACH definer IN ARRAY ARRAY['account_twin(text)', 'account_test_twin(text)', 'account_furnish_twin(text, text, text)',
    'account_live(text)', 'account_books(text)', 'account_tops()',
    'billing_tree_accounts(text, text, timestamptz, timestamptz)', 'user_reach(text)', 'user_reach_in_view(text, text)'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', definer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION account_twin(text), account_test_twin(text), account_live(text), account_books(text), account_tops(),
  billing_tree_accounts(text, text, timestamptz, timestamptz), user_reach(text),
  user_reach_in_view(text, text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
