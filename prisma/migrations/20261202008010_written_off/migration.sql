-- What went back to an account beyond what it had paid is lost to whoever collects, in a book of its own (BIL-6).
ALTER TABLE "ledger_entry" DROP CONSTRAINT "ledger_entry_book",
ADD CONSTRAINT "ledger_entry_book" CHECK ("book" IN ('payable', 'receivable', 'charged', 'paid-out', 'carry', 'payout',
  'invoiced', 'tax', 'owed', 'disputed', 'clearing', 'balance', 'drawn', 'granted', 'written-off')) NOT VALID;
ALTER TABLE "ledger_entry" VALIDATE CONSTRAINT "ledger_entry_book";
DO $change$
DECLARE
  written text := pg_get_functiondef('ledger_is_collecting(text)'::regprocedure);
BEGIN
  IF position('''granted''' IN written) = 0 THEN RAISE EXCEPTION 'ledger_is_collecting is not as this migration knows it.'; END IF;
  EXECUTE replace(written, '''granted''', '''granted'', ''written-off''');
END $change$;
