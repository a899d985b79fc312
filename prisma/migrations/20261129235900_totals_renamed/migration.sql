-- The totals of sessions are kept by a number: taking a person's name out of them is a rename of what it stands for.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Gives the totals of an endpoint to another name; where that one has totals of its own, they are added up. A process that
-- remembers the number of a source that is gone asks anew.
CREATE FUNCTION usage_rename_endpoint(of_account text, old_id text, new_id text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  gone bigint[];
  renamed bigint;
BEGIN
  IF NOT account_is_visible(of_account) OR old_id = new_id THEN RETURN 0; END IF;
  WITH pair AS MATERIALIZED (
    SELECT o.id AS old_source, n.id AS new_source
    FROM usage_source o JOIN usage_source n ON (n.session_id, n.account_id, n.credential_id, n.application_id, n.endpoint_id)
      = (o.session_id, o.account_id, o.credential_id, o.application_id, new_id)
    WHERE o.account_id = of_account AND o.endpoint_id = old_id
  ), taken AS (
    DELETE FROM usage_session_total t USING pair p WHERE t.source_id = p.old_source RETURNING p.new_source, t.*
  ), put AS (
    INSERT INTO usage_session_total AS s (source_id, layout_id, part, account_id, first_at, last_at, v1, v2, v3, v4, v5, v6, v7, v8)
    SELECT new_source, layout_id, part, account_id, first_at, last_at, v1, v2, v3, v4, v5, v6, v7, v8 FROM taken ORDER BY 1, 2, 3
    ON CONFLICT (source_id, layout_id, part) DO UPDATE SET first_at = least(s.first_at, excluded.first_at),
      last_at = greatest(s.last_at, excluded.last_at),
      v1 = s.v1 + excluded.v1, v2 = s.v2 + excluded.v2, v3 = s.v3 + excluded.v3, v4 = s.v4 + excluded.v4, v5 = s.v5 + excluded.v5, v6 = s.v6 + excluded.v6, v7 = s.v7 + excluded.v7, v8 = s.v8 + excluded.v8
  )
  SELECT array_agg(p.old_source) INTO gone FROM pair p;
  DELETE FROM usage_source s WHERE s.id = ANY (gone);
  UPDATE usage_source s SET endpoint_id = new_id WHERE s.account_id = of_account AND s.endpoint_id = old_id;
  GET DIAGNOSTICS renamed = ROW_COUNT;
  RETURN renamed + coalesce(cardinality(gone), 0);
END $$;
ALTER FUNCTION usage_rename_endpoint(text, text, text) OWNER TO patchbay_wall;

REVOKE ALL ON FUNCTION usage_rename_endpoint(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_rename_endpoint(text, text, text) TO patchbay_wall, patchbay_app;

-- As before, but for the totals of sessions.
CREATE OR REPLACE FUNCTION person_erase(at_place int, of_account text, terms jsonb, erases boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
DECLARE
  p record;
  owned text := 't.account_id = $1';
  changed bigint;
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN 0; END IF;
  SELECT * INTO p FROM person_places() AS x WHERE x.place = at_place;
  IF p.of_table = 'app_user' THEN RETURN 0; END IF;
  -- It stands in both accounts' lists.
  IF p.of_table = 'endpoint_transfer' THEN owned := '$1 IN (t.from_account_id, t.to_account_id)'; END IF;
  IF NOT erases THEN
    EXECUTE format('SELECT count(*) FROM %I t WHERE %s AND (%s)', p.of_table, owned, p.finds) INTO changed USING of_account, terms;
    RETURN changed;
  END IF;
  IF p.of_table = 'usage_session' THEN
    RETURN usage_rename_endpoint(of_account, terms ->> 'endpoint', 'user:' || (terms ->> 'pseudonym'));
  END IF;
  IF p.changes IS NULL THEN RETURN 0; END IF;
  EXECUTE format('UPDATE %I t SET %s WHERE %s AND (%s)', p.of_table, p.changes, owned, p.finds) USING of_account, terms;
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN changed;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
