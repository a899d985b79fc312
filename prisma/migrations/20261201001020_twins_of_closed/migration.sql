-- A twin is closed with its account, and its external id is free as that one's is: it stayed open, and who took the id over for a
-- live account had a twin without it.
GRANT CREATE ON SCHEMA public TO patchbay_wall;
CREATE FUNCTION account_close_twin() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  UPDATE account t SET state = 'closed' WHERE t.live_id = NEW.id AND t.state <> 'closed';
  RETURN NULL;
END $$;
ALTER FUNCTION account_close_twin() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION account_close_twin() FROM PUBLIC;
CREATE TRIGGER closes_twin AFTER UPDATE OF state ON account FOR EACH ROW
  WHEN (NEW.state = 'closed' AND OLD.state <> 'closed' AND NOT NEW.is_test) EXECUTE FUNCTION account_close_twin();

UPDATE account t SET state = 'closed' FROM account l WHERE l.id = t.live_id AND l.state = 'closed' AND t.state <> 'closed';

DO $change$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('account_test_twin(text)', 'a.parent_id = above AND a.external_id = live.external_id)',
      'a.parent_id = above AND a.external_id = live.external_id AND a.state <> ''closed'')'),
    ('account_move(text, text)', 'o.parent_id = new_parent_twin AND o.external_id = twin.external_id)',
      'o.parent_id = new_parent_twin AND o.external_id = twin.external_id AND o.state <> ''closed'')')
  ) AS c(signature, was, becomes) LOOP
    written := pg_get_functiondef(change.signature::regprocedure);
    IF position(change.was IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it.', change.signature; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
END $change$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
