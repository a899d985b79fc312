-- What people do with their own sign-in, besides what was there: another name, of themselves or of a passkey, and the end of all
-- sessions but one (PRD-3).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The name until now of whoever holds the session. NULL: the session does not hold.
CREATE FUNCTION user_rename(session_id text, new_name text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  holder text;
  was text;
BEGIN
  SELECT s.user_id INTO holder FROM sign_in_session s
    WHERE s.id = session_id AND s.revoked_at IS NULL AND s.expires_at > now();
  SELECT u.name INTO was FROM app_user u WHERE u.id = holder FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  UPDATE app_user u SET name = new_name WHERE u.id = holder;
  RETURN was;
END $$;

-- The name until now. NULL: this user has no such passkey.
CREATE FUNCTION passkey_rename(of_user text, passkey_id text, called text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  was text;
BEGIN
  SELECT p.name INTO was FROM passkey p WHERE p.id = passkey_id AND p.user_id = of_user FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  UPDATE passkey p SET name = called WHERE p.id = passkey_id;
  RETURN was;
END $$;

-- How many other sessions of whoever holds this one ended.
CREATE FUNCTION sign_in_revoke_others(session_id text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  ended integer;
BEGIN
  UPDATE sign_in_session s SET revoked_at = now() WHERE s.revoked_at IS NULL AND s.expires_at > now() AND s.id <> session_id
    AND s.user_id = (SELECT o.user_id FROM sign_in_session o
      WHERE o.id = session_id AND o.revoked_at IS NULL AND o.expires_at > now());
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY[
    'user_rename(text, text)', 'passkey_rename(text, text, text)', 'sign_in_revoke_others(text)'
  ]::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', definer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
