-- Key pairs of ours, of an organisation's connection to its provider of SAML: what is encrypted to them is opened, and requests are
-- signed with one (PRD-3). While one is replaced by the next, both are there.
CREATE TABLE "saml_key" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "private_key" BYTEA NOT NULL,
    "certificate" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "certificate_ends_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ends_at" TIMESTAMPTZ(3),

    CONSTRAINT "saml_key_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "saml_key_account_id_idx" ON "saml_key"("account_id");
ALTER TABLE "saml_key" ADD CONSTRAINT "saml_key_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- One is the newest, which has no end, and one was replaced.
CREATE UNIQUE INDEX saml_key_newest ON saml_key (account_id) WHERE ends_at IS NULL;
CREATE UNIQUE INDEX saml_key_replaced ON saml_key (account_id) WHERE ends_at IS NOT NULL;

SELECT guard_tenant_table('saml_key'::regclass);
-- Whoever reads in a tenant's scope learns no key, sealed as it is: it is asked for by name, where somebody signs in.
REVOKE SELECT ON saml_key FROM patchbay_app;
GRANT SELECT (id, account_id, certificate, fingerprint, certificate_ends_at, created_at, ends_at) ON saml_key TO patchbay_app;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

CREATE FUNCTION saml_private_keys(of_account text) RETURNS TABLE (id text, private_key bytea, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT k.id, k.private_key, k.ends_at FROM saml_key k
  WHERE k.account_id = of_account AND account_is_visible(of_account) AND (k.ends_at IS NULL OR k.ends_at > now())
$$;
ALTER FUNCTION saml_private_keys(text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION saml_private_keys(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION saml_private_keys(text) TO patchbay_app;

-- What our metadata say of keys, to whoever asks: before a provider is set, too, for it is set by what they say.
CREATE FUNCTION saml_published_keys(wanted_organisation text)
RETURNS TABLE (certificate text, is_replaced boolean, signs_requests boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT k.certificate, k.ends_at IS NOT NULL, coalesce((p.saml ->> 'signsRequests')::boolean, false)
  FROM account a JOIN saml_key k ON k.account_id = a.id LEFT JOIN sso_provider p ON p.account_id = a.id
  WHERE a.organisation_id = wanted_organisation AND (k.ends_at IS NULL OR k.ends_at > now())
  ORDER BY k.ends_at NULLS FIRST
$$;
ALTER FUNCTION saml_published_keys(text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION saml_published_keys(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION saml_published_keys(text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
