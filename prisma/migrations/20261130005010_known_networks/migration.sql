-- Whether somebody signed in from a network before, as far as their sessions are kept. By address of mail, so that it costs
-- the same for one that is nobody's (C13).
CREATE FUNCTION sign_in_knows(wanted_email text, network text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT EXISTS (SELECT 1 FROM app_user u JOIN sign_in_session s ON s.user_id = u.id
    WHERE u.email = lower(wanted_email) AND pg_input_is_valid(network, 'cidr')
      AND CASE WHEN pg_input_is_valid(s.address, 'inet') THEN s.address::inet <<= network::cidr ELSE false END)
$$;
GRANT CREATE ON SCHEMA public TO patchbay_wall;
ALTER FUNCTION sign_in_knows(text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION sign_in_knows(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sign_in_knows(text, text) TO patchbay_app;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
