-- A test account has no people but those of its live account, whoever asks, and nobody signs up below one: at a host of a brand of
-- its own, strangers would get an account whose money is none.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

CREATE FUNCTION role_is_of_live_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF (SELECT a.is_test FROM account a WHERE a.id = NEW.account_id) THEN
    RAISE EXCEPTION 'Test account % has no people of its own.', NEW.account_id USING ERRCODE = 'PB409';
  END IF;
  RETURN NEW;
END $$;
ALTER FUNCTION role_is_of_live_account() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION role_is_of_live_account() FROM PUBLIC;
CREATE TRIGGER is_of_live_account BEFORE INSERT OR UPDATE OF account_id ON role_grant
  FOR EACH ROW EXECUTE FUNCTION role_is_of_live_account();

DO $change$
DECLARE
  before text := pg_get_functiondef('brand_sign_up_currency(text)'::regprocedure);
  was text := 'b.is_sign_up_open AND ';
BEGIN
  IF position(was IN before) = 0 THEN RAISE EXCEPTION 'brand_sign_up_currency is not as this migration knows it.'; END IF;
  EXECUTE replace(before, was, was || 'NOT a.is_test AND ');
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
