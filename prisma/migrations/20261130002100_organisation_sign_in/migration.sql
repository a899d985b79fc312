-- Somebody signs in by the provider of their organisation (PRD-3).
CREATE TABLE "sso_provider" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "client_secret" BYTEA NOT NULL,
    "newcomer_role" TEXT,
    "groups_claim" TEXT NOT NULL,
    "group_roles" JSONB NOT NULL,
    "trusts_email" BOOLEAN NOT NULL,
    "is_required" BOOLEAN NOT NULL DEFAULT false,
    "emergency_user_ids" TEXT[],
    "problem" TEXT,
    "problem_at" TIMESTAMPTZ(3),
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sso_provider_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "sso_domain" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "domain" TEXT NOT NULL,
    "challenge" TEXT NOT NULL,
    "proved_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sso_domain_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "sso_identity" (
    "account_id" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sso_identity_pkey" PRIMARY KEY ("account_id","issuer","subject")
);
CREATE TABLE "sso_attempt" (
    "state_hash" BYTEA NOT NULL,
    "provider_id" TEXT NOT NULL,
    "browser_hash" BYTEA NOT NULL,
    "user_id" TEXT,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sso_attempt_pkey" PRIMARY KEY ("state_hash")
);
ALTER TABLE "sign_in_session" ADD COLUMN "provider_id" TEXT;
ALTER TABLE "role_grant" ADD COLUMN "is_provisioned" BOOLEAN NOT NULL DEFAULT false;

CREATE UNIQUE INDEX "sso_provider_account_id_key" ON "sso_provider"("account_id");
CREATE UNIQUE INDEX "sso_domain_account_id_domain_key" ON "sso_domain"("account_id", "domain");
CREATE UNIQUE INDEX "sso_identity_account_id_issuer_user_id_key" ON "sso_identity"("account_id", "issuer", "user_id");
CREATE INDEX "sso_identity_user_id_idx" ON "sso_identity"("user_id");
CREATE INDEX "sso_attempt_expires_at_idx" ON "sso_attempt"("expires_at");
CREATE INDEX "sign_in_session_provider_id_idx" ON "sign_in_session"("provider_id");
ALTER TABLE "sso_provider" ADD CONSTRAINT "sso_provider_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "sso_domain" ADD CONSTRAINT "sso_domain_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "sso_identity" ADD CONSTRAINT "sso_identity_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "sso_identity" ADD CONSTRAINT "sso_identity_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "sso_attempt" ADD CONSTRAINT "sso_attempt_provider_id_fkey" FOREIGN KEY ("provider_id") REFERENCES "sso_provider"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Of all organisations that name a domain, one has proved that it is theirs.
CREATE UNIQUE INDEX sso_domain_proved_key ON sso_domain (domain) WHERE proved_at IS NOT NULL;
ALTER TABLE sso_domain ADD CONSTRAINT sso_domain_is_lower CHECK (domain = lower(domain));

SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['sso_provider', 'sso_domain', 'sso_identity']) AS name;
-- What a tenant's scope reads has no secret in it.
REVOKE SELECT ON sso_provider FROM patchbay_app;
GRANT SELECT (id, account_id, issuer, client_id, newcomer_role, groups_claim, group_roles, trusts_email, is_required,
  emergency_user_ids, problem, problem_at, changed_at) ON sso_provider TO patchbay_app;
