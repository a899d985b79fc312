-- Passkeys belong to the host where they were made; NULL: the platform's own (PRD-2, PRD-3).
ALTER TABLE "passkey" ADD COLUMN "host" TEXT;
-- When whoever holds a session showed last that it is they: a stolen session adds no way in of its own.
ALTER TABLE "sign_in_session" ADD COLUMN "proved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
UPDATE sign_in_session SET proved_at = created_at;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- As before, with the host. What the version before adds is the platform's.
CREATE FUNCTION passkey_add_at(new_id text, of_user text, called text, credential text, key bytea, starts_at bigint, count_max integer,
  at_host text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT passkey_add(new_id, of_user, called, credential, key, starts_at, count_max) THEN RETURN false; END IF;
  UPDATE passkey p SET host = at_host WHERE p.id = new_id;
  RETURN true;
END $$;

CREATE FUNCTION passkeys_of(of_user text)
RETURNS TABLE (id text, name text, credential_id text, host text, created_at timestamptz, last_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT p.id, p.name, p.credential_id, p.host, p.created_at, p.last_used_at FROM passkey p WHERE p.user_id = of_user ORDER BY p.id
$$;

-- NULL: the session does not hold.
CREATE FUNCTION sign_in_proved_at(session_id text) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT s.proved_at FROM sign_in_session s WHERE s.id = session_id AND s.revoked_at IS NULL AND s.expires_at > now()
$$;

CREATE FUNCTION sign_in_prove(session_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ UPDATE sign_in_session s SET proved_at = now() WHERE s.id = session_id AND s.revoked_at IS NULL AND s.expires_at > now() $$;

-- Sets the password of whoever holds the session, and ends their other sessions and every link that was mailed to them.
CREATE FUNCTION password_change(session_id text, new_password_hash text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  holder text;
BEGIN
  SELECT s.user_id INTO holder FROM sign_in_session s
    WHERE s.id = session_id AND s.revoked_at IS NULL AND s.expires_at > now();
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE app_user u SET password_hash = new_password_hash WHERE u.id = holder;
  UPDATE email_link l SET used_at = now() WHERE l.user_id = holder AND l.purpose = 'reset' AND l.used_at IS NULL;
  UPDATE sign_in_session s SET revoked_at = now()
    WHERE s.user_id = holder AND s.id <> session_id AND s.revoked_at IS NULL;
  RETURN true;
END $$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY[
    'passkey_add_at(text, text, text, text, bytea, bigint, integer, text)', 'passkeys_of(text)', 'sign_in_proved_at(text)',
    'sign_in_prove(text)', 'password_change(text, text)'
  ]::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', definer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
