-- Accounts that collect from those below them by a payment account of their own (BIL-6, decision 0017).

-- In which months, both ends with them.
CREATE TABLE "own_collecting" (
    "account_id" TEXT NOT NULL,
    "from_period" TEXT NOT NULL,
    "to_period" TEXT,

    CONSTRAINT "own_collecting_pkey" PRIMARY KEY ("account_id","from_period"),
    CONSTRAINT "own_collecting_months" CHECK ("to_period" >= "from_period")
);
-- One that goes on, and no second.
CREATE UNIQUE INDEX own_collecting_once ON own_collecting (account_id) WHERE to_period IS NULL;

-- What it collects by. Sealed: neither this database nor a backup of it asks anybody for money.
CREATE TABLE "own_rail" (
    "account_id" TEXT NOT NULL,
    "key_sealed" BYTEA NOT NULL,
    "key_hint" TEXT NOT NULL,
    "webhook_secrets_sealed" BYTEA NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "own_rail_pkey" PRIMARY KEY ("account_id")
);

-- As what an account is known there.
CREATE TABLE "own_rail_party" (
    "collector_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "customer_id" TEXT,
    "payee_id" TEXT,
    "is_payable" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "own_rail_party_pkey" PRIMARY KEY ("collector_id","account_id")
);
CREATE UNIQUE INDEX "own_rail_party_collector_id_customer_id_key" ON "own_rail_party"("collector_id", "customer_id");
CREATE UNIQUE INDEX "own_rail_party_collector_id_payee_id_key" ON "own_rail_party"("collector_id", "payee_id");
CREATE INDEX "own_rail_party_account_id_idx" ON "own_rail_party"("account_id");

-- Who collects a document. Absent: the top of the tree.
ALTER TABLE "collection" ADD COLUMN "collector_id" TEXT;

-- Whose rail told it. Who has a secret of its own can sign what it likes: nothing of another is taken for told by it.
ALTER TABLE "rail_notice" ADD COLUMN "collector_id" TEXT NOT NULL DEFAULT '';
ALTER TABLE "rail_notice" DROP CONSTRAINT "rail_notice_pkey",
ADD CONSTRAINT "rail_notice_pkey" PRIMARY KEY ("collector_id", "id");

GRANT CREATE ON SCHEMA public TO patchbay_wall;

SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['own_collecting', 'own_rail', 'own_rail_party']) AS name;
REVOKE DELETE ON own_rail_party FROM patchbay_app;

-- Of an account and those above it, the ones that collect themselves in a month: an account below is told no more than that.
CREATE FUNCTION own_collectors_around(of_account text, of_period text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY SELECT DISTINCT o.account_id FROM own_collecting o
    JOIN account_closure c ON c.ancestor_id = o.account_id AND c.descendant_id = of_account
    WHERE of_period BETWEEN o.from_period AND coalesce(o.to_period, '9999-12');
END $$;
ALTER FUNCTION own_collectors_around(text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION own_collectors_around(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_collectors_around(text, text) TO patchbay_app;

-- The nearest above an account that collects itself in a month. Null: none does.
CREATE FUNCTION own_collector_of(of_account text, of_period text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT o.account_id FROM own_collecting o JOIN account_closure c ON c.ancestor_id = o.account_id
  WHERE c.descendant_id = of_account AND c.depth > 0 AND c.valid_to = 'infinity'
    AND of_period BETWEEN o.from_period AND coalesce(o.to_period, '9999-12')
  ORDER BY c.depth LIMIT 1
$$;
ALTER FUNCTION own_collector_of(text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION own_collector_of(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_collector_of(text, text) TO patchbay_app;

-- Whether an account would be collected from by another, in this month or a later one, did it stand below `new_parent`: a month
-- is asked for by one. Held against whoever begins to collect meanwhile.
CREATE FUNCTION own_collector_changes(moved text, new_parent text, of_period text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT (account_is_visible(moved) AND account_is_visible(new_parent)) THEN RETURN false; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.account_move', 0));
  RETURN (
    SELECT (SELECT o.account_id FROM own_collecting o JOIN account_closure c ON c.ancestor_id = o.account_id
      WHERE c.descendant_id = moved AND c.depth > 0 AND c.valid_to = 'infinity' AND coalesce(o.to_period, '9999-12') >= of_period
      ORDER BY c.depth LIMIT 1)
    IS DISTINCT FROM
    (SELECT o.account_id FROM own_collecting o JOIN account_closure c ON c.ancestor_id = o.account_id
      WHERE c.descendant_id = new_parent AND c.valid_to = 'infinity' AND coalesce(o.to_period, '9999-12') >= of_period
      ORDER BY c.depth LIMIT 1));
END $$;
ALTER FUNCTION own_collector_changes(text, text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION own_collector_changes(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_collector_changes(text, text, text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
