-- How much credit an account may give that nobody paid for yet (BIL-5). What a giver owes for credit that others use is asked of it
-- later; until then it is the risk of whoever collects, and nothing bounded it. Each account above says it for itself.
CREATE TABLE "credit_line" (
    "account_id" TEXT NOT NULL,
    "by_id" TEXT NOT NULL,
    "amount" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "credit_line_pkey" PRIMARY KEY ("account_id","by_id"),
    CONSTRAINT "credit_line_bounds" CHECK ("amount" >= 0 AND "account_id" <> "by_id")
);

GRANT CREATE ON SCHEMA public TO patchbay_wall;
SELECT guard_tenant_table('credit_line');
CREATE TRIGGER one_tree AFTER INSERT ON credit_line REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_mixed_books('account_id', 'by_id');

CREATE FUNCTION credit_line_is_from_above() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = NEW.account_id AND c.ancestor_id = NEW.by_id AND c.valid_to = 'infinity') THEN
    RAISE EXCEPTION 'Account % is not above account %.', NEW.by_id, NEW.account_id USING ERRCODE = 'PB411';
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION credit_line_is_from_above() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION credit_line_is_from_above() FROM PUBLIC;
CREATE TRIGGER is_from_above AFTER INSERT OR UPDATE ON credit_line
  FOR EACH ROW EXECUTE FUNCTION credit_line_is_from_above();

DO $change$
DECLARE
  falls text := pg_get_functiondef('account_words_fall(text[])'::regprocedure);
  was text := '  DELETE FROM spending_limit l';
  passes text := pg_get_functiondef('test_words_pass(text[], text[], text[], text[])'::regprocedure);
  before text := '  INSERT INTO account_suspension (account_id, by_id, reason, at)';
BEGIN
  IF position(was IN falls) = 0 OR position(before IN passes) = 0 THEN
    RAISE EXCEPTION 'What becomes of words from above is not as this migration knows it.';
  END IF;
  EXECUTE replace(falls, was, $words$  DELETE FROM credit_line l WHERE l.account_id = ANY (moved) AND NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = l.account_id AND c.ancestor_id = l.by_id AND c.valid_to = 'infinity');
$words$ || was);
  EXECUTE replace(passes, before, $words$  INSERT INTO credit_line (account_id, by_id, amount)
  SELECT t.new, s.new, l.amount FROM credit_line l
    JOIN unnest(old_ids, new_ids) AS t(old, new) ON t.old = l.account_id
    JOIN unnest(old_ids, new_ids) AS s(old, new) ON s.old = l.by_id;

$words$ || before);
END $change$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
