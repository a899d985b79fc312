GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Links of an invitation, in place of those before them. Nobody gets more than five such mails a day, whoever invites: with more,
-- a new link is only shown to who invites, and that of the last mail goes on. Answers whether one is to be mailed.
CREATE FUNCTION set_up_link_invite(hash bytea, mailed_hash bytea, of_user text, until timestamptz, for_account text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  is_mailed boolean;
BEGIN
  PERFORM 1 FROM app_user u WHERE u.id = of_user FOR UPDATE;
  is_mailed := (SELECT count(*) < 5 FROM set_up_link l
    WHERE l.user_id = of_user AND l.is_mailed AND l.created_at > now() - interval '1 day');
  IF is_mailed THEN
    PERFORM set_up_link_make(hash, mailed_hash, of_user, until, for_account);
  ELSE
    UPDATE set_up_link l SET used_at = now()
      WHERE l.user_id = of_user AND l.account_id = for_account AND l.used_at IS NULL AND NOT l.is_mailed;
    INSERT INTO set_up_link (token_hash, user_id, expires_at, account_id, is_mailed) VALUES (hash, of_user, until, for_account, false);
  END IF;
  RETURN is_mailed;
END $$;
ALTER FUNCTION set_up_link_invite(bytea, bytea, text, timestamptz, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION set_up_link_invite(bytea, bytea, text, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_up_link_invite(bytea, bytea, text, timestamptz, text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
