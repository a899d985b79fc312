-- Mail, and the links in it: an address is proved, and a lost password set again (PRD-3).
CREATE TABLE "email_link" (
    "token_hash" BYTEA NOT NULL,
    "user_id" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "email_link_pkey" PRIMARY KEY ("token_hash")
);
CREATE TABLE "mail" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "recipient" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "body" BYTEA,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "error" TEXT,

    CONSTRAINT "mail_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "email_link_user_id_idx" ON "email_link"("user_id");
CREATE INDEX "mail_account_id_id_idx" ON "mail"("account_id", "id");
CREATE INDEX "mail_state_next_at_idx" ON "mail"("state", "next_at");
ALTER TABLE "email_link" ADD CONSTRAINT "email_link_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "mail" ADD CONSTRAINT "mail_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE email_link ADD CONSTRAINT email_link_purpose CHECK (purpose IN ('verify', 'reset'));
ALTER TABLE mail ADD CONSTRAINT mail_state CHECK (state IN ('waiting', 'sent', 'shown', 'failed'));

-- Whoever was in before addresses were proved stays in.
UPDATE app_user SET email_verified_at = now() WHERE email_verified_at IS NULL AND password_hash IS NOT NULL;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

ALTER TABLE email_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE email_link FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON email_link TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON email_link TO patchbay_wall;

-- Not those below: what an account wrote to somebody is not its parent's to read.
ALTER TABLE mail ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON mail TO patchbay_app USING (account_id = current_setting('patchbay.account_id', true))
  WITH CHECK (account_id = current_setting('patchbay.account_id', true));
CREATE POLICY wall ON mail TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT (id, account_id, recipient, subject, state, attempt_count, next_at, created_at, sent_at, error) ON mail TO patchbay_app;
GRANT INSERT (id, account_id, recipient, subject, body) ON mail TO patchbay_app;
GRANT SELECT, UPDATE, DELETE ON mail TO patchbay_wall;

