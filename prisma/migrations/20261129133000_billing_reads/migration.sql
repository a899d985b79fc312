-- What billing reads of one account asks once whether the account is visible. A policy asks for each row, which for a
-- statement of 20,000 lines takes longer than all the rest of it.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The usage of an account, and that of each child for as long as it was one, summed within spans that start at
-- `span_starts` and end with the next; the last ends at `until`. `span` counts them from 1. With `depth_max` 0 of the
-- account alone. Of one meter, or of all.
-- The work memory lets a month of many dimension sets be hashed: by default it is sorted on disk.
DROP FUNCTION billing_usage(text, timestamptz[], timestamptz);
CREATE FUNCTION billing_usage(of_account text, span_starts timestamptz[], until timestamptz, depth_max int DEFAULT 1, of_meter text DEFAULT NULL)
RETURNS TABLE (account_id text, span int, meter text, dimension_set_id bigint, inclusive numeric, own numeric, entry_count numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH edge AS (
      SELECT of_account AS id, span_starts[1] AS since, billing_usage.until AS until
      UNION ALL
      SELECT c.descendant_id, greatest(c.valid_from, span_starts[1]), least(c.valid_to, billing_usage.until)
      FROM account_closure c
      WHERE c.ancestor_id = of_account AND c.depth = 1 AND depth_max >= 1 AND c.valid_from < billing_usage.until AND span_starts[1] < c.valid_to
    )
    SELECT m.account_id, width_bucket(m.minute, span_starts), m.meter, m.dimension_set_id,
      sum(m.sum), sum(m.self_sum), sum(m.n)
    FROM edge e JOIN usage_minute m ON m.account_id = e.id AND m.minute >= e.since AND m.minute < e.until
    WHERE of_meter IS NULL OR m.meter = of_meter
    GROUP BY 1, 2, 3, 4;
END $$;
ALTER FUNCTION billing_usage(text, timestamptz[], timestamptz, int, text) OWNER TO patchbay_wall;

-- What the ledger has for the lines of an account's edges in a period, as its seller and as its buyer.
CREATE FUNCTION billing_positions(of_account text, of_period text) RETURNS SETOF ledger_position
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY SELECT p.* FROM ledger_position p
    WHERE p.period = of_period AND (p.buyer_id = of_account OR p.seller_id = of_account);
END $$;
ALTER FUNCTION billing_positions(text, text) OWNER TO patchbay_wall;

-- The same with the lines of each edge as one, under no key. What was carried stays line by line: there are few of them.
CREATE FUNCTION billing_position_sums(of_account text, of_period text)
RETURNS TABLE (seller_id text, buyer_id text, currency text, book text, line_key text, posted numeric, revision int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY SELECT p.seller_id, p.buyer_id, p.currency, p.book,
      CASE WHEN p.book = 'receivable' THEN '' ELSE p.line_key END, sum(p.posted), max(p.revision)
    FROM ledger_position p
    WHERE p.period = of_period AND (p.buyer_id = of_account OR p.seller_id = of_account)
    GROUP BY 1, 2, 3, 4, 5;
END $$;
ALTER FUNCTION billing_position_sums(text, text) OWNER TO patchbay_wall;

-- What the entries of an account in a period sum to, by currency and book.
CREATE FUNCTION billing_ledger_totals(of_account text, of_period text)
RETURNS TABLE (currency text, payable numeric, receivable numeric, has_entries boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY SELECT e.currency, coalesce(-sum(e.amount) FILTER (WHERE e.book = 'payable'), 0),
      coalesce(sum(e.amount) FILTER (WHERE e.book = 'receivable'), 0), bool_or(e.amount <> 0)
    FROM ledger_entry e WHERE e.account_id = of_account AND e.period = of_period
    GROUP BY 1 ORDER BY 1;
END $$;
ALTER FUNCTION billing_ledger_totals(text, text) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['billing_usage(text, timestamptz[], timestamptz, int, text)',
    'billing_positions(text, text)',
    'billing_position_sums(text, text)', 'billing_ledger_totals(text, text)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
