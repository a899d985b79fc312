-- Passkeys (WebAuthn): somebody signs in without a password (PRD-3).
CREATE TABLE "passkey" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "credential_id" TEXT NOT NULL,
    "public_key" BYTEA NOT NULL,
    "counter" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "passkey_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "passkey_challenge" (
    "challenge" TEXT NOT NULL,
    "user_id" TEXT,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "passkey_challenge_pkey" PRIMARY KEY ("challenge")
);
CREATE UNIQUE INDEX "passkey_credential_id_key" ON "passkey"("credential_id");
CREATE INDEX "passkey_user_id_idx" ON "passkey"("user_id");
CREATE INDEX "passkey_challenge_expires_at_idx" ON "passkey_challenge"("expires_at");
ALTER TABLE "passkey" ADD CONSTRAINT "passkey_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

ALTER TABLE passkey ENABLE ROW LEVEL SECURITY;
ALTER TABLE passkey FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON passkey TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON passkey TO patchbay_wall;
ALTER TABLE passkey_challenge ENABLE ROW LEVEL SECURITY;
ALTER TABLE passkey_challenge FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON passkey_challenge TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON passkey_challenge TO patchbay_wall;

-- Keeps a challenge until it is answered or too old. NULL: of somebody who is still to say who they are. False: there are
-- too many, for strangers ask for them.
CREATE FUNCTION passkey_challenge_make(new_challenge text, of_user text, until timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM passkey_challenge c WHERE c.expires_at <= now();
  IF (SELECT count(*) FROM passkey_challenge) >= 10000 THEN RETURN false; END IF;
  INSERT INTO passkey_challenge (challenge, user_id, expires_at) VALUES (new_challenge, of_user, until);
  RETURN true;
END $$;
ALTER FUNCTION passkey_challenge_make(text, text, timestamptz) OWNER TO patchbay_wall;

-- Takes a challenge, once, as whoever it was made for.
CREATE FUNCTION passkey_challenge_take(answered text, of_user text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM passkey_challenge c
    WHERE c.challenge = answered AND c.user_id IS NOT DISTINCT FROM of_user AND c.expires_at > now();
  RETURN FOUND;
END $$;
ALTER FUNCTION passkey_challenge_take(text, text) OWNER TO patchbay_wall;

-- Keeps a passkey. False: it is somebody's already, or there are as many as one person may have.
CREATE FUNCTION passkey_add(new_id text, of_user text, called text, credential text, key bytea, starts_at bigint, count_max integer)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM 1 FROM app_user u WHERE u.id = of_user FOR UPDATE;
  IF (SELECT count(*) FROM passkey p WHERE p.user_id = of_user) >= count_max THEN RETURN false; END IF;
  INSERT INTO passkey (id, user_id, name, credential_id, public_key, counter)
    VALUES (new_id, of_user, called, credential, key, starts_at) ON CONFLICT (credential_id) DO NOTHING;
  RETURN FOUND;
END $$;
ALTER FUNCTION passkey_add(text, text, text, text, bytea, bigint, integer) OWNER TO patchbay_wall;

CREATE FUNCTION passkey_list(of_user text)
RETURNS TABLE (id text, name text, credential_id text, created_at timestamptz, last_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT p.id, p.name, p.credential_id, p.created_at, p.last_used_at FROM passkey p WHERE p.user_id = of_user ORDER BY p.id
$$;
ALTER FUNCTION passkey_list(text) OWNER TO patchbay_wall;

CREATE FUNCTION passkey_find(credential text)
RETURNS TABLE (id text, user_id text, name text, email text, public_key bytea, counter bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT p.id, u.id, u.name, u.email, p.public_key, p.counter FROM passkey p JOIN app_user u ON u.id = p.user_id
  WHERE p.credential_id = credential
$$;
ALTER FUNCTION passkey_find(text) OWNER TO patchbay_wall;

-- Notes a use. False: the counter did not rise, so that of two answers with one count, one is taken. A passkey that counts
-- nothing says 0 each time.
CREATE FUNCTION passkey_use(passkey_id text, new_counter bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  UPDATE passkey p SET counter = new_counter, last_used_at = now()
    WHERE p.id = passkey_id AND (p.counter < new_counter OR p.counter = 0 AND new_counter = 0);
  RETURN FOUND;
END $$;
ALTER FUNCTION passkey_use(text, bigint) OWNER TO patchbay_wall;

-- The name of what was removed. NULL: this user has no such passkey.
CREATE FUNCTION passkey_remove(of_user text, passkey_id text) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ DELETE FROM passkey p WHERE p.id = passkey_id AND p.user_id = of_user RETURNING p.name $$;
ALTER FUNCTION passkey_remove(text, text) OWNER TO patchbay_wall;

CREATE OR REPLACE FUNCTION distrust_factors(of_user text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM 1 FROM app_user u WHERE u.id = of_user AND u.email_verified_at IS NULL;
  IF FOUND THEN
    PERFORM second_factor_remove(of_user);
    DELETE FROM passkey p WHERE p.user_id = of_user;
  END IF;
END $$;
ALTER FUNCTION distrust_factors(text) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY[
    'passkey_challenge_make(text, text, timestamptz)', 'passkey_challenge_take(text, text)',
    'passkey_add(text, text, text, text, bytea, bigint, integer)', 'passkey_list(text)', 'passkey_find(text)',
    'passkey_use(text, bigint)', 'passkey_remove(text, text)'
  ]::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
