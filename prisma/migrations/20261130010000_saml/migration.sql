-- An organisation signs its people in by SAML 2.0 as well (PRD-3).
ALTER TABLE "sso_provider" ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'oidc',
  ADD COLUMN "saml" JSONB,
  ADD COLUMN "problem_code" TEXT,
  ALTER COLUMN "client_id" DROP NOT NULL,
  ALTER COLUMN "client_secret" DROP NOT NULL,
  ALTER COLUMN "groups_claim" DROP NOT NULL,
  ALTER COLUMN "trusts_email" DROP NOT NULL;
ALTER TABLE "sso_attempt" ADD COLUMN "person" JSONB;
CREATE TABLE "saml_assertion" (
    "account_id" TEXT NOT NULL,
    "id_hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "saml_assertion_pkey" PRIMARY KEY ("account_id","id_hash")
);
CREATE INDEX "saml_assertion_expires_at_idx" ON "saml_assertion"("expires_at");
ALTER TABLE "saml_assertion" ADD CONSTRAINT "saml_assertion_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Of each kind all that it has, and nothing of the other.
ALTER TABLE sso_provider ADD CONSTRAINT sso_provider_is_one_kind CHECK (CASE kind
  WHEN 'oidc' THEN num_nulls(client_id, client_secret, groups_claim, trusts_email) = 0 AND saml IS NULL
  WHEN 'saml' THEN num_nonnulls(client_id, client_secret, groups_claim, trusts_email) = 0 AND saml IS NOT NULL
  ELSE false END);

SELECT guard_tenant_table('saml_assertion');
GRANT SELECT (kind, saml, problem_code) ON sso_provider TO patchbay_app;
GRANT UPDATE ON sso_attempt TO patchbay_wall;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Whether a browser may still come back to an attempt, whichever that is: an answer of SAML comes without its cookie, for
-- another site posts it.
CREATE FUNCTION sso_attempt_waits(hash bytea, of_provider text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT EXISTS (SELECT 1 FROM sso_attempt a
    WHERE a.state_hash = hash AND a.provider_id = of_provider AND a.person IS NULL AND a.expires_at > now())
$$;

-- Keeps whom a provider named, for the browser that began the attempt. The first answer is the only one.
CREATE FUNCTION sso_attempt_answer(hash bytea, of_provider text, named jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  UPDATE sso_attempt a SET person = named
    WHERE a.state_hash = hash AND a.provider_id = of_provider AND a.person IS NULL AND a.expires_at > now();
  RETURN FOUND;
END $$;

-- Takes an attempt, once, in the browser that began it, at the provider it was begun with; with whom that named, if it said so.
DROP FUNCTION sso_attempt_take(bytea, text, bytea);
CREATE FUNCTION sso_attempt_take(hash bytea, of_provider text, of_browser bytea) RETURNS TABLE (user_id text, person jsonb)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  DELETE FROM sso_attempt a
    WHERE a.state_hash = hash AND a.provider_id = of_provider AND a.browser_hash = of_browser AND a.expires_at > now()
    RETURNING a.user_id, a.person
$$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['sso_attempt_waits(bytea, text)', 'sso_attempt_answer(bytea, text, jsonb)',
    'sso_attempt_take(bytea, text, bytea)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', definer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

-- As before, with sign-ins that nobody came back from, which may hold a name by now, and assertions that are over anyway.
CREATE OR REPLACE FUNCTION prune() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH
  answers AS (DELETE FROM idempotency_key i WHERE i.started_at < now() - interval '24 hours' RETURNING 1),
  attempts AS (DELETE FROM sign_in_attempt t WHERE t.at < now() - interval '15 minutes' RETURNING 1),
  messages AS (DELETE FROM bus_message m WHERE m.at < now() - interval '10 minutes' RETURNING 1),
  begun AS (DELETE FROM sso_attempt a WHERE a.expires_at < now() RETURNING 1),
  assertions AS (DELETE FROM saml_assertion a WHERE a.expires_at < now() - interval '10 minutes' RETURNING 1)
  SELECT (SELECT count(*) FROM answers) + (SELECT count(*) FROM attempts) + (SELECT count(*) FROM messages)
    + (SELECT count(*) FROM begun) + (SELECT count(*) FROM assertions)
$$;
GRANT SELECT, DELETE ON saml_assertion TO patchbay_wall;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
