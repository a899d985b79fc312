-- Organisations are read and renamed by those who reach their top account (ACC-3).

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The accounts of the scope alone are seen in here, so a scope further down renames nothing.
CREATE POLICY rename ON organisation FOR UPDATE TO patchbay_app
  USING (EXISTS (SELECT 1 FROM account a WHERE a.organisation_id = organisation.id AND a.depth = 1))
  WITH CHECK (EXISTS (SELECT 1 FROM account a WHERE a.organisation_id = organisation.id AND a.depth = 1));
GRANT UPDATE (name) ON organisation TO patchbay_app;

-- A user belongs to the organisations at whose top account they took a role.
CREATE FUNCTION user_organisations(of_user text) RETURNS TABLE (id text, name text, account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT o.id, o.name, a.id
  FROM role_grant g JOIN account a ON a.id = g.account_id JOIN organisation o ON o.id = a.organisation_id
  WHERE g.user_id = of_user AND g.accepted_at IS NOT NULL AND a.depth = 1 ORDER BY o.id
$$;
ALTER FUNCTION user_organisations(text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION user_organisations(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION user_organisations(text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
