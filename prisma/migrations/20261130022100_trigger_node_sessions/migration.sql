-- As before; where the action names a node, of all those the ones that it holds (TRG-2).
CREATE OR REPLACE FUNCTION trigger_open_sessions(of_trigger text, after_id text, row_max int) RETURNS TABLE (session_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  SELECT s.id FROM usage_trigger t
  JOIN account_closure c ON c.ancestor_id = t.target_id AND (t.with_descendants OR c.depth = 0)
    AND c.valid_to = 'infinity'
  JOIN session s ON s.account_id = c.descendant_id AND s.state <> 'ended' AND s.id > after_id
  WHERE t.id = of_trigger
    AND (t.action ->> 'nodeId' IS NULL OR s.node_id = t.action ->> 'nodeId')
    AND (t.application_id IS NULL OR s.application_id = t.application_id)
    AND (t.session_id IS NULL OR s.id = t.session_id)
    AND ((t.endpoint_id IS NULL AND t.credential_id IS NULL) OR EXISTS (
      SELECT 1 FROM usage_session u WHERE u.account_id = t.target_id AND u.session_id = s.id
        AND (t.endpoint_id IS NULL OR u.endpoint_id = t.endpoint_id)
        AND (t.credential_id IS NULL OR u.credential_id = t.credential_id)))
  ORDER BY s.id LIMIT row_max
$$;
