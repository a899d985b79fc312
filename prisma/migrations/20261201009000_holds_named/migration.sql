-- Who reads what is held is told what holds it: which trigger, for who may see that, or an invoice that is overdue.
DO $change$
DECLARE
  written text := pg_get_functiondef('policy_chain(text)'::regprocedure);
  change text[];
BEGIN
  FOREACH change SLICE 1 IN ARRAY ARRAY[
    ['h.word || ''{"isHeld": true}''',
     'h.word || jsonb_build_object(''isHeld'', true, ''heldBy'', jsonb_build_object(
      ''kind'', ''trigger'', ''triggerId'', h.trigger_id, ''accountId'', h.account_id, ''isShown'', h.is_shown))'],
    ['o.word || ''{"isHeld": true}''', 'o.word || ''{"isHeld": true, "heldBy": {"kind": "overdue"}}''']] LOOP
    IF position(change[1] IN written) = 0 THEN RAISE EXCEPTION 'policy_chain is not as this migration knows it: %', change[1]; END IF;
    written := replace(written, change[1], change[2]);
  END LOOP;
  EXECUTE written;
END $change$;
