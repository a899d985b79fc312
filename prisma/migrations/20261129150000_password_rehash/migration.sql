-- Keeps a password under a newer hash, for whoever has just shown it: only in place of the hash that it was held against,
-- so that a password which was changed meanwhile stays changed.
CREATE FUNCTION password_rehash(of_user text, old_hash text, new_hash text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ UPDATE app_user u SET password_hash = new_hash WHERE u.id = of_user AND u.password_hash = old_hash $$;
GRANT CREATE ON SCHEMA public TO patchbay_wall;
ALTER FUNCTION password_rehash(text, text, text) OWNER TO patchbay_wall;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
REVOKE ALL ON FUNCTION password_rehash(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION password_rehash(text, text, text) TO patchbay_app;
