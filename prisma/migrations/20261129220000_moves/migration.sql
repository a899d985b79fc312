-- A move has two times. Who reaches an account, and what holds for it, follow it at once, with the transaction (C4): the
-- open rows of the closure say so. Usage and what it costs follow it from the next whole minute on, so that a minute has
-- one set of ancestors: the times of the rows say that.

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Every function that asked who is above whom by the clock asks for the open rows instead. Each keeps its owner and grants.
DO $$
DECLARE
  asking oid;
BEGIN
  FOR asking IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
    AND p.prosrc ~ '\w+\.valid_from <= now\(\) AND now\(\) < \w+\.valid_to' LOOP
    EXECUTE regexp_replace(
      pg_get_functiondef(asking), '\w+\.valid_from <= now\(\) AND now\(\) < (\w+)\.valid_to', '\1.valid_to = ''infinity''', 'g');
  END LOOP;
END $$;

DROP FUNCTION account_move(text, text);
-- Moves an account, with all below it, under another parent. Both must be in scope. Plans that accounts of the subtree
-- have of an account that is not above them any more are taken off them: nobody who sees the accounts could.
CREATE FUNCTION account_move(moved_id text, new_parent_id text, OUT outcome text, OUT starts_at timestamptz, OUT old_parent_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  effective_at timestamptz := date_trunc('minute', clock_timestamp(), 'UTC') + interval '1 minute';
  moved account%ROWTYPE;
  parent account%ROWTYPE;
  subtree text[];
BEGIN
  -- One move at a time: two that cross each other could close a circle.
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.account_move', 0));
  SELECT * INTO moved FROM account a WHERE a.id = moved_id AND account_is_visible(a.id) FOR UPDATE;
  SELECT * INTO parent FROM account a WHERE a.id = new_parent_id AND account_is_visible(a.id) FOR UPDATE;
  IF moved.id IS NULL OR parent.id IS NULL THEN outcome := 'unknown'; RETURN; END IF;
  subtree := ARRAY(SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = moved_id AND c.valid_to = 'infinity');
  IF new_parent_id = ANY (subtree) THEN outcome := 'cycle'; RETURN; END IF;
  IF moved.root_id <> parent.root_id OR moved.root_id = moved.id THEN outcome := 'other_tree'; RETURN; END IF;
  IF moved.parent_id = new_parent_id THEN outcome := 'there_already'; RETURN; END IF;

  DELETE FROM account_closure c WHERE c.valid_from >= effective_at
    AND c.descendant_id = ANY (subtree) AND c.ancestor_id <> ALL (subtree);
  UPDATE account_closure c SET valid_to = effective_at WHERE c.valid_to = 'infinity'
    AND c.descendant_id = ANY (subtree) AND c.ancestor_id <> ALL (subtree);
  INSERT INTO account_closure (descendant_id, ancestor_id, depth, valid_from)
    SELECT below.descendant_id, above.ancestor_id, below.depth + above.depth + 1, effective_at
    FROM account_closure below CROSS JOIN account_closure above
    WHERE below.ancestor_id = moved_id AND below.valid_to = 'infinity'
      AND above.descendant_id = new_parent_id AND above.valid_to = 'infinity';
  UPDATE account a SET depth = a.depth + parent.depth + 1 - moved.depth WHERE a.id = ANY (subtree);
  UPDATE account a SET parent_id = new_parent_id WHERE a.id = moved_id;
  DELETE FROM account_plan t USING policy_plan p WHERE p.id = t.plan_id AND t.account_id = ANY (subtree)
    AND NOT EXISTS (SELECT 1 FROM account_closure c WHERE c.descendant_id = t.account_id AND c.ancestor_id = p.account_id
      AND c.valid_to = 'infinity');
  outcome := 'moved';
  starts_at := effective_at;
  old_parent_id := moved.parent_id;
END $$;
ALTER FUNCTION account_move(text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION account_move(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_move(text, text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
