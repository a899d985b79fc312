-- A code beside the password (RFC 6238), codes for when it is lost, and where somebody is signed in (PRD-3).
ALTER TABLE "sign_in_session" ADD COLUMN "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
CREATE TABLE "second_factor" (
    "user_id" TEXT NOT NULL,
    "secret" BYTEA NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "last_step" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "second_factor_pkey" PRIMARY KEY ("user_id")
);
CREATE TABLE "recovery_code" (
    "user_id" TEXT NOT NULL,
    "code_hash" BYTEA NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "recovery_code_pkey" PRIMARY KEY ("user_id","code_hash")
);
ALTER TABLE "second_factor" ADD CONSTRAINT "second_factor_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "recovery_code" ADD CONSTRAINT "recovery_code_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

ALTER TABLE second_factor ENABLE ROW LEVEL SECURITY;
ALTER TABLE second_factor FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON second_factor TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON second_factor TO patchbay_wall;
ALTER TABLE recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_code FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON recovery_code TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_code TO patchbay_wall;

CREATE FUNCTION second_factor_read(of_user text) RETURNS TABLE (secret bytea, is_confirmed boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT f.secret, f.confirmed_at IS NOT NULL FROM second_factor f WHERE f.user_id = of_user $$;
ALTER FUNCTION second_factor_read(text) OWNER TO patchbay_wall;

-- Keeps a secret that no code was shown of yet. One that is in use stays.
CREATE FUNCTION second_factor_propose(of_user text, new_secret bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  INSERT INTO second_factor AS f (user_id, secret) VALUES (of_user, new_secret)
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE f.confirmed_at IS NULL;
  RETURN FOUND;
END $$;
ALTER FUNCTION second_factor_propose(text, bytea) OWNER TO patchbay_wall;

-- Takes the step of a code. Each is taken once, and none before it afterwards (RFC 6238 §5.2).
CREATE FUNCTION second_factor_take(of_user text, step bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  UPDATE second_factor f SET last_step = step WHERE f.user_id = of_user AND f.last_step < step;
  RETURN FOUND;
END $$;
ALTER FUNCTION second_factor_take(text, bigint) OWNER TO patchbay_wall;

CREATE FUNCTION second_factor_confirm(of_user text, code_hashes bytea[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  UPDATE second_factor f SET confirmed_at = now() WHERE f.user_id = of_user AND f.confirmed_at IS NULL;
  IF NOT FOUND THEN RETURN false; END IF;
  DELETE FROM recovery_code c WHERE c.user_id = of_user;
  INSERT INTO recovery_code (user_id, code_hash) SELECT of_user, unnest(code_hashes);
  RETURN true;
END $$;
ALTER FUNCTION second_factor_confirm(text, bytea[]) OWNER TO patchbay_wall;

CREATE FUNCTION second_factor_remove(of_user text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  DELETE FROM recovery_code c WHERE c.user_id = of_user;
  DELETE FROM second_factor f WHERE f.user_id = of_user
$$;
ALTER FUNCTION second_factor_remove(text) OWNER TO patchbay_wall;

CREATE FUNCTION recovery_code_use(of_user text, hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  UPDATE recovery_code c SET used_at = now() WHERE c.user_id = of_user AND c.code_hash = hash AND c.used_at IS NULL;
  RETURN FOUND;
END $$;
ALTER FUNCTION recovery_code_use(text, bytea) OWNER TO patchbay_wall;

-- Forgets what else somebody signs in with whose address was never proved: it may be of whoever took the address first.
CREATE FUNCTION distrust_factors(of_user text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM 1 FROM app_user u WHERE u.id = of_user AND u.email_verified_at IS NULL;
  IF FOUND THEN PERFORM second_factor_remove(of_user); END IF;
END $$;
ALTER FUNCTION distrust_factors(text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION distrust_factors(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION password_reset(hash bytea, new_password_hash text) RETURNS TABLE (user_id text, name text, email text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  link email_link%ROWTYPE;
BEGIN
  UPDATE email_link l SET used_at = now()
    WHERE l.token_hash = hash AND l.purpose = 'reset' AND l.used_at IS NULL AND l.expires_at > now() RETURNING l.* INTO link;
  IF NOT FOUND THEN RETURN; END IF;
  -- A link that somebody else asked for before, such as to another address, goes with their sessions.
  UPDATE email_link l SET used_at = now() WHERE l.user_id = link.user_id AND l.used_at IS NULL;
  UPDATE sign_in_session s SET revoked_at = now() WHERE s.user_id = link.user_id AND s.revoked_at IS NULL;
  PERFORM distrust_factors(link.user_id);
  RETURN QUERY UPDATE app_user u SET password_hash = new_password_hash, email_verified_at = coalesce(u.email_verified_at, now())
    WHERE u.id = link.user_id AND u.email = link.email RETURNING u.id, u.name, u.email;
END $$;
ALTER FUNCTION password_reset(bytea, text) OWNER TO patchbay_wall;

-- Who holds a session that still holds; it was seen just now.
CREATE OR REPLACE FUNCTION sign_in_check(session_id text) RETURNS TABLE (user_id text, name text, email text, expires_at timestamptz)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  UPDATE sign_in_session s SET last_seen_at = now() WHERE s.id = session_id AND s.revoked_at IS NULL
    AND s.expires_at > now() AND s.last_seen_at < now() - interval '1 minute';
  SELECT u.id, u.name, u.email, s.expires_at FROM sign_in_session s JOIN app_user u ON u.id = s.user_id
  WHERE s.id = session_id AND s.revoked_at IS NULL AND s.expires_at > now()
$$;
ALTER FUNCTION sign_in_check(text) OWNER TO patchbay_wall;

-- The sessions of whoever holds this one, the one seen last first.
CREATE FUNCTION sign_in_list(session_id text)
RETURNS TABLE (id text, address text, user_agent text, created_at timestamptz, last_seen_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT s.id, s.address, s.user_agent, s.created_at, s.last_seen_at
  FROM sign_in_session own JOIN sign_in_session s ON s.user_id = own.user_id
  WHERE own.id = session_id AND own.revoked_at IS NULL AND own.expires_at > now()
    AND s.revoked_at IS NULL AND s.expires_at > now()
  ORDER BY s.last_seen_at DESC, s.id LIMIT 100
$$;
ALTER FUNCTION sign_in_list(text) OWNER TO patchbay_wall;

-- Whether both sessions are of one user, and the first still holds.
CREATE FUNCTION sign_in_is_own(session_id text, other_id text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT EXISTS (SELECT 1 FROM sign_in_session own JOIN sign_in_session s ON s.user_id = own.user_id
    WHERE own.id = session_id AND own.revoked_at IS NULL AND own.expires_at > now() AND s.id = other_id)
$$;
ALTER FUNCTION sign_in_is_own(text, text) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY[
    'second_factor_read(text)', 'second_factor_propose(text, bytea)', 'second_factor_take(text, bigint)',
    'second_factor_confirm(text, bytea[])', 'second_factor_remove(text)', 'recovery_code_use(text, bytea)',
    'sign_in_list(text)', 'sign_in_is_own(text, text)'
  ]::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