ALTER TABLE sso_attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_attempt FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON sso_attempt TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON sso_attempt TO patchbay_wall;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Where whoever has an address at a domain signs in. What a domain says of its organisation is public by nature.
CREATE FUNCTION sso_of_domain(wanted_domain text) RETURNS TABLE (organisation_id text, has_provider boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.organisation_id, EXISTS (SELECT 1 FROM sso_provider p WHERE p.account_id = d.account_id)
  FROM sso_domain d JOIN account a ON a.id = d.account_id
  WHERE d.domain = lower(wanted_domain) AND d.proved_at IS NOT NULL
$$;
ALTER FUNCTION sso_of_domain(text) OWNER TO patchbay_wall;

-- The top account of an organisation that has a provider, and what its sign-in is called.
CREATE FUNCTION sso_of_organisation(wanted_organisation text) RETURNS TABLE (account_id text, organisation_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, o.name FROM account a JOIN organisation o ON o.id = a.organisation_id
    JOIN sso_provider p ON p.account_id = a.id
  WHERE a.organisation_id = wanted_organisation
$$;
ALTER FUNCTION sso_of_organisation(text) OWNER TO patchbay_wall;

-- The sealed secret, in the scope of its account.
CREATE FUNCTION sso_client_secret(of_account text) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT p.client_secret FROM sso_provider p WHERE p.account_id = of_account AND account_is_visible(of_account) $$;
ALTER FUNCTION sso_client_secret(text) OWNER TO patchbay_wall;

-- The organisation by whose provider alone a user signs in: it asks for that, their address is at a domain that it proved,
-- and they took a role at one of its accounts. One who was only invited is bound as well, unless they took a role elsewhere:
-- nobody is kept from what is theirs by an invitation. An owner who is marked for emergencies is free.
CREATE FUNCTION sso_binding(of_user text) RETURNS TABLE (organisation_id text, organisation_name text, provider_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT o.id, o.name, p.id FROM app_user u
    JOIN sso_domain d ON d.domain = split_part(u.email, '@', 2) AND d.proved_at IS NOT NULL
    JOIN sso_provider p ON p.account_id = d.account_id AND p.is_required
    JOIN account top ON top.id = p.account_id
    JOIN organisation o ON o.id = top.organisation_id
  WHERE u.id = of_user
    AND EXISTS (SELECT 1 FROM role_grant g JOIN account a ON a.id = g.account_id
      WHERE g.user_id = u.id AND a.organisation_id = o.id AND (g.accepted_at IS NOT NULL
        OR NOT EXISTS (SELECT 1 FROM role_grant t WHERE t.user_id = u.id AND t.accepted_at IS NOT NULL)))
    AND NOT (u.id = ANY (p.emergency_user_ids) AND EXISTS (SELECT 1 FROM role_grant g
      WHERE g.user_id = u.id AND g.account_id = top.id AND g.role = 'owner' AND g.accepted_at IS NOT NULL))
$$;
ALTER FUNCTION sso_binding(text) OWNER TO patchbay_wall;

-- Ends the sessions of everybody who is bound to the provider of an account, but for those that it opened.
CREATE FUNCTION sso_end_other_sessions(of_account text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  ended integer;
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN 0; END IF;
  UPDATE sign_in_session s SET revoked_at = now() FROM sso_provider p
    WHERE p.account_id = of_account AND s.revoked_at IS NULL AND s.expires_at > now()
      AND s.provider_id IS DISTINCT FROM p.id
      AND s.user_id IN (SELECT u.id FROM app_user u JOIN sso_domain d ON d.domain = split_part(u.email, '@', 2)
        WHERE d.account_id = of_account AND d.proved_at IS NOT NULL)
      AND EXISTS (SELECT 1 FROM sso_binding(s.user_id) b WHERE b.provider_id = p.id);
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;
ALTER FUNCTION sso_end_other_sessions(text) OWNER TO patchbay_wall;

-- Ends every session that the provider of an account opened, and every view of whoever had one. Who is away at it now comes
-- back in vain.
CREATE FUNCTION sso_end_sessions(of_account text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  provider text;
  ended integer;
BEGIN
  SELECT p.id INTO provider FROM sso_provider p WHERE p.account_id = of_account AND account_is_visible(of_account);
  IF provider IS NULL THEN RETURN 0; END IF;
  DELETE FROM sso_attempt a WHERE a.provider_id = provider;
  UPDATE sign_in_session s SET revoked_at = now() WHERE s.revoked_at IS NULL AND s.id IN (
    SELECT v.id FROM account_view v JOIN sign_in_session o ON o.user_id = v.user_id
    WHERE o.provider_id = provider AND o.revoked_at IS NULL AND v.ended_at IS NULL);
  UPDATE sign_in_session s SET revoked_at = now()
    WHERE s.provider_id = provider AND s.revoked_at IS NULL AND s.expires_at > now();
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;
ALTER FUNCTION sso_end_sessions(text) OWNER TO patchbay_wall;

-- Keeps what a browser will come back with. False: strangers began too many.
CREATE FUNCTION sso_attempt_make(hash bytea, of_provider text, of_browser bytea, as_user text, until timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM sso_attempt a WHERE a.expires_at <= now();
  -- Of one provider: nobody keeps the people of another organisation out by beginning very often.
  IF (SELECT count(*) FROM sso_attempt a WHERE a.provider_id = of_provider) >= 10000 THEN RETURN false; END IF;
  INSERT INTO sso_attempt (state_hash, provider_id, browser_hash, user_id, expires_at)
    VALUES (hash, of_provider, of_browser, as_user, until);
  RETURN true;
END $$;
ALTER FUNCTION sso_attempt_make(bytea, text, bytea, text, timestamptz) OWNER TO patchbay_wall;

-- Takes an attempt, once, in the browser that began it, at the provider it was begun with.
CREATE FUNCTION sso_attempt_take(hash bytea, of_provider text, of_browser bytea) RETURNS TABLE (user_id text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  DELETE FROM sso_attempt a
    WHERE a.state_hash = hash AND a.provider_id = of_provider AND a.browser_hash = of_browser AND a.expires_at > now()
    RETURNING a.user_id
$$;
ALTER FUNCTION sso_attempt_take(bytea, text, bytea) OWNER TO patchbay_wall;

-- Whether a user took a role outside of the organisation whose top account this is.
CREATE FUNCTION sso_is_elsewhere(of_user text, of_account text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT account_is_visible(of_account) AND EXISTS (SELECT 1 FROM role_grant g JOIN account a ON a.id = g.account_id
    WHERE g.user_id = of_user AND g.accepted_at IS NOT NULL
      AND a.organisation_id IS DISTINCT FROM (SELECT t.organisation_id FROM account t WHERE t.id = of_account))
$$;
ALTER FUNCTION sso_is_elsewhere(text, text) OWNER TO patchbay_wall;

-- An address at a domain that the organisation proved is proved by its provider. Where it was not proved before, somebody
-- else may have signed up with it: then whatever they set up goes, their password and sessions first.
CREATE FUNCTION sso_prove_address(of_user text, of_account text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM 1 FROM app_user u JOIN sso_domain d ON d.domain = split_part(u.email, '@', 2) AND d.proved_at IS NOT NULL
    WHERE u.id = of_user AND d.account_id = of_account AND account_is_visible(of_account) FOR UPDATE OF u;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM 1 FROM app_user u WHERE u.id = of_user AND u.email_verified_at IS NULL;
  IF FOUND THEN
    PERFORM distrust_factors(of_user);
    UPDATE sign_in_session s SET revoked_at = now() WHERE s.user_id = of_user AND s.revoked_at IS NULL;
    UPDATE email_link l SET used_at = now() WHERE l.user_id = of_user AND l.used_at IS NULL;
    UPDATE app_user u SET password_hash = NULL, email_verified_at = now() WHERE u.id = of_user;
  END IF;
  RETURN true;
END $$;
ALTER FUNCTION sso_prove_address(text, text) OWNER TO patchbay_wall;

-- Opens a session that ends when its provider is removed.
CREATE FUNCTION sso_open_session(session_id text, of_user text, until timestamptz, from_address text, agent text,
  of_account text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN false; END IF;
  INSERT INTO sign_in_session (id, user_id, expires_at, address, user_agent, provider_id)
    SELECT session_id, of_user, until, from_address, left(agent, 300), p.id FROM sso_provider p
    WHERE p.account_id = of_account;
  RETURN FOUND;
END $$;
ALTER FUNCTION sso_open_session(text, text, timestamptz, text, text, text) OWNER TO patchbay_wall;

-- Somebody who signs in by their organisation takes an invitation by signing in, and sets no password.
CREATE OR REPLACE FUNCTION set_up_link_read(hash bytea) RETURNS TABLE (email text, name text, account_name text, has_password boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT CASE WHEN u.email LIKE '%.invalid' THEN NULL ELSE u.email END, coalesce(g.invited_name, u.name), a.name,
    u.password_hash IS NOT NULL OR EXISTS (SELECT 1 FROM sso_identity i WHERE i.user_id = u.id)
      OR EXISTS (SELECT 1 FROM sso_binding(u.id))
  FROM set_up_link l JOIN app_user u ON u.id = l.user_id
    LEFT JOIN account a ON a.id = l.account_id
    LEFT JOIN role_grant g ON g.user_id = l.user_id AND g.account_id = l.account_id
  WHERE l.token_hash = hash AND l.used_at IS NULL AND l.expires_at > now()
    AND (l.account_id IS NULL OR g.accepted_at IS NULL AND g.user_id IS NOT NULL)
$$;
ALTER FUNCTION set_up_link_read(bytea) OWNER TO patchbay_wall;

-- Whom a provider knows is forgotten with the last role in its organisation: who is added again is linked again.
CREATE FUNCTION sso_forget_identity() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM sso_identity i USING account top, account a
    WHERE a.id = OLD.account_id AND top.organisation_id = a.organisation_id AND top.id = i.account_id
      AND i.user_id = OLD.user_id
      AND NOT EXISTS (SELECT 1 FROM role_grant g JOIN account o ON o.id = g.account_id
        WHERE g.user_id = OLD.user_id AND o.organisation_id = a.organisation_id);
  RETURN NULL;
END $$;
ALTER FUNCTION sso_forget_identity() OWNER TO patchbay_wall;
CREATE TRIGGER sso_forget_identity AFTER DELETE ON role_grant FOR EACH ROW EXECUTE FUNCTION sso_forget_identity();

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY[
    'sso_of_domain(text)', 'sso_of_organisation(text)', 'sso_client_secret(text)', 'sso_binding(text)',
    'sso_end_other_sessions(text)', 'sso_end_sessions(text)',
    'sso_attempt_make(bytea, text, bytea, text, timestamptz)', 'sso_attempt_take(bytea, text, bytea)',
    'sso_is_elsewhere(text, text)', 'sso_prove_address(text, text)', 'sso_forget_identity()',
    'sso_open_session(text, text, timestamptz, text, text, text)'
  ]::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;
-- Called from functions of the wall's.
GRANT EXECUTE ON FUNCTION sso_binding(text) TO patchbay_wall;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