-- Takes the mails that are due, for a minute: a sender that is killed leaves them to the next one.
CREATE FUNCTION mail_take(count_max integer) RETURNS TABLE (id text, recipient text, subject text, body bytea, attempt_count integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  DELETE FROM mail m WHERE m.created_at < now() - interval '30 days';
  UPDATE mail m SET attempt_count = m.attempt_count + 1, next_at = clock_timestamp() + interval '1 minute'
  WHERE m.id IN (
    SELECT d.id FROM mail d WHERE d.state = 'waiting' AND d.next_at <= clock_timestamp()
    ORDER BY d.next_at LIMIT count_max FOR UPDATE SKIP LOCKED)
  RETURNING m.id, m.recipient, m.subject, m.body, m.attempt_count
$$;
ALTER FUNCTION mail_take(integer) OWNER TO patchbay_wall;

-- Notes what became of a try. The text stays only where it is still needed.
CREATE FUNCTION mail_settle(mail_id text, new_state text, said text, retry_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  UPDATE mail m SET state = new_state, error = left(said, 300), next_at = coalesce(retry_at, m.next_at),
    sent_at = CASE WHEN new_state = 'sent' THEN clock_timestamp() END,
    body = CASE WHEN new_state IN ('waiting', 'shown') THEN m.body END
  WHERE m.id = mail_id
$$;
ALTER FUNCTION mail_settle(text, text, text, timestamptz) OWNER TO patchbay_wall;

-- The newest mails of all accounts, for the outbox of a machine that only its owner reaches.
CREATE FUNCTION mail_newest(count_max integer) RETURNS TABLE (id text, recipient text, subject text, body bytea, created_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT m.id, m.recipient, m.subject, m.body, m.created_at FROM mail m ORDER BY m.id DESC LIMIT count_max $$;
ALTER FUNCTION mail_newest(integer) OWNER TO patchbay_wall;

-- Makes a link for an address. A new one takes the place of those before it; more than five an hour are not made.
CREATE FUNCTION email_link_make(hash bytea, of_user text, for_purpose text, for_email text, until timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM 1 FROM app_user u WHERE u.id = of_user FOR UPDATE;
  DELETE FROM email_link l WHERE l.user_id = of_user AND l.created_at < now() - interval '1 day';
  IF (SELECT count(*) FROM email_link l WHERE l.user_id = of_user AND l.purpose = for_purpose
      AND l.created_at > now() - interval '1 hour') >= 5 THEN RETURN false; END IF;
  UPDATE email_link l SET used_at = now() WHERE l.user_id = of_user AND l.purpose = for_purpose AND l.used_at IS NULL;
  INSERT INTO email_link (token_hash, user_id, purpose, email, expires_at)
    VALUES (hash, of_user, for_purpose, lower(for_email), until);
  RETURN true;
END $$;
ALTER FUNCTION email_link_make(bytea, text, text, text, timestamptz) OWNER TO patchbay_wall;

CREATE FUNCTION email_link_read(hash bytea, for_purpose text) RETURNS TABLE (user_id text, name text, email text, old_email text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT u.id, u.name, l.email, u.email FROM email_link l JOIN app_user u ON u.id = l.user_id
  WHERE l.token_hash = hash AND l.purpose = for_purpose AND l.used_at IS NULL AND l.expires_at > now()
$$;
ALTER FUNCTION email_link_read(bytea, text) OWNER TO patchbay_wall;

-- Proves an address, once: it is the user's from now on. An address that somebody has is a unique_violation, and leaves
-- the link unused.
CREATE FUNCTION email_verify(hash bytea) RETURNS TABLE (user_id text, name text, email text, old_email text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  link email_link%ROWTYPE;
  before app_user%ROWTYPE;
BEGIN
  UPDATE email_link l SET used_at = now()
    WHERE l.token_hash = hash AND l.purpose = 'verify' AND l.used_at IS NULL AND l.expires_at > now() RETURNING l.* INTO link;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT u.* INTO before FROM app_user u WHERE u.id = link.user_id FOR UPDATE;
  -- A reset that was sent to an address which is theirs no more goes with it.
  UPDATE email_link l SET used_at = now()
    WHERE l.user_id = link.user_id AND l.purpose = 'reset' AND l.email <> link.email AND l.used_at IS NULL;
  UPDATE app_user u SET email = link.email, email_verified_at = now() WHERE u.id = link.user_id;
  RETURN QUERY SELECT before.id, before.name, link.email, before.email;
END $$;
ALTER FUNCTION email_verify(bytea) OWNER TO patchbay_wall;

-- Sets a password with a link that was mailed, once, and ends every sign-in session. Whoever read the mail has the address.
CREATE FUNCTION password_reset(hash bytea, new_password_hash text) RETURNS TABLE (user_id text, name text, email text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  link email_link%ROWTYPE;
BEGIN
  UPDATE email_link l SET used_at = now()
    WHERE l.token_hash = hash AND l.purpose = 'reset' AND l.used_at IS NULL AND l.expires_at > now() RETURNING l.* INTO link;
  IF NOT FOUND THEN RETURN; END IF;
  -- A link that somebody else asked for before, such as to another address, goes with their sessions.
  UPDATE email_link l SET used_at = now() WHERE l.user_id = link.user_id AND l.used_at IS NULL;
  UPDATE sign_in_session s SET revoked_at = now() WHERE s.user_id = link.user_id AND s.revoked_at IS NULL;
  RETURN QUERY UPDATE app_user u SET password_hash = new_password_hash, email_verified_at = coalesce(u.email_verified_at, now())
    WHERE u.id = link.user_id AND u.email = link.email RETURNING u.id, u.name, u.email;
END $$;
ALTER FUNCTION password_reset(bytea, text) OWNER TO patchbay_wall;

CREATE FUNCTION email_is_verified(of_user text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT coalesce((SELECT u.email_verified_at IS NOT NULL FROM app_user u WHERE u.id = of_user), false) $$;
ALTER FUNCTION email_is_verified(text) OWNER TO patchbay_wall;

-- An invitation comes by mail and is shown to whoever wrote it: only the link of the mail proves the address (PRD-3).
ALTER TABLE set_up_link ADD COLUMN is_mailed BOOLEAN NOT NULL DEFAULT false;

DROP FUNCTION set_up_link_make(bytea, text, timestamptz, text);
-- New links of an invitation take the place of those before them. Both do the same; whichever is used first ends the other.
CREATE FUNCTION set_up_link_make(hash bytea, mailed_hash bytea, of_user text, until timestamptz, for_account text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  UPDATE set_up_link l SET used_at = now()
    WHERE l.user_id = of_user AND l.account_id = for_account AND l.used_at IS NULL;
  INSERT INTO set_up_link (token_hash, user_id, expires_at, account_id, is_mailed)
    SELECT h.hash, of_user, until, for_account, h.is_mailed
    FROM (VALUES (hash, false), (mailed_hash, true)) h (hash, is_mailed) WHERE h.hash IS NOT NULL
$$;
ALTER FUNCTION set_up_link_make(bytea, bytea, text, timestamptz, text) OWNER TO patchbay_wall;

DROP FUNCTION set_up_link_use(bytea, text, text, text);
-- Uses a link up: sets the password, ends every older sign-in session, and takes the role that the link is for. A link of
-- an invitation does so only for who has no password yet, and proves their address if it came by mail. A link without one is
-- made by the operator of the machine, whose word counts. Address and name are taken only for an owner who had none. An
-- address that somebody has is a unique_violation, and leaves the link unused.
CREATE FUNCTION set_up_link_use(hash bytea, new_password_hash text, own_email text, own_name text)
RETURNS TABLE (id text, email text, name text, account_id text, is_verified boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  link set_up_link%ROWTYPE;
BEGIN
  SELECT l.* INTO link FROM set_up_link l
    WHERE l.token_hash = hash AND l.used_at IS NULL AND l.expires_at > now() FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM 1 FROM app_user u
    WHERE u.id = link.user_id AND (link.account_id IS NULL OR u.password_hash IS NULL) FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  IF link.account_id IS NOT NULL THEN
    UPDATE role_grant g SET accepted_at = now()
      WHERE g.user_id = link.user_id AND g.account_id = link.account_id AND g.accepted_at IS NULL;
    IF NOT FOUND THEN RETURN; END IF;
  END IF;
  UPDATE set_up_link l SET used_at = now()
    WHERE l.user_id = link.user_id AND l.used_at IS NULL AND (l.account_id IS NULL OR l.account_id = link.account_id);
  UPDATE sign_in_session s SET revoked_at = now() WHERE s.user_id = link.user_id AND s.revoked_at IS NULL;
  UPDATE app_user u SET email = lower(own_email), name = coalesce(own_name, u.name)
    WHERE u.id = link.user_id AND u.email LIKE '%.invalid' AND own_email IS NOT NULL;
  RETURN QUERY UPDATE app_user u
    SET password_hash = new_password_hash,
      email_verified_at = CASE WHEN link.is_mailed OR link.account_id IS NULL
        THEN coalesce(u.email_verified_at, now()) ELSE u.email_verified_at END,
      name = coalesce((SELECT g.invited_name FROM role_grant g
        WHERE g.user_id = link.user_id AND g.account_id = link.account_id), u.name)
    WHERE u.id = link.user_id RETURNING u.id, u.email, u.name, link.account_id, u.email_verified_at IS NOT NULL;
END $$;
ALTER FUNCTION set_up_link_use(bytea, text, text, text) OWNER TO patchbay_wall;

-- Takes the role that a link is for, as the person it names. The account, or NULL when there is nothing to take.
CREATE OR REPLACE FUNCTION invitation_accept(hash bytea, as_user text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  link set_up_link%ROWTYPE;
BEGIN
  SELECT l.* INTO link FROM set_up_link l
    WHERE l.token_hash = hash AND l.user_id = as_user AND l.account_id IS NOT NULL AND l.used_at IS NULL
      AND l.expires_at > now() FOR UPDATE;
  UPDATE role_grant g SET accepted_at = now()
    WHERE g.user_id = as_user AND g.account_id = link.account_id AND g.accepted_at IS NULL;
  IF NOT FOUND THEN RETURN NULL; END IF;
  UPDATE set_up_link l SET used_at = now()
    WHERE l.user_id = as_user AND l.account_id = link.account_id AND l.used_at IS NULL;
  UPDATE app_user u SET email_verified_at = now()
    WHERE u.id = as_user AND link.is_mailed AND u.email_verified_at IS NULL;
  RETURN link.account_id;
END $$;
ALTER FUNCTION invitation_accept(bytea, text) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY[
    'mail_take(integer)', 'mail_settle(text, text, text, timestamptz)', 'mail_newest(integer)',
    'email_link_make(bytea, text, text, text, timestamptz)', 'email_link_read(bytea, text)', 'email_verify(bytea)',
    'password_reset(bytea, text)', 'email_is_verified(text)',
    'set_up_link_make(bytea, bytea, text, timestamptz, text)', 'set_up_link_use(bytea, text, text, text)'
  ]::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
