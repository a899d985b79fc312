-- An account has the plans that those above it give it: of each of them one, so that nobody replaces what another gave.
ALTER TABLE "account_plan" ADD COLUMN "owner_id" TEXT;
UPDATE account_plan t SET owner_id = p.account_id FROM policy_plan p WHERE p.id = t.plan_id;
ALTER TABLE "account_plan" ALTER COLUMN "owner_id" SET NOT NULL;
ALTER TABLE "account_plan" DROP CONSTRAINT "account_plan_pkey",
ADD CONSTRAINT "account_plan_pkey" PRIMARY KEY ("account_id", "owner_id");
-- Whose a plan is cannot be said otherwise than the plan itself says it.
CREATE UNIQUE INDEX "policy_plan_id_account_id_key" ON "policy_plan"("id", "account_id");
ALTER TABLE "account_plan" DROP CONSTRAINT "account_plan_plan_id_fkey",
ADD CONSTRAINT "account_plan_plan_id_owner_id_fkey" FOREIGN KEY ("plan_id", "owner_id") REFERENCES "policy_plan"("id", "account_id") ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE TRIGGER one_tree AFTER INSERT ON account_plan REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_mixed_books('account_id', 'owner_id');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The plans that an account has, of the farthest above it first; of one that none of `owners` has no more than that there is one.
CREATE FUNCTION policy_plans_of(of_account text, owners text[]) RETURNS TABLE (plan_id text, owner_id text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT CASE WHEN s.is_seen THEN p.id END, CASE WHEN s.is_seen THEN p.account_id END, CASE WHEN s.is_seen THEN p.name END
  FROM account_plan t JOIN policy_plan p ON p.id = t.plan_id
    JOIN account_closure c ON c.descendant_id = t.account_id AND c.ancestor_id = t.owner_id AND c.valid_to = 'infinity'
    CROSS JOIN LATERAL (SELECT p.account_id = ANY (owners) AS is_seen) s
  WHERE t.account_id = of_account AND account_is_visible(of_account) ORDER BY c.depth DESC
$$;
ALTER FUNCTION policy_plans_of(text, text[]) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION policy_plans_of(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION policy_plans_of(text, text[]) TO patchbay_app;

DO $change$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    -- Both of plans that were given, and of the one that all test accounts of a customer have.
    ('policy_chain(text)', $was$'plan', p.id, '', '', '', '', p.word
$was$, $becomes$'plan', p.id, '', '', '', '', p.word || jsonb_build_object('setById', p.account_id)
$becomes$),
    ('account_furnish_twin(text, text, text)', $was$  SELECT p.* INTO plan FROM account_plan t JOIN policy_plan p ON p.id = t.plan_id WHERE t.account_id = live.id;
  IF FOUND THEN
    SELECT a.id INTO plan_owner FROM account a WHERE a.live_id = plan.account_id;
    INSERT INTO policy_plan (id, account_id, name, word)
      VALUES (public_id('pln', clock_timestamp()), plan_owner, plan.name, plan.word) ON CONFLICT DO NOTHING;
    INSERT INTO account_plan (account_id, plan_id)
      SELECT twin, p.id FROM policy_plan p WHERE p.account_id = plan_owner AND p.name = plan.name;
  END IF;$was$, $becomes$  FOR plan IN SELECT p.* FROM account_plan t JOIN policy_plan p ON p.id = t.plan_id WHERE t.account_id = live.id LOOP
    SELECT a.id INTO plan_owner FROM account a WHERE a.live_id = plan.account_id;
    INSERT INTO policy_plan (id, account_id, name, word)
      VALUES (public_id('pln', clock_timestamp()), plan_owner, plan.name, plan.word) ON CONFLICT DO NOTHING;
    INSERT INTO account_plan (account_id, owner_id, plan_id)
      SELECT twin, plan_owner, p.id FROM policy_plan p WHERE p.account_id = plan_owner AND p.name = plan.name;
  END LOOP;$becomes$)
  ) AS c(signature, was, becomes) LOOP
    written := pg_get_functiondef(change.signature::regprocedure);
    IF position(change.was IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it.', change.signature; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
