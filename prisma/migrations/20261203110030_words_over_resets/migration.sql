-- Test accounts that begin anew are new accounts, and what those above the old ones had said of these was of the old ones alone: by
-- starting over an account lifted it. It passes to the new ones, in the transaction that makes them (POL-2).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Gives the new test accounts what those above said of the old ones. All three name the same accounts in one order, from the top. What
-- those above say of the live account, which a new twin takes over, stays where it was said later. What is about applications and
-- settings of endpoints is left: new accounts have none.
CREATE FUNCTION test_words_pass(of_old text[], of_live text[], of_new text[], closed_ids text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  old_ids text[];
  live_ids text[];
  new_ids text[];
BEGIN
  -- The top of all test accounts stands above them before and after.
  SELECT of_old || top.id, of_live || top.live_id, of_new || top.id INTO old_ids, live_ids, new_ids
  FROM account a JOIN account top ON top.id = a.parent_id WHERE a.id = of_new[1];

  INSERT INTO policy (account_id, by, set_by, region, endpoint, word, updated_at)
  SELECT t.new, p.by, s.new, p.region, p.endpoint, p.word, p.updated_at FROM policy p
    JOIN unnest(old_ids, live_ids, new_ids) AS t(old, live, new) ON t.old = p.account_id
    JOIN unnest(old_ids, live_ids, new_ids) AS s(old, live, new) ON s.old = p.set_by
  WHERE p.application_id = '' AND NOT EXISTS (SELECT 1 FROM policy l WHERE l.account_id = t.live AND l.by = p.by AND l.set_by = s.live
    AND l.application_id = '' AND l.region = p.region AND l.endpoint = p.endpoint AND l.updated_at > p.updated_at)
  ON CONFLICT (account_id, by, set_by, application_id, instance_type, region, endpoint)
    DO UPDATE SET word = excluded.word, updated_at = excluded.updated_at;

  INSERT INTO service_config (account_id, set_by, application_id, instance_type, endpoint_id, service, config, updated_at)
  SELECT t.new, s.new, '', '', '', c.service, c.config, c.updated_at FROM service_config c
    JOIN unnest(old_ids, live_ids, new_ids) AS t(old, live, new) ON t.old = c.account_id
    JOIN unnest(old_ids, live_ids, new_ids) AS s(old, live, new) ON s.old = c.set_by
  WHERE c.application_id = '' AND c.endpoint_id = '' AND NOT EXISTS (SELECT 1 FROM service_config l WHERE l.account_id = t.live
    AND l.set_by = s.live AND l.application_id = '' AND l.endpoint_id = '' AND l.service = c.service AND l.updated_at > c.updated_at)
  ON CONFLICT (account_id, set_by, application_id, instance_type, endpoint_id, service)
    DO UPDATE SET config = excluded.config, updated_at = excluded.updated_at;

  INSERT INTO service_access (account_id, set_by, service, state, uses, sessions_per_day, minutes_per_session, changed_at)
  SELECT t.new, s.new, c.service, c.state, c.uses, c.sessions_per_day, c.minutes_per_session, c.changed_at FROM service_access c
    JOIN unnest(old_ids, live_ids, new_ids) AS t(old, live, new) ON t.old = c.account_id
    JOIN unnest(old_ids, live_ids, new_ids) AS s(old, live, new) ON s.old = c.set_by
  WHERE NOT EXISTS (SELECT 1 FROM service_access l WHERE l.account_id = t.live AND l.set_by = s.live AND l.service = c.service
    AND l.changed_at > c.changed_at)
  ON CONFLICT (account_id, set_by, service) DO UPDATE SET state = excluded.state, uses = excluded.uses,
    sessions_per_day = excluded.sessions_per_day, minutes_per_session = excluded.minutes_per_session, changed_at = excluded.changed_at;

  INSERT INTO retention_word (account_id, set_by, word, updated_at)
  SELECT t.new, s.new, w.word, w.updated_at FROM retention_word w
    JOIN unnest(old_ids, new_ids) AS t(old, new) ON t.old = w.account_id
    JOIN unnest(old_ids, new_ids) AS s(old, new) ON s.old = w.set_by
  ON CONFLICT (account_id, set_by) DO NOTHING;

  -- Plans of the accounts that begin anew are made anew with them.
  INSERT INTO policy_plan (id, account_id, name, word)
  SELECT DISTINCT ON (p.id) public_id('pln', clock_timestamp()), s.new, p.name, p.word FROM account_plan g
    JOIN policy_plan p ON p.id = g.plan_id
    JOIN unnest(of_old, of_new) AS t(old, new) ON t.old = g.account_id
    JOIN unnest(of_old, of_new) AS s(old, new) ON s.old = g.owner_id
  ON CONFLICT DO NOTHING;
  INSERT INTO account_plan (account_id, owner_id, plan_id)
  SELECT t.new, s.new, n.id FROM account_plan g JOIN policy_plan p ON p.id = g.plan_id
    JOIN unnest(old_ids, new_ids) AS t(old, new) ON t.old = g.account_id
    JOIN unnest(old_ids, new_ids) AS s(old, new) ON s.old = g.owner_id
    JOIN policy_plan n ON n.account_id = s.new AND n.name = p.name
  ON CONFLICT (account_id, owner_id) DO UPDATE SET plan_id = excluded.plan_id;

  -- Books are empty: what was spent until here counts for no limit.
  INSERT INTO spending_limit (id, account_id, set_by_id, per, amount, shares_percent, action, bits_per_second_max, since)
  SELECT public_id('spl', clock_timestamp()), t.new, s.new, l.per, l.amount, l.shares_percent, l.action, l.bits_per_second_max, now()
  FROM spending_limit l
    JOIN unnest(old_ids, new_ids) AS t(old, new) ON t.old = l.account_id
    JOIN unnest(old_ids, new_ids) AS s(old, new) ON s.old = l.set_by_id
  WHERE l.set_by_id <> l.account_id;
  INSERT INTO prepaid_word (account_id, by_id, overdraft)
  SELECT t.new, s.new, w.overdraft FROM prepaid_word w
    JOIN unnest(old_ids, new_ids) AS t(old, new) ON t.old = w.account_id
    JOIN unnest(old_ids, new_ids) AS s(old, new) ON s.old = w.by_id
  WHERE w.by_id <> w.account_id;
  INSERT INTO prepaid_account (account_id, is_prepaid, since_period, overdraft)
  SELECT w.account_id, true, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM'), min(w.overdraft) FROM prepaid_word w
  WHERE w.account_id = ANY (of_new) GROUP BY w.account_id;

  INSERT INTO account_suspension (account_id, by_id, reason, at)
  SELECT t.new, s.new, w.reason, w.at FROM account_suspension w
    JOIN unnest(old_ids, new_ids) AS t(old, new) ON t.old = w.account_id
    JOIN unnest(old_ids, new_ids) AS s(old, new) ON s.old = w.by_id
  WHERE w.by_id <> w.account_id AND w.reason = 'said';
  UPDATE account a SET state = 'closed' FROM unnest(of_old, of_new) AS t(old, new)
  WHERE a.id = t.new AND t.old = ANY (closed_ids) AND a.state <> 'closed';
END $$;
ALTER FUNCTION test_words_pass(text[], text[], text[], text[]) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION test_words_pass(text[], text[], text[], text[]) FROM PUBLIC;

DO $change$
DECLARE
  written text := pg_get_functiondef('test_clock_reset(text)'::regprocedure);
  change text[];
BEGIN
  FOREACH change SLICE 1 IN ARRAY ARRAY[
    ['  twin text;', '  twin text;
  new_ids text[] := ''{}'';
  closed_ids text[];'],
    -- All old accounts are closed in a moment. Of those that were before, those stay closed that somebody above them all closed.
    ['  UPDATE account a SET live_id = NULL', '  closed_ids := ARRAY(SELECT s.account_id FROM account_suspension s
    WHERE s.account_id = ANY (old_ids) AND s.reason = ''closed'' AND s.by_id <> ALL (old_ids));
  UPDATE account a SET live_id = NULL'],
    ['    UPDATE api_key k SET account_id = twin', '    new_ids := new_ids || twin;
    UPDATE api_key k SET account_id = twin'],
    ['  PERFORM set_config(''patchbay.account_id'', scope, true);
  RETURN', '  PERFORM test_words_pass(old_ids, live_ids, new_ids, closed_ids);
  PERFORM set_config(''patchbay.account_id'', scope, true);
  RETURN']] LOOP
    IF position(change[1] IN written) = 0 THEN RAISE EXCEPTION 'test_clock_reset is not as this migration knows it: %', change[1]; END IF;
    written := replace(written, change[1], change[2]);
  END LOOP;
  EXECUTE written;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
