-- A trigger holds an endpoint or a credential as it holds an account: at the account that has it, which may be below the target. A
-- credential is no place of a policy, so the word itself names it.
DO $change$
DECLARE
  written text := pg_get_functiondef('policy_chain(text)'::regprocedure);
  change text[];
BEGIN
  FOREACH change SLICE 1 IN ARRAY ARRAY[
    ['SELECT l.depth, l.id, l.time_zone, ''above'', '''', coalesce(h.application_id, ''''), '''', '''', '''', h.word || ''{"isHeld": true}''',
     'SELECT CASE WHEN t.id IS NULL THEN l.depth ELSE 0 END, CASE WHEN t.id IS NULL THEN l.id ELSE of_account END, l.time_zone, ''above'', '''',
    coalesce(h.application_id, ''''), '''', '''', coalesce(t.endpoint_id, ''''),
    h.word || ''{"isHeld": true}'' || jsonb_strip_nulls(jsonb_build_object(''credentialId'', t.credential_id))'],
    ['FROM level l JOIN trigger_hold h ON h.target_id = l.id',
     'FROM level l JOIN trigger_hold h ON h.target_id = l.id
  LEFT JOIN usage_trigger t ON t.id = h.trigger_id AND (t.endpoint_id IS NOT NULL OR t.credential_id IS NOT NULL)'],
    ['AND (l.depth = 0 OR h.application_id IS NULL)',
     'AND (l.depth = 0 OR (h.application_id IS NULL AND (t.id IS NULL OR t.with_descendants)))']] LOOP
    IF position(change[1] IN written) = 0 THEN RAISE EXCEPTION 'policy_chain is not as this migration knows it: %', change[1]; END IF;
    written := replace(written, change[1], change[2]);
  END LOOP;
  EXECUTE written;
END $change$;
