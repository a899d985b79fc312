-- Who keeps an account suspended: each account above it for itself (ACC-2). It was one state, and whoever wrote it last had the
-- word: an account between took back what one above it had said. The state stays what all read, and follows from these.

CREATE TABLE "account_suspension" (
    "account_id" TEXT NOT NULL,
    "by_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_suspension_pkey" PRIMARY KEY ("account_id","by_id","reason"),
    CONSTRAINT "account_suspension_reason" CHECK ("reason" IN ('said', 'overdue'))
);

GRANT CREATE ON SCHEMA public TO patchbay_wall;
SELECT guard_tenant_table('account_suspension');
REVOKE UPDATE ON account_suspension FROM patchbay_app;

-- An invoice that is overdue keeps its own; of all others nobody knows any more who it was, so it is the parent's.
INSERT INTO account_suspension (account_id, by_id, reason)
SELECT a.id, o.set_by_id, 'overdue' FROM account a JOIN overdue_account o ON o.account_id = a.id
  JOIN account_closure c ON c.descendant_id = a.id AND c.ancestor_id = o.set_by_id AND c.valid_to = 'infinity'
WHERE a.state = 'suspended' AND o.is_suspended;
INSERT INTO account_suspension (account_id, by_id, reason)
SELECT a.id, coalesce(a.parent_id, a.id), 'said' FROM account a
WHERE a.state = 'suspended' AND NOT EXISTS (SELECT 1 FROM account_suspension s WHERE s.account_id = a.id);

-- The state that follows. Of two transactions that change suspensions of one account, the second waits here for the first, and
-- sees what it left.
CREATE FUNCTION account_suspension_tells() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  of_account text := CASE TG_OP WHEN 'DELETE' THEN OLD.account_id ELSE NEW.account_id END;
BEGIN
  PERFORM 1 FROM account a WHERE a.id = of_account FOR UPDATE;
  IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = of_account AND c.ancestor_id = NEW.by_id AND c.valid_to = 'infinity') THEN
    RAISE EXCEPTION 'Account % is not above account %.', NEW.by_id, of_account USING ERRCODE = 'PB409';
  END IF;
  UPDATE account a SET state = s.state FROM (SELECT CASE WHEN EXISTS (SELECT 1 FROM account_suspension w
    WHERE w.account_id = of_account) THEN 'suspended' ELSE 'active' END AS state) s
  WHERE a.id = of_account AND a.state NOT IN ('closed', s.state);
  RETURN NULL;
END $$;
ALTER FUNCTION account_suspension_tells() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION account_suspension_tells() FROM PUBLIC;
CREATE TRIGGER tells_account AFTER INSERT OR DELETE ON account_suspension
  FOR EACH ROW EXECUTE FUNCTION account_suspension_tells();

-- Whoever writes the state itself, as processes of the release before do: a suspension is kept as the parent's, and one that
-- stands is not passed over.
CREATE FUNCTION account_state_is_said() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NEW.state = 'suspended' THEN
    IF NOT EXISTS (SELECT 1 FROM account_suspension s WHERE s.account_id = NEW.id) THEN
      INSERT INTO account_suspension (account_id, by_id, reason) VALUES (NEW.id, coalesce(NEW.parent_id, NEW.id), 'said');
    END IF;
  ELSIF NEW.state = 'active' AND EXISTS (SELECT 1 FROM account_suspension s WHERE s.account_id = NEW.id) THEN
    RAISE EXCEPTION 'Account % is suspended by somebody.', NEW.id USING ERRCODE = 'PB409';
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION account_state_is_said() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION account_state_is_said() FROM PUBLIC;
CREATE TRIGGER state_is_said AFTER UPDATE OF state ON account FOR EACH ROW
  WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION account_state_is_said();

-- A limit whose account is not above any more could be changed by nobody: it is the parent's, as it was to all.
UPDATE spending_limit l SET set_by_id = a.parent_id FROM account a WHERE a.id = l.account_id AND a.parent_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = l.account_id AND c.ancestor_id = l.set_by_id AND c.valid_to = 'infinity');
-- Whoever set it while the account moved away from below them could not take it back: a move comes before, or after.
CREATE FUNCTION spending_limit_is_from_above() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM 1 FROM account a WHERE a.id = NEW.account_id FOR SHARE;
  IF NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = NEW.account_id AND c.ancestor_id = NEW.set_by_id AND c.valid_to = 'infinity') THEN
    RAISE EXCEPTION 'Account % is not above account %.', NEW.set_by_id, NEW.account_id USING ERRCODE = 'PB409';
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION spending_limit_is_from_above() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION spending_limit_is_from_above() FROM PUBLIC;
CREATE TRIGGER is_from_above AFTER INSERT ON spending_limit
  FOR EACH ROW EXECUTE FUNCTION spending_limit_is_from_above();
CREATE UNIQUE INDEX spending_limit_setter_key ON spending_limit (account_id, set_by_id, per, action);

-- What accounts have said of others that they do not stand above any more: nobody could take it back.
CREATE FUNCTION account_words_fall(moved text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM account_suspension s WHERE s.account_id = ANY (moved) AND NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = s.account_id AND c.ancestor_id = s.by_id AND c.valid_to = 'infinity');
  DELETE FROM spending_limit l WHERE l.account_id = ANY (moved) AND NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = l.account_id AND c.ancestor_id = l.set_by_id AND c.valid_to = 'infinity');
  UPDATE overdue_account o SET word = NULL, action = 'mark' WHERE o.account_id = ANY (moved) AND o.action <> 'mark'
    AND NOT EXISTS (SELECT 1 FROM account_closure c
      WHERE c.descendant_id = o.account_id AND c.ancestor_id = o.set_by_id AND c.valid_to = 'infinity');
END $$;
ALTER FUNCTION account_words_fall(text[]) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION account_words_fall(text[]) FROM PUBLIC;

DO $change$
DECLARE
  before text := pg_get_functiondef('account_move(text, text)'::regprocedure);
  was text := '  DELETE FROM account_plan t USING';
BEGIN
  IF position(was IN before) = 0 THEN RAISE EXCEPTION 'account_move is not as this migration knows it.'; END IF;
  EXECUTE replace(before, was, E'  PERFORM account_words_fall(subtree);\n' || was);
END $change$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
