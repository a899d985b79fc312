-- Two edges of ingest (MET-2).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The statement that writes a session's total joins the layouts: what is written has one, and layouts stay. So this only cost
-- a look-up for each new session, and it never said what it was there for: a layout that a restored database does not have
-- made records count as repeats. usage_count() says it now.
ALTER TABLE usage_session_total DROP CONSTRAINT usage_session_total_layout_id_fkey;

-- Marks of boots that have no records any more. What they reported is older than what is taken in, so nothing comes twice
-- without them.
GRANT DELETE ON usage_node_mark TO patchbay_wall;

DO $$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('usage_count(date[], text[], bigint[], bigint[], text[], text[], text[], text[], text[], int[], bigint[], bigint[], bigint[], text[], bigint[])',
      '  -- Where all are taken, it waits in the rows of the first.',
      '  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT u.id FROM unnest(layout_ids) AS u(id)) AS u
      WHERE NOT EXISTS (SELECT 1 FROM usage_layout l WHERE l.id = u.id)) THEN
    RAISE EXCEPTION ''A layout of this batch is none.'' USING ERRCODE = ''foreign_key_violation'';
  END IF;
  -- Where all are taken, it waits in the rows of the first.'),
    ('usage_close_day(date)', '    DELETE FROM usage_sequence_block s WHERE s.day = wanted;',
      '    DELETE FROM usage_sequence_block s WHERE s.day = wanted;
    DELETE FROM usage_node_mark m WHERE NOT EXISTS (
      SELECT 1 FROM usage_sequence_block s WHERE (s.node_id, s.boot) = (m.node_id, m.boot));')) AS c(signature, was, becomes)
  LOOP
    written := pg_get_functiondef(change.signature::regprocedure);
    IF strpos(written, change.was) = 0 THEN RAISE EXCEPTION '% is not what this migration changes.', change.signature; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
