-- Months in which an account, with all below it, is rated and asked for nothing: another bills it still, and the two are compared
-- (BIL-6).
CREATE TABLE "compared_months" (
    "account_id" TEXT NOT NULL,
    "from_period" TEXT NOT NULL,
    "to_period" TEXT,

    CONSTRAINT "compared_months_pkey" PRIMARY KEY ("account_id","from_period"),
    CONSTRAINT "compared_months_order" CHECK ("to_period" >= "from_period")
);
CREATE UNIQUE INDEX compared_months_once ON compared_months (account_id) WHERE to_period IS NULL;

-- What the other asked an account for.
CREATE TABLE "compared_figure" (
    "account_id" TEXT NOT NULL,
    "seller_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "minor_units" BIGINT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "compared_figure_pkey" PRIMARY KEY ("account_id","seller_id","period")
);

ALTER TABLE "document" DROP CONSTRAINT "document_kind",
ADD CONSTRAINT "document_kind"
  CHECK ("kind" IN ('invoice', 'credit-note', 'payout-note', 'comparison', 'comparison-payout'));

GRANT CREATE ON SCHEMA public TO patchbay_wall;
SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['compared_months', 'compared_figure']) AS name;

-- Whether an account is compared in a month: it, or one above it up to whoever collects from it. Whom a seller asks itself below
-- an account that is compared, it asks all the same.
CREATE FUNCTION is_compared(of_account text, of_period text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN false; END IF;
  RETURN EXISTS (
    SELECT 1 FROM compared_months m JOIN account_closure c ON c.ancestor_id = m.account_id
    WHERE c.descendant_id = of_account AND c.valid_to = 'infinity'
      AND of_period BETWEEN m.from_period AND coalesce(m.to_period, '9999-12')
      AND NOT EXISTS (
        SELECT 1 FROM own_collecting o JOIN account_closure b ON b.ancestor_id = o.account_id
        WHERE b.descendant_id = of_account AND b.valid_to = 'infinity' AND b.depth > 0 AND b.depth <= c.depth
          AND of_period BETWEEN o.from_period AND coalesce(o.to_period, '9999-12')));
END $$;
ALTER FUNCTION is_compared(text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION is_compared(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_compared(text, text) TO patchbay_app;

-- A comparison says of its month what an invoice or a payout note would: nothing of it is left for the next.
DO $change$
DECLARE
  written text := pg_get_functiondef('billing_outstanding(text, text, numeric)'::regprocedure);
  was text := 'SELECT p.key AS period, d.kind, sum(';
BEGIN
  IF position(was IN written) = 0 THEN RAISE EXCEPTION 'billing_outstanding is not as this migration knows it.'; END IF;
  EXECUTE replace(written, was, 'SELECT p.key AS period, CASE d.kind WHEN ''comparison'' THEN ''invoice''
        WHEN ''comparison-payout'' THEN ''payout-note'' ELSE d.kind END AS kind, sum(');
END $change$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
