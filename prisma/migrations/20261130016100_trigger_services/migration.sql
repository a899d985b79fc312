-- A trigger may turn services off: a hold that is a word of policy rather than a configuration (TRG-2).
ALTER TABLE trigger_hold ADD COLUMN word jsonb;

CREATE FUNCTION trigger_hold_word(of_trigger text, to_word jsonb, until_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  INSERT INTO trigger_hold AS h (trigger_id, account_id, target_id, application_id, service, config, is_shown, until, word)
  SELECT t.id, t.account_id, t.target_id, t.application_id, '', '{}', t.is_shown, until_at, to_word
  FROM usage_trigger t WHERE t.id = of_trigger AND t.is_enabled AND t.removed_at IS NULL
  ON CONFLICT (trigger_id) DO UPDATE SET word = excluded.word, is_shown = excluded.is_shown, until = greatest(h.until, excluded.until)
$$;
GRANT CREATE ON SCHEMA public TO patchbay_wall;
ALTER FUNCTION trigger_hold_word(text, jsonb, timestamptz) OWNER TO patchbay_wall;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
REVOKE ALL ON FUNCTION trigger_hold_word(text, jsonb, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trigger_hold_word(text, jsonb, timestamptz) TO patchbay_app;

CREATE OR REPLACE FUNCTION policy_chain(of_account text)
RETURNS TABLE (account_id text, time_zone text, by text, plan_id text, application_id text, instance_type text,
  region text, endpoint text, word jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH level AS (
    SELECT c.depth, a.id, a.time_zone FROM account_closure c JOIN account a ON a.id = c.ancestor_id
    WHERE c.descendant_id = of_account AND c.valid_to = 'infinity')
  SELECT id, time_zone, by, plan_id, application_id, instance_type, region, endpoint, word FROM (
  SELECT l.depth, l.id, l.time_zone, p.by, '' AS plan_id, p.application_id, p.instance_type, p.region, p.endpoint, p.word
  FROM level l JOIN policy p ON p.account_id = l.id
  WHERE l.depth = 0 OR (p.application_id = '' AND p.endpoint = '')
  UNION ALL
  SELECT l.depth, l.id, l.time_zone, 'plan', p.id, '', '', '', '', p.word
  FROM level l JOIN account_plan t ON t.account_id = l.id JOIN policy_plan p ON p.id = t.plan_id
  UNION ALL
  SELECT l.depth, l.id, l.time_zone, 'access', '', '', '', '', '', jsonb_build_object(
    'values', jsonb_strip_nulls(jsonb_build_object('keyAllowList', e.keys, 'clientAllowList', e.credentials)),
    'locked', '[]'::jsonb, 'overridable', '{}'::jsonb,
    'enabling', jsonb_build_object('enabled', coalesce(s.enabled, '[]'), 'disabled', coalesce(s.disabled, '[]')))
  FROM level l
  CROSS JOIN LATERAL (SELECT count(*) AS count,
    jsonb_agg(network ORDER BY network) FILTER (WHERE purpose = 'keys') AS keys,
    jsonb_agg(network ORDER BY network) FILTER (WHERE purpose = 'credentials') AS credentials
    FROM allow_list_entry WHERE account_id = l.id) e
  CROSS JOIN LATERAL (SELECT count(*) AS count,
    jsonb_agg(service ORDER BY service) FILTER (WHERE state = 'enabled') AS enabled,
    jsonb_agg(service ORDER BY service) FILTER (WHERE state = 'disabled') AS disabled
    FROM service_access WHERE account_id = l.id) s
  WHERE e.count + s.count > 0
  UNION ALL
  -- What a trigger holds its target to, as an account above would say it: nobody at or below the target takes it back.
  SELECT l.depth, l.id, l.time_zone, 'above', '', coalesce(h.application_id, ''), '', '', '', h.word
  FROM level l JOIN trigger_hold h ON h.target_id = l.id
  WHERE h.word IS NOT NULL AND (h.until IS NULL OR h.until > now()) AND (l.depth = 0 OR h.application_id IS NULL)
  ) stored ORDER BY depth DESC
$$;
