-- Test accounts that begin anew took over what those above them said, but neither what their triggers held nor what they configured of
-- single endpoints: by starting over an account lifted both (POL-2, TRG-2). What is about an application stays with the old account: a new
-- one has none, and an account that has one makes another beside it whenever it likes.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

DO $change$
DECLARE
  written text := pg_get_functiondef('test_words_pass(text[], text[], text[], text[])'::regprocedure);
  was text := '  INSERT INTO account_suspension (account_id, by_id, reason, at)';
BEGIN
  IF position(was IN written) = 0 THEN RAISE EXCEPTION 'test_words_pass is not as this migration knows it.'; END IF;
  EXECUTE replace(written, was, $words$  -- It waits by the endpoint's identifier, as where one was released, until the new account has it.
  INSERT INTO service_config (account_id, set_by, application_id, instance_type, endpoint_id, service, config, updated_at)
  SELECT t.new, s.new, '', '', coalesce(e.identifier, c.endpoint_id), c.service, c.config, c.updated_at FROM service_config c
    JOIN unnest(old_ids, new_ids) AS t(old, new) ON t.old = c.account_id
    JOIN unnest(old_ids, new_ids) AS s(old, new) ON s.old = c.set_by
    LEFT JOIN endpoint e ON e.id = c.endpoint_id
  WHERE c.application_id = '' AND c.endpoint_id <> '' ON CONFLICT DO NOTHING;

  -- Triggers set from above that hold something pass with what they hold and have counted: by real time, as what a policy counts. Those
  -- that only tell are of the books that ended.
  WITH passed AS (
    UPDATE usage_trigger u SET account_id = s.new, target_id = t.new
    FROM unnest(old_ids, new_ids) AS s(old, new), unnest(of_old, of_new) AS t(old, new)
    WHERE s.old = u.account_id AND t.old = u.target_id AND u.account_id <> u.target_id AND u.removed_at IS NULL
      AND u.action ->> 'kind' IN ('throttle', 'disableService', 'disableFeature', 'suspend')
      AND u.application_id IS NULL AND u.endpoint_id IS NULL AND u.credential_id IS NULL AND u.session_id IS NULL
    RETURNING u.id, u.account_id, u.target_id
  ), counted AS (
    UPDATE trigger_counter c SET account_id = p.account_id FROM passed p WHERE p.id = c.trigger_id
  )
  UPDATE trigger_hold h SET account_id = p.account_id, target_id = p.target_id FROM passed p WHERE p.id = h.trigger_id;

$words$ || was);
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
