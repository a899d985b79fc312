-- CreateTable
CREATE TABLE "stored_object" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "application_id" TEXT,
    "endpoint_id" TEXT,
    "service" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "data_class" TEXT NOT NULL,
    "media_type" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "duration_ms" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "stored_object_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stored_bytes" (
    "key" TEXT NOT NULL,
    "remove_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "stored_bytes_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "stored_object_account_id_service_id_idx" ON "stored_object"("account_id", "service", "id");

-- CreateIndex
CREATE INDEX "stored_object_account_id_data_class_created_at_idx" ON "stored_object"("account_id", "data_class", "created_at");

-- CreateIndex
CREATE INDEX "stored_object_expires_at_idx" ON "stored_object"("expires_at");

-- CreateIndex
CREATE INDEX "stored_bytes_remove_at_idx" ON "stored_bytes"("remove_at");

-- AddForeignKey
ALTER TABLE "stored_object" ADD CONSTRAINT "stored_object_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE stored_object ADD CONSTRAINT stored_object_size CHECK (size_bytes >= 0);
SELECT guard_tenant_table('stored_object');
-- It names bytes of all accounts: nobody but the wall reads it.
REVOKE ALL ON stored_bytes FROM PUBLIC, patchbay_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON stored_bytes TO patchbay_wall;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Bytes are written before their row is there: said first, they go by themselves where it never comes.
CREATE FUNCTION stored_bytes_begin(new_key text, keep_ms int) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  INSERT INTO stored_bytes (key, remove_at) VALUES (new_key, clock_timestamp() + keep_ms * interval '1 millisecond')
$$;
ALTER FUNCTION stored_bytes_begin(text, int) OWNER TO patchbay_wall;

-- Before the row is there, in its transaction: false says that the bytes were not begun, or are to be taken away.
CREATE FUNCTION stored_bytes_keep(kept_key text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH kept AS (DELETE FROM stored_bytes b WHERE b.key = kept_key AND b.remove_at > clock_timestamp() RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM kept)
$$;
ALTER FUNCTION stored_bytes_keep(text) OWNER TO patchbay_wall;

-- Without a row its bytes go, whoever took it away.
CREATE FUNCTION stored_object_bytes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  INSERT INTO stored_bytes (key, remove_at) VALUES (OLD.id, clock_timestamp()) ON CONFLICT (key) DO NOTHING;
  RETURN OLD;
END $$;
ALTER FUNCTION stored_object_bytes() OWNER TO patchbay_wall;
CREATE TRIGGER stored_object_bytes AFTER DELETE ON stored_object FOR EACH ROW EXECUTE FUNCTION stored_object_bytes();

-- Takes away rows that are over, and answers which bytes have to go, so many at most.
CREATE FUNCTION stored_bytes_due(row_max int) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM stored_object o WHERE o.id IN (
    SELECT s.id FROM stored_object s WHERE s.expires_at <= clock_timestamp() ORDER BY s.expires_at LIMIT row_max FOR UPDATE SKIP LOCKED);
  RETURN QUERY SELECT b.key FROM stored_bytes b WHERE b.remove_at <= clock_timestamp() ORDER BY b.remove_at LIMIT row_max;
END $$;
ALTER FUNCTION stored_bytes_due(int) OWNER TO patchbay_wall;

CREATE FUNCTION stored_bytes_gone(gone_keys text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  DELETE FROM stored_bytes b WHERE b.key = ANY (gone_keys) AND b.remove_at <= clock_timestamp()
$$;
ALTER FUNCTION stored_bytes_gone(text[]) OWNER TO patchbay_wall;

REVOKE ALL ON FUNCTION stored_bytes_begin(text, int), stored_bytes_keep(text), stored_object_bytes(), stored_bytes_due(int), stored_bytes_gone(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stored_bytes_begin(text, int), stored_bytes_keep(text), stored_bytes_due(int), stored_bytes_gone(text[]) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
