-- Somebody who left the team is still named where they acted, and one who leaves while they are erased as well: so an erasure
-- keeps what its person is called until it is over.
ALTER TABLE "erasure" ADD COLUMN     "is_last_owner" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "person_email" TEXT,
ADD COLUMN     "person_name" TEXT;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What a user is called who has, or is offered, a role in an account or below, or had one and is named in the audit log.
CREATE FUNCTION person_known(root text, person text) RETURNS TABLE (email text, name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(root) THEN RETURN; END IF;
  RETURN QUERY SELECT u.email, CASE WHEN g.accepted_at IS NULL THEN g.invited_name ELSE u.name END
    FROM role_grant g JOIN app_user u ON u.id = g.user_id
    WHERE g.user_id = person AND account_is_visible(g.account_id) ORDER BY g.accepted_at NULLS LAST LIMIT 1;
  IF FOUND THEN RETURN; END IF;
  -- As they were called there last: what a user is called elsewhere since is not this account's to know.
  RETURN QUERY SELECT said.email, said.name FROM (
      SELECT e.at, coalesce(e.before ->> 'email', e.after ->> 'email') AS email, coalesce(e.before ->> 'name', e.after ->> 'name') AS name
        FROM audit_entry e WHERE e.target = person AND e.action LIKE 'team.%' AND account_is_visible(e.account_id)
      UNION ALL
      SELECT e.at, NULL, e.actor_name FROM audit_entry e WHERE e.actor_id = person AND account_is_visible(e.account_id)
    ) said WHERE said.name IS NOT NULL AND said.name <> 'Erased person' ORDER BY (said.email IS NULL), said.at DESC LIMIT 1;
END $$;
ALTER FUNCTION person_known(text, text) OWNER TO patchbay_wall;

CREATE FUNCTION person_terms(root text, of_account text, person text, pseudonym text, email text, name text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  identity text := substr(person, 6);
BEGIN
  IF NOT account_is_visible(root) OR NOT account_is_visible(of_account) THEN RETURN NULL; END IF;
  IF person LIKE 'user:%' THEN
    RETURN jsonb_build_object('pseudonym', pseudonym, 'endpointAt', person || '@' || root, 'identityAt', identity || '@' || root,
      'needles', jsonb_build_array(trim('"' FROM to_jsonb(identity)::text)))
      || CASE WHEN of_account = root THEN jsonb_build_object('identity', identity, 'endpoint', person) ELSE '{}' END;
  END IF;
  IF person_terms.name IS NULL THEN RETURN NULL; END IF;
  RETURN jsonb_strip_nulls(jsonb_build_object('pseudonym', 'Erased person', 'userId', person, 'email', person_terms.email, 'name', person_terms.name,
    'needles', (SELECT jsonb_agg(trim('"' FROM to_jsonb(said)::text)) FROM unnest(ARRAY[person_terms.email, person_terms.name]) AS said WHERE said IS NOT NULL)));
END $$;
ALTER FUNCTION person_terms(text, text, text, text, text, text) OWNER TO patchbay_wall;

-- As before, of whoever is known now.
CREATE OR REPLACE FUNCTION person_terms(root text, of_account text, person text, pseudonym text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT person_terms(root, of_account, person, pseudonym, k.email, k.name)
  FROM (SELECT 1) AS one LEFT JOIN person_known(root, person) k ON person NOT LIKE 'user:%'
$$;

-- The accounts of which at least one keeps an owner: those along the chain, but for the platform's own.
CREATE FUNCTION owners_along(of_account text) RETURNS TABLE (id text, place bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH chain AS (SELECT c.id, c.place, count(*) OVER () AS count FROM account_chain(of_account) WITH ORDINALITY AS c(id, state, place))
  SELECT c.id, c.place FROM chain c WHERE c.count = 1 OR c.place > 1 ORDER BY c.place
$$;
ALTER FUNCTION owners_along(text) OWNER TO patchbay_wall;

-- Whether an account, or one below it, would have no owner left, there or above, without somebody's roles there and below.
CREATE OR REPLACE FUNCTION person_is_last_owner(of_account text, of_user text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT account_is_visible(of_account) AND EXISTS (
    SELECT 1 FROM role_grant g
    WHERE g.user_id = of_user AND g.role = 'owner' AND g.accepted_at IS NOT NULL AND account_is_visible(g.account_id)
      AND NOT EXISTS (
        SELECT 1 FROM owners_along(g.account_id) o JOIN role_grant h ON h.account_id = o.id
        WHERE h.role = 'owner' AND h.accepted_at IS NOT NULL AND (h.user_id <> of_user OR NOT account_is_visible(h.account_id))))
$$;

-- As before; it refuses what would leave an account without an owner, and waits for others who leave (PB409). Who left the
-- team before is forgotten as well where they have a role nowhere.
CREATE OR REPLACE FUNCTION person_leave(of_account text, of_user text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  gone bigint;
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN 0; END IF;
  IF NOT EXISTS (SELECT 1 FROM erasure e WHERE e.account_id = of_account AND e.person = of_user AND e.state = 'running') THEN RETURN 0; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('owners:' || top.id, 0)) FROM (
    SELECT DISTINCT (SELECT o.id FROM owners_along(g.account_id) o ORDER BY o.place LIMIT 1) AS id
    FROM role_grant g WHERE g.user_id = of_user AND account_is_visible(g.account_id) ORDER BY 1) top;
  IF person_is_last_owner(of_account, of_user) THEN
    RAISE EXCEPTION 'Nobody else owns what they own.' USING ERRCODE = 'PB409';
  END IF;
  DELETE FROM role_grant g WHERE g.user_id = of_user AND account_is_visible(g.account_id);
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM set_up_link l WHERE l.user_id = of_user AND account_is_visible(l.account_id);
  IF NOT EXISTS (SELECT 1 FROM role_grant g WHERE g.user_id = of_user) THEN
    DELETE FROM set_up_link l WHERE l.user_id = of_user;
    DELETE FROM sign_in_session s WHERE s.user_id = of_user;
    DELETE FROM email_link l WHERE l.user_id = of_user;
    DELETE FROM passkey k WHERE k.user_id = of_user;
    DELETE FROM passkey_challenge c WHERE c.user_id = of_user;
    DELETE FROM recovery_code c WHERE c.user_id = of_user;
    DELETE FROM second_factor f WHERE f.user_id = of_user;
    -- Nobody can have invited this address beforehand, and so stop the erasure.
    UPDATE app_user u SET email = lower(of_user) || '-' || encode(sha256(gen_random_uuid()::text::bytea), 'hex') || '@erased.invalid', name = 'Erased person', password_hash = NULL, email_verified_at = NULL
      WHERE u.id = of_user;
  END IF;
  RETURN gone;
END $$;

-- What is over names nobody, whichever release ended it.
CREATE FUNCTION erasure_forgets() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.person := NULL;
  NEW.pseudonym := NULL;
  NEW.person_email := NULL;
  NEW.person_name := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER erasure_forgets BEFORE INSERT OR UPDATE ON erasure FOR EACH ROW
  WHEN (NEW.state IN ('done', 'cancelled')) EXECUTE FUNCTION erasure_forgets();

-- Those that are at work; of whoever is known by now in no other way, they go on as before.
UPDATE erasure e SET person_email = u.email, person_name = u.name FROM app_user u WHERE u.id = e.person;

ALTER TABLE erasure DROP CONSTRAINT erasure_receipt_names_nobody;
ALTER TABLE erasure ADD CONSTRAINT erasure_receipt_names_nobody CHECK (
  state NOT IN ('done', 'cancelled') OR (person IS NULL AND pseudonym IS NULL AND person_email IS NULL AND person_name IS NULL));

REVOKE ALL ON FUNCTION person_known(text, text), person_terms(text, text, text, text, text, text), owners_along(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_known(text, text), person_terms(text, text, text, text, text, text), owners_along(text) TO patchbay_wall;
GRANT EXECUTE ON FUNCTION person_known(text, text), person_terms(text, text, text, text, text, text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
