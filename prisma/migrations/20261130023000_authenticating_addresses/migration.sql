-- An address that counts as its account without a credential (ACC-9). One address counts as one account alone.
ALTER TABLE "allow_list_entry" ADD COLUMN "authenticates" BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE allow_list_entry ADD CONSTRAINT allow_list_keys_are_shown CHECK (NOT authenticates OR purpose = 'credentials');
CREATE INDEX allow_list_entry_authenticating ON allow_list_entry USING gist ((network::inet) inet_ops) WHERE authenticates;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What is written by an account that is closed, or below one that is, holds nothing any more.
CREATE FUNCTION authenticating_networks() RETURNS TABLE (account_id text, network text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT e.account_id, e.network FROM allow_list_entry e
  WHERE e.authenticates AND NOT EXISTS (
    SELECT 1 FROM account_closure c JOIN account a ON a.id = c.ancestor_id
    WHERE c.descendant_id = e.account_id AND c.valid_to = 'infinity' AND a.state = 'closed')
  ORDER BY e.account_id, e.network
$$;

-- Why an account cannot have all of these: one that another account has, or too many of its tree. Empty: it can. Of all who
-- ask at once one is answered at a time, and the next one when the first has written or given up.
CREATE FUNCTION authenticating_networks_refused(of_account text, networks text[], per_tree_max integer)
RETURNS TABLE (network text, reason text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('authenticating_networks', 0));
  RETURN QUERY SELECT wanted, 'taken' FROM unnest(networks) AS wanted
    JOIN authenticating_networks() held ON held.account_id <> of_account AND held.network::inet && wanted::inet
    LIMIT 1;
  IF NOT FOUND THEN
    RETURN QUERY SELECT ''::text, 'too_many' WHERE per_tree_max < cardinality(networks) + (
      SELECT count(*) FROM allow_list_entry e JOIN account a ON a.id = e.account_id
      WHERE e.authenticates AND e.account_id <> of_account
        AND a.root_id = (SELECT own.root_id FROM account own WHERE own.id = of_account));
  END IF;
END $$;

-- Whoever forgets to ask is refused.
CREATE FUNCTION allow_list_keep_apart() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM authenticating_networks_refused(NEW.account_id, ARRAY[NEW.network], 2147483647)) THEN
    RAISE EXCEPTION 'Network % counts as another account.', NEW.network USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NEW;
END $$;

ALTER FUNCTION authenticating_networks() OWNER TO patchbay_wall;
ALTER FUNCTION authenticating_networks_refused(text, text[], integer) OWNER TO patchbay_wall;
ALTER FUNCTION allow_list_keep_apart() OWNER TO patchbay_wall;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
REVOKE ALL ON FUNCTION authenticating_networks(), authenticating_networks_refused(text, text[], integer), allow_list_keep_apart()
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticating_networks(), authenticating_networks_refused(text, text[], integer) TO patchbay_app;

CREATE TRIGGER allow_list_keep_apart BEFORE INSERT OR UPDATE ON allow_list_entry
  FOR EACH ROW WHEN (NEW.authenticates) EXECUTE FUNCTION allow_list_keep_apart();

-- A list of addresses that all authenticate by themselves says nothing of where credentials may be used from: whoever lists
-- a trunk shuts out nobody's browser.
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
    CASE WHEN bool_or(purpose = 'credentials' AND NOT authenticates)
      THEN jsonb_agg(network ORDER BY network) FILTER (WHERE purpose = 'credentials') END AS credentials
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
