-- Callbacks of an endpoint ended when it was released or went to another account (HKS-1), until this function was written anew for what
-- accounts above configured (20261203110040): since then they stayed, called again with an endpoint that came back, and counted for ever.
DO $change$
DECLARE
  written text := pg_get_functiondef('endpoint_left()'::regprocedure);
  known text := 's.set_by = '''';';
BEGIN
  IF position(known IN written) = 0 THEN RAISE EXCEPTION 'endpoint_left is not as this migration knows it.'; END IF;
  EXECUTE replace(written, known, known || $body$
  UPDATE webhook w SET state = 'removed', removed_at = now(), secret_ciphertext = '\x', previous_ciphertext = NULL, previous_ends_at = NULL
    WHERE w.account_id = OLD.account_id AND w.endpoint_id = OLD.id AND w.state <> 'removed';$body$);
END $change$;

-- Those that stayed behind meanwhile, and those that were set while their application was being removed.
UPDATE webhook w SET state = 'removed', removed_at = now(), secret_ciphertext = '\x', previous_ciphertext = NULL, previous_ends_at = NULL
WHERE w.service IS NOT NULL AND w.state <> 'removed'
  AND ((w.endpoint_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM endpoint e WHERE e.id = w.endpoint_id AND e.account_id = w.account_id AND e.rests_until IS NULL))
    OR (w.application_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM application a WHERE a.id = w.application_id AND a.account_id = w.account_id)));
