-- CreateTable
CREATE TABLE "logic_mapping" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "application_id" TEXT,
    "endpoint_id" TEXT,
    "kind" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "fallback_url" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "logic_mapping_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "logic_secret" (
    "account_id" TEXT NOT NULL,
    "secret_ciphertext" BYTEA NOT NULL,
    "previous_ciphertext" BYTEA,
    "previous_ends_at" TIMESTAMPTZ(3),

    CONSTRAINT "logic_secret_pkey" PRIMARY KEY ("account_id")
);

-- CreateIndex
CREATE INDEX "logic_mapping_account_id_id_idx" ON "logic_mapping"("account_id", "id");

-- AddForeignKey
ALTER TABLE "logic_mapping" ADD CONSTRAINT "logic_mapping_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "logic_mapping" ADD CONSTRAINT "logic_mapping_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "logic_mapping" ADD CONSTRAINT "logic_mapping_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "endpoint"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "logic_secret" ADD CONSTRAINT "logic_secret_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE logic_mapping ADD CONSTRAINT logic_mapping_kind_is_known CHECK (kind IN ('json', 'twiml'));
ALTER TABLE logic_mapping ADD CONSTRAINT logic_mapping_has_one_place CHECK (endpoint_id IS NULL OR application_id IS NULL);
-- One for each place.
CREATE UNIQUE INDEX logic_mapping_place ON logic_mapping (account_id, coalesce(application_id, ''), coalesce(endpoint_id, ''));
CREATE INDEX logic_mapping_endpoint_idx ON logic_mapping (endpoint_id) WHERE endpoint_id IS NOT NULL;
SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['logic_mapping', 'logic_secret']) AS name;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What was set for an endpoint stays behind when it is released, or goes to another account.
CREATE FUNCTION logic_endpoint_left() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM logic_mapping m WHERE m.account_id = OLD.account_id AND m.endpoint_id = OLD.id;
  RETURN NULL;
END $$;
ALTER FUNCTION logic_endpoint_left() OWNER TO patchbay_wall;
CREATE TRIGGER logic_left AFTER UPDATE OF account_id, rests_until ON endpoint FOR EACH ROW
  WHEN (NEW.account_id <> OLD.account_id OR NEW.rests_until IS NOT NULL) EXECUTE FUNCTION logic_endpoint_left();

-- Whether an account, one above it or one below it has logic: then its nodes ask before a call begins, and else never.
CREATE FUNCTION logic_is_near(of_account text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT EXISTS (
    SELECT 1 FROM logic_mapping m JOIN account_closure c ON c.ancestor_id = m.account_id
    WHERE c.descendant_id = of_account AND c.valid_to = 'infinity'
    UNION ALL
    SELECT 1 FROM logic_mapping m JOIN account_closure c ON c.descendant_id = m.account_id
    WHERE c.ancestor_id = of_account AND c.valid_to = 'infinity')
$$;
ALTER FUNCTION logic_is_near(text) OWNER TO patchbay_wall;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
REVOKE ALL ON FUNCTION logic_is_near(text), logic_endpoint_left() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION logic_is_near(text), logic_endpoint_left() TO patchbay_app;
