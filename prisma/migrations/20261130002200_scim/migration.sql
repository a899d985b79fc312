-- An organisation's provider keeps its people here up to date (SCIM 2.0, PRD-3).
CREATE TABLE "scim_token" (
    "account_id" TEXT NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "scim_token_pkey" PRIMARY KEY ("account_id")
);
CREATE TABLE "scim_user" (
    "account_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "external_id" TEXT,
    "is_active" BOOLEAN NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "scim_user_pkey" PRIMARY KEY ("account_id","user_id")
);
CREATE TABLE "scim_group" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "external_id" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "scim_group_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "scim_group_member" (
    "account_id" TEXT NOT NULL,
    "group_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,

    CONSTRAINT "scim_group_member_pkey" PRIMARY KEY ("group_id","user_id")
);

CREATE UNIQUE INDEX "scim_token_token_hash_key" ON "scim_token"("token_hash");
CREATE UNIQUE INDEX "scim_user_account_id_external_id_key" ON "scim_user"("account_id", "external_id");
CREATE INDEX "scim_user_user_id_idx" ON "scim_user"("user_id");
CREATE UNIQUE INDEX "scim_group_account_id_display_name_key" ON "scim_group"("account_id", "display_name");
CREATE UNIQUE INDEX "scim_group_account_id_id_key" ON "scim_group"("account_id", "id");
CREATE INDEX "scim_group_member_account_id_user_id_idx" ON "scim_group_member"("account_id", "user_id");
ALTER TABLE "scim_token" ADD CONSTRAINT "scim_token_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "scim_user" ADD CONSTRAINT "scim_user_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "scim_user" ADD CONSTRAINT "scim_user_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "scim_group" ADD CONSTRAINT "scim_group_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "scim_group_member" ADD CONSTRAINT "scim_group_member_account_id_group_id_fkey" FOREIGN KEY ("account_id", "group_id") REFERENCES "scim_group"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "scim_group_member" ADD CONSTRAINT "scim_group_member_account_id_user_id_fkey" FOREIGN KEY ("account_id", "user_id") REFERENCES "scim_user"("account_id", "user_id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT guard_tenant_table(name::regclass)
  FROM unnest(ARRAY['scim_token', 'scim_user', 'scim_group', 'scim_group_member']) AS name;
-- Whoever reads in a tenant's scope learns no token, nor its hash.
REVOKE SELECT ON scim_token FROM patchbay_app;
GRANT SELECT (account_id, created_at, last_used_at) ON scim_token TO patchbay_app;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Whose a token is; it was used just now. That is written at most once a minute.
CREATE FUNCTION scim_account(hash bytea) RETURNS TABLE (account_id text, organisation_id text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  UPDATE scim_token t SET last_used_at = now() WHERE t.token_hash = hash
    AND (t.last_used_at IS NULL OR t.last_used_at < now() - interval '1 minute');
  SELECT t.account_id, a.organisation_id FROM scim_token t JOIN account a ON a.id = t.account_id
  WHERE t.token_hash = hash AND a.state = 'active'
$$;
ALTER FUNCTION scim_account(bytea) OWNER TO patchbay_wall;

-- What the users of an organisation are called, those who hold no role now too.
CREATE FUNCTION scim_people(of_account text) RETURNS TABLE (user_id text, email text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT u.id, u.email, u.name FROM scim_user s JOIN app_user u ON u.id = s.user_id
  WHERE s.account_id = of_account AND account_is_visible(of_account)
$$;
ALTER FUNCTION scim_people(text) OWNER TO patchbay_wall;

-- Ends the sessions of somebody who is out: those that the provider opened, and all where they have nothing elsewhere.
CREATE FUNCTION scim_end_sessions(of_user text, of_account text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  ended integer;
BEGIN
  PERFORM 1 FROM scim_user u WHERE u.user_id = of_user AND u.account_id = of_account AND account_is_visible(of_account);
  IF NOT FOUND THEN RETURN 0; END IF;
  UPDATE sign_in_session s SET revoked_at = now() WHERE s.user_id = of_user AND s.revoked_at IS NULL
    AND (NOT sso_is_elsewhere(of_user, of_account)
      OR s.provider_id = (SELECT p.id FROM sso_provider p WHERE p.account_id = of_account));
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;
ALTER FUNCTION scim_end_sessions(text, text) OWNER TO patchbay_wall;
GRANT EXECUTE ON FUNCTION sso_is_elsewhere(text, text) TO patchbay_wall;

-- Calls somebody otherwise, or gives them another address at a proved domain: only whom the provider alone answers for. An
-- address that somebody has is a unique_violation.
CREATE FUNCTION scim_change_person(of_user text, of_account text, new_email text, new_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM 1 FROM scim_user u WHERE u.user_id = of_user AND u.account_id = of_account AND account_is_visible(of_account)
    AND NOT sso_is_elsewhere(of_user, of_account);
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM 1 FROM app_user u JOIN sso_domain d ON d.domain = split_part(u.email, '@', 2) AND d.proved_at IS NOT NULL
    JOIN sso_domain n ON n.domain = split_part(lower(new_email), '@', 2) AND n.proved_at IS NOT NULL
    WHERE u.id = of_user AND d.account_id = of_account AND n.account_id = of_account FOR UPDATE OF u;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE app_user u SET email = lower(new_email), name = new_name WHERE u.id = of_user;
  RETURN true;
END $$;
ALTER FUNCTION scim_change_person(text, text, text, text) OWNER TO patchbay_wall;

-- Who was erased is nobody's to keep up to date.
CREATE FUNCTION scim_forget_person() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM scim_user u WHERE u.user_id = NEW.id;
  RETURN NULL;
END $$;
ALTER FUNCTION scim_forget_person() OWNER TO patchbay_wall;
CREATE TRIGGER scim_forget_person AFTER UPDATE OF email ON app_user FOR EACH ROW
  WHEN (NEW.email LIKE '%@erased.invalid') EXECUTE FUNCTION scim_forget_person();

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['scim_account(bytea)', 'scim_people(text)', 'scim_end_sessions(text, text)',
    'scim_change_person(text, text, text, text)', 'scim_forget_person()']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
