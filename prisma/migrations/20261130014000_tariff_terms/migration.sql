-- What a price says besides an amount for so many units: tiers, an allowance, a minimum, rounding, when a flat one is due
-- (BIL-1). A program that does not know it reads a price per unit without terms.
ALTER TABLE "price" ADD COLUMN "terms" JSONB NOT NULL DEFAULT '{}';

-- Fees are owed without use, and few prices are one.
CREATE INDEX price_due_by_period ON price (account_id) WHERE terms ->> 'due' = 'period';

-- Accounts that used anything, of which the ledger has something, or along whose edge a fee of the period is due: its
-- buyers, and the seller, who settles with the platform in the same run. A fee that was posted and then ended from the
-- start on is posted back.
CREATE OR REPLACE FUNCTION billing_active_accounts(of_period text, since timestamptz, until timestamptz) RETURNS TABLE (account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH fee AS (
    SELECT e.ancestor_id AS seller_id, e.descendant_id AS buyer_id
    FROM price p JOIN account_closure e ON e.ancestor_id = p.account_id AND e.depth = 1
      AND (p.child_id IS NULL OR p.child_id = e.descendant_id)
    WHERE p.terms ->> 'due' = 'period' AND p.effective_from < until AND since < p.effective_to
      AND p.effective_from < p.effective_to AND e.valid_from < until AND since < e.valid_to
  )
  SELECT a.id FROM account a
  WHERE EXISTS (SELECT 1 FROM usage_minute_total m WHERE m.account_id = a.id AND m.minute >= since AND m.minute < until)
    OR EXISTS (SELECT 1 FROM ledger_position p WHERE p.period = of_period AND p.buyer_id = a.id)
    OR EXISTS (SELECT 1 FROM ledger_position p WHERE p.period = of_period AND p.seller_id = a.id AND p.book = 'receivable')
    OR a.id IN (SELECT seller_id FROM fee UNION ALL SELECT buyer_id FROM fee)
  ORDER BY a.depth DESC, a.id
$$;

-- Months with use, or in which the ledger has something for use or a fee: from month to month by the keys, newest first.
CREATE OR REPLACE FUNCTION billing_periods(of_account text) RETURNS TABLE (period text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  latest timestamptz;
  posted text;
  month timestamp := 'infinity';
  before text := '9999-99';
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  LOOP
    SELECT max(m.minute) INTO latest FROM usage_minute_total m
      WHERE m.account_id = of_account AND m.minute < month AT TIME ZONE 'UTC';
    SELECT e.period INTO posted FROM ledger_entry e
      WHERE e.account_id = of_account AND e.period < before AND e.book IN ('payable', 'receivable')
      ORDER BY e.period DESC LIMIT 1;
    EXIT WHEN latest IS NULL AND posted IS NULL;
    period := greatest(to_char(latest AT TIME ZONE 'UTC', 'YYYY-MM'), posted);
    month := to_timestamp(period, 'YYYY-MM')::timestamp;
    before := period;
    RETURN NEXT;
  END LOOP;
END $$;
