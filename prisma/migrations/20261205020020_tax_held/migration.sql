-- What is paid as tax on an invoice in the name of a seller is held for it, in a book of its own, and passed on to it (decision 0023).
-- Books that others added meanwhile stay.
DO $change$
DECLARE
  books text := (SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conname = 'ledger_entry_book' AND conrelid = 'ledger_entry'::regclass);
  written text := pg_get_functiondef('ledger_is_collecting(text)'::regprocedure);
BEGIN
  IF position('''written-off''' IN books) = 0 OR position('''written-off''' IN written) = 0 THEN
    RAISE EXCEPTION 'The books of the ledger are not as this migration knows them.';
  END IF;
  EXECUTE 'ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_book, ADD CONSTRAINT ledger_entry_book '
    || replace(replace(books, '''written-off''', '''written-off'', ''tax-held'''), ' NOT VALID', '') || ' NOT VALID';
  EXECUTE replace(written, '''written-off''', '''written-off'', ''tax-held''');
END $change$;
ALTER TABLE ledger_entry VALIDATE CONSTRAINT ledger_entry_book;

-- How it stands is kept beside invoices and payouts, one for a seller and month. Its transfers are found as those of payouts are.
ALTER TABLE collection DROP CONSTRAINT collection_kind, ADD CONSTRAINT collection_kind CHECK (kind IN ('invoice', 'payout', 'tax'));
DROP INDEX collection_transfers;
CREATE INDEX collection_transfers ON collection USING gin ((state -> 'transfers') jsonb_path_ops) WHERE kind IN ('payout', 'tax');
