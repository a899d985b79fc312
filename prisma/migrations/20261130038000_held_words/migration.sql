-- What a trigger or an invoice that is overdue holds an account to is no word that anybody stored there. Read as one, it was in the
-- form of whoever edits from above, and with it kept for good.
DO $change$
DECLARE
  written text := pg_get_functiondef('policy_chain(text)'::regprocedure);
  change text[];
BEGIN
  FOREACH change SLICE 1 IN ARRAY ARRAY[
    ['''above'', '''', coalesce(h.application_id, ''''), '''', '''', '''', h.word', '''above'', '''', coalesce(h.application_id, ''''), '''', '''', '''', h.word || ''{"isHeld": true}'''],
    ['''above'', '''', '''', '''', '''', '''', o.word', '''above'', '''', '''', '''', '''', '''', o.word || ''{"isHeld": true}''']] LOOP
    IF position(change[1] IN written) = 0 THEN RAISE EXCEPTION 'policy_chain is not as this migration knows it: %', change[1]; END IF;
    written := replace(written, change[1], change[2]);
  END LOOP;
  EXECUTE written;
END $change$;
