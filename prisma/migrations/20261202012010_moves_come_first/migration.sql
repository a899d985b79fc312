-- Whoever says something of an account while it is moved away waited for the move, and the move for them, or failed with a code that
-- nobody knew: limits held the account's row, which anybody who changed its name held as well. They keep all accounts where
-- they stand, as what policies say does, and have a code of their own.
GRANT CREATE ON SCHEMA public TO patchbay_wall;
DO $change$
DECLARE
  limits text := pg_get_functiondef('spending_limit_is_from_above()'::regprocedure);
  suspensions text := pg_get_functiondef('account_suspension_tells()'::regprocedure);
  share text := 'PERFORM 1 FROM account a WHERE a.id = NEW.account_id FOR SHARE;';
  code text := $$ERRCODE = 'PB409'$$;
  own text := $$ERRCODE = 'PB411'$$;
BEGIN
  IF position(share IN limits) = 0 OR position(code IN limits) = 0 OR position(code IN suspensions) = 0 THEN
    RAISE EXCEPTION 'What says something of accounts below is not as this migration knows it.';
  END IF;
  EXECUTE replace(replace(limits, share,
    $$PERFORM pg_advisory_xact_lock_shared(hashtextextended('patchbay.account_move', 0));$$), code, own);
  EXECUTE replace(suspensions, code, own);
END $change$;

CREATE FUNCTION prepaid_word_is_from_above() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = NEW.account_id AND c.ancestor_id = NEW.by_id AND c.valid_to = 'infinity') THEN
    RAISE EXCEPTION 'Account % is not above account %.', NEW.by_id, NEW.account_id USING ERRCODE = 'PB411';
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION prepaid_word_is_from_above() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION prepaid_word_is_from_above() FROM PUBLIC;
CREATE TRIGGER is_from_above AFTER INSERT ON prepaid_word
  FOR EACH ROW EXECUTE FUNCTION prepaid_word_is_from_above();
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
