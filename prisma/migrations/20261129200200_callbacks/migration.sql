-- AlterTable
ALTER TABLE "webhook" ADD COLUMN     "endpoint_id" TEXT,
ADD COLUMN     "service" TEXT;

ALTER TABLE webhook ADD CONSTRAINT webhook_endpoint_is_of_the_account CHECK (endpoint_id IS NULL OR application_id IS NULL);
CREATE INDEX webhook_endpoint_idx ON webhook (endpoint_id) WHERE endpoint_id IS NOT NULL;
GRANT SELECT (endpoint_id, service) ON webhook TO patchbay_app;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- As before, and of each event the endpoints that it is about: those of its account in its session.
DROP FUNCTION events_to_place(int);
CREATE FUNCTION events_to_place(row_max int)
RETURNS TABLE (id text, account_id text, type text, application_id text, session_id text, session_sequence int, data jsonb,
  identities text[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM 1 FROM event_place p FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN; END IF;
  -- A statement of its own, and so a snapshot of its own: whoever held the place before has committed by now.
  RETURN QUERY
    WITH oldest AS (
      SELECT e.id, e.session_id FROM platform_event e WHERE e.position IS NULL ORDER BY e.arrival LIMIT row_max)
    SELECT e.id, e.account_id, e.type, e.application_id, e.session_id, e.session_sequence, e.data,
      ARRAY(SELECT l.identity FROM session_leg l
        WHERE l.session_id = e.session_id AND l.account_id = e.account_id AND l.identity IS NOT NULL)
    FROM platform_event e
    WHERE e.position IS NULL AND (e.id IN (SELECT o.id FROM oldest o) OR e.session_id IN (SELECT o.session_id FROM oldest o))
    ORDER BY e.arrival;
END $$;
ALTER FUNCTION events_to_place(int) OWNER TO patchbay_wall;

-- As before, with the endpoint of which a webhook hears alone.
DROP FUNCTION webhooks_above(text[]);
CREATE FUNCTION webhooks_above(account_ids text[])
RETURNS TABLE (below_id text, webhook_id text, account_id text, event_types text[], scope text, application_id text, endpoint text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT c.descendant_id, w.id, w.account_id, w.event_types, w.scope, w.application_id, e.identifier
  FROM account_closure c JOIN webhook w ON w.account_id = c.ancestor_id LEFT JOIN endpoint e ON e.id = w.endpoint_id
  WHERE c.descendant_id = ANY (account_ids) AND c.valid_from <= now() AND now() < c.valid_to AND w.state = 'active'
    AND (w.endpoint_id IS NULL OR e.account_id = w.account_id)
  ORDER BY c.descendant_id, c.depth DESC, w.id
$$;
ALTER FUNCTION webhooks_above(text[]) OWNER TO patchbay_wall;

-- As before, and nobody is called back any more.
CREATE OR REPLACE FUNCTION endpoint_left() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM service_config s WHERE s.account_id = OLD.account_id AND s.endpoint_id = OLD.id;
  UPDATE webhook w SET state = 'removed', removed_at = now(), secret_ciphertext = '\x', previous_ciphertext = NULL, previous_ends_at = NULL
    WHERE w.account_id = OLD.account_id AND w.endpoint_id = OLD.id AND w.state <> 'removed';
  RETURN NULL;
END $$;

REVOKE ALL ON FUNCTION events_to_place(int), webhooks_above(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events_to_place(int), webhooks_above(text[]) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
