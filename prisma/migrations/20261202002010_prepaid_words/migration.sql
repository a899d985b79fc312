-- Who keeps an account prepaid: each account above it for itself (BIL-5). An account between let it pay after the month, or go
-- further below nothing, though one above it had said otherwise. What holds of these stays in prepaid_account.
CREATE TABLE "prepaid_word" (
    "account_id" TEXT NOT NULL,
    "by_id" TEXT NOT NULL,
    "overdraft" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "prepaid_word_pkey" PRIMARY KEY ("account_id","by_id"),
    CONSTRAINT "prepaid_word_bounds" CHECK ("overdraft" >= 0)
);

GRANT CREATE ON SCHEMA public TO patchbay_wall;
SELECT guard_tenant_table('prepaid_word');
REVOKE UPDATE ON prepaid_word FROM patchbay_app;
CREATE TRIGGER one_tree AFTER INSERT ON prepaid_word REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_mixed_books('account_id', 'by_id');

-- Nobody knows any more who said it: it is the parent's.
INSERT INTO prepaid_word (account_id, by_id, overdraft)
SELECT p.account_id, coalesce(a.parent_id, a.id), p.overdraft FROM prepaid_account p JOIN account a ON a.id = p.account_id
WHERE p.is_prepaid;

-- A move changes nothing of money that was paid in: what accounts have said that are not above any more is the parent's.
DO $change$
DECLARE
  before text := pg_get_functiondef('account_words_fall(text[])'::regprocedure);
  was text := '  UPDATE overdue_account o SET';
BEGIN
  IF position(was IN before) = 0 THEN RAISE EXCEPTION 'account_words_fall is not as this migration knows it.'; END IF;
  EXECUTE replace(before, was, $words$  WITH gone AS (
    DELETE FROM prepaid_word w WHERE w.account_id = ANY (moved) AND NOT EXISTS (SELECT 1 FROM account_closure c
      WHERE c.descendant_id = w.account_id AND c.ancestor_id = w.by_id AND c.valid_to = 'infinity')
    RETURNING w.account_id, w.overdraft)
  INSERT INTO prepaid_word AS kept (account_id, by_id, overdraft)
  SELECT g.account_id, a.parent_id, min(g.overdraft) FROM gone g JOIN account a ON a.id = g.account_id GROUP BY 1, 2
  ON CONFLICT (account_id, by_id) DO UPDATE SET overdraft = least(kept.overdraft, excluded.overdraft);
$words$ || was);
END $change$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
