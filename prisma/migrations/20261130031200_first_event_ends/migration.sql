-- A sequence says 1 before it was asked and after it was asked once. So a credential that was watched on a platform without any
-- event missed the very first one (ACC-7).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

CREATE OR REPLACE FUNCTION credential_end_watch(
  of_account text, of_key text, of_prefix text, named_event text, named_subject text, since_at timestamptz, until_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  is_new boolean;
BEGIN
  IF EXISTS (SELECT FROM credential_revocation r JOIN api_key k ON k.account_id = r.account_id
    WHERE k.id = of_key AND r.prefix_id = of_prefix) THEN RETURN true; END IF;
  -- What is on its way now came before the first use; where the credential has a start, that decides, and not who was quicker.
  INSERT INTO credential_end (account_id, prefix_id, event, subject, key_id, since, arrival, position, expires_at)
  SELECT of_account, of_prefix, named_event, named_subject, of_key, since_at,
    s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END - CASE WHEN since_at IS NULL THEN 0 ELSE 10000 END, p.position, until_at
  FROM event_place p, platform_event_arrival_seq s
  ON CONFLICT DO NOTHING RETURNING true INTO is_new;
  IF is_new IS NULL OR since_at IS NULL THEN RETURN false; END IF;
  IF NOT EXISTS (SELECT FROM platform_event e WHERE e.account_id = of_account AND e.at >= since_at
    AND is_end(e.type, e.session_id, e.data, named_event, named_subject)) THEN RETURN false; END IF;
  PERFORM credential_end_now(of_key, of_prefix, until_at);
  DELETE FROM credential_end w WHERE w.account_id = of_account AND w.prefix_id = of_prefix;
  RETURN true;
END $$;
ALTER FUNCTION credential_end_watch(text, text, text, text, text, timestamptz, timestamptz) OWNER TO patchbay_wall;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
