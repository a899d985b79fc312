-- AlterTable
ALTER TABLE "audit_entry" ADD COLUMN     "erased_by" TEXT,
ADD COLUMN     "erased_hash" BYTEA;

-- CreateTable
CREATE TABLE "erasure" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "person" TEXT,
    "pseudonym" TEXT,
    "state" TEXT NOT NULL DEFAULT 'counting',
    "requested_by" TEXT NOT NULL,
    "confirmed_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "confirmed_at" TIMESTAMPTZ(3),
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "done_at" TIMESTAMPTZ(3),
    "found" JSONB NOT NULL DEFAULT '{}',
    "erased" JSONB NOT NULL DEFAULT '{}',
    "live_count" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "erasure_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "erasure_account_id_id_idx" ON "erasure"("account_id", "id");

-- AddForeignKey
ALTER TABLE "erasure" ADD CONSTRAINT "erasure_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE erasure ADD CONSTRAINT erasure_state CHECK (state IN ('counting', 'counted', 'running', 'done', 'cancelled'));
-- What is over names nobody (PRD-4).
ALTER TABLE erasure ADD CONSTRAINT erasure_receipt_names_nobody CHECK (
  state NOT IN ('done', 'cancelled') OR (person IS NULL AND pseudonym IS NULL));
CREATE UNIQUE INDEX erasure_one_at_work ON erasure (account_id) WHERE state IN ('counting', 'counted', 'running');
SELECT guard_tenant_table('erasure');

-- Names are taken out of rows whose facts stay.
GRANT UPDATE (identity) ON session_leg TO patchbay_wall;
GRANT UPDATE (identifier, label) ON endpoint TO patchbay_wall;
GRANT UPDATE (identifier, note) ON endpoint_transfer TO patchbay_wall;
GRANT DELETE ON second_factor, recovery_code, passkey, passkey_challenge, email_link TO patchbay_wall;
GRANT UPDATE (data) ON platform_event TO patchbay_wall;
GRANT UPDATE (response, error) ON webhook_attempt TO patchbay_wall;
GRANT UPDATE ON refused_request, usage_record, usage_conflict, policy, usage_trigger, role_grant TO patchbay_wall;
GRANT DELETE ON usage_session TO patchbay_wall;
GRANT UPDATE (actor_name, address, before, after, erased_by, erased_hash) ON audit_entry TO patchbay_wall;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Takes a person's names out of a text: as they stand in sentences.
CREATE FUNCTION person_text(said text, terms jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH place AS (SELECT replace(coalesce(replace(said, terms ->> 'endpointAt', 'user:' || (terms ->> 'pseudonym')), said),
      coalesce(terms ->> 'email', chr(1)), coalesce(terms ->> 'pseudonym', '')) AS said)
  SELECT CASE WHEN terms ->> 'endpoint' IS NULL THEN p.said ELSE regexp_replace(p.said,
    '(^|[^[:alnum:]_])' || regexp_replace(terms ->> 'endpoint', '([.*+?^${}()|[\]\\-])', '\\\1', 'g') || '(?![[:alnum:]_@-]|\.[[:alnum:]])',
    '\1user:' || (terms ->> 'pseudonym'), 'g') END
  FROM place p
$$;

-- Takes a person's names out of JSON, wherever they stand. `under` is the name of the field.
CREATE FUNCTION person_scrub(value jsonb, under text, terms jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  said text;
BEGIN
  CASE jsonb_typeof(value)
  WHEN 'object' THEN
    RETURN (SELECT coalesce(jsonb_object_agg(f.key, person_scrub(f.value, f.key, terms)), '{}') FROM jsonb_each(value) AS f(key, value));
  WHEN 'array' THEN
    RETURN (SELECT coalesce(jsonb_agg(person_scrub(f.value, under, terms) ORDER BY f.place), '[]')
      FROM jsonb_array_elements(value) WITH ORDINALITY AS f(value, place));
  WHEN 'string' THEN
    said := value #>> '{}';
    IF (under = 'identity' AND said = terms ->> 'identity') OR said = terms ->> 'email'
      OR (under IN ('name', 'actorName', 'invitedName') AND said = terms ->> 'name') THEN
      RETURN to_jsonb(terms ->> 'pseudonym');
    ELSIF said = terms ->> 'endpoint' OR said = terms ->> 'endpointAt' THEN
      RETURN to_jsonb('user:' || (terms ->> 'pseudonym'));
    ELSIF said = terms ->> 'identityAt' THEN
      RETURN to_jsonb(terms ->> 'pseudonym');
    ELSIF under IN ('detail', 'message', 'error', 'response') THEN
      RETURN to_jsonb(person_text(said, terms));
    END IF;
    RETURN value;
  ELSE
    RETURN value;
  END CASE;
END $$;

-- Whether JSON names a person. Most does not have the letters at all, and is not looked at further.
CREATE FUNCTION person_in(value jsonb, terms jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  needle text;
BEGIN
  IF value IS NULL THEN RETURN false; END IF;
  FOR needle IN SELECT jsonb_array_elements_text(terms -> 'needles') LOOP
    IF strpos(value::text, needle) > 0 THEN RETURN person_scrub(value, '', terms) IS DISTINCT FROM value; END IF;
  END LOOP;
  RETURN false;
END $$;
GRANT EXECUTE ON FUNCTION person_text(text, jsonb), person_scrub(jsonb, text, jsonb), person_in(jsonb, jsonb) TO patchbay_app, patchbay_wall;

-- Where persons stand: the class of data, how a row is known as about a person ($2 are the terms), and what is changed in it.
-- `changes` is null where the row is of the person and has nothing to be changed, or goes by a function of its own. This is
-- the only place that knows it: what an export of a person has is found by the same.
CREATE FUNCTION person_places() RETURNS TABLE (place int, data_class text, of_table text, finds text, changes text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  VALUES
    -- Before the legs, by which it is known whose a session was.
    (1, 'sessionLogs', 'session', $f$EXISTS (SELECT 1 FROM session_leg l WHERE l.session_id = t.id AND l.account_id = t.account_id AND l.identity = $2 ->> 'identity')$f$, NULL),
    (2, 'sessionLogs', 'session_event', $f$person_in(t.data, $2)$f$, $c$data = person_scrub(t.data, '', $2)$c$),
    (3, 'sessionLogs', 'session_leg', $f$t.identity = $2 ->> 'identity'$f$, $c$identity = $2 ->> 'pseudonym'$c$),
    (4, 'refusedRequests', 'refused_request',
      $f$(t.actor_id = $2 ->> 'userId' AND t.actor_name <> $2 ->> 'pseudonym') OR person_text(t.detail, $2) <> t.detail OR person_in(t.known, $2)$f$,
      $c$actor_name = CASE WHEN t.actor_id = $2 ->> 'userId' THEN $2 ->> 'pseudonym' ELSE t.actor_name END, detail = person_text(t.detail, $2), known = person_scrub(t.known, '', $2)$c$),
    (5, 'usageRecords', 'usage_record', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym')$c$),
    (6, 'refusedUsage', 'usage_conflict', $f$person_in(t.body, $2)$f$, $c$body = person_scrub(t.body, '', $2)$c$),
    (7, 'events', 'platform_event', $f$person_in(t.data, $2)$f$, $c$data = person_scrub(t.data, '', $2)$c$),
    (8, 'webhookDeliveries', 'webhook_attempt',
      $f$person_text(t.response, $2) <> t.response OR person_text(t.error, $2) <> t.error$f$,
      $c$response = person_text(t.response, $2), error = person_text(t.error, $2)$c$),
    (9, 'usageTotals', 'usage_session', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, NULL),
    (10, 'configuration', 'usage_trigger', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym')$c$),
    (11, 'configuration', 'policy', $f$t.endpoint = $2 ->> 'endpoint'$f$, $c$endpoint = 'user:' || ($2 ->> 'pseudonym')$c$),
    (12, 'auditEntries', 'audit_entry',
      $f$(t.actor_id = $2 ->> 'userId' AND t.actor_name <> $2 ->> 'pseudonym') OR person_in(t.before, $2) OR person_in(t.after, $2)$f$, NULL),
    (13, 'team', 'role_grant', $f$t.user_id = $2 ->> 'userId'$f$, NULL),
    (14, 'team', 'app_user', $f$t.id = $2 ->> 'userId'$f$, NULL),
    (15, 'mails', 'mail', $f$t.recipient = $2 ->> 'email'$f$, $c$recipient = $2 ->> 'pseudonym', subject = person_text(t.subject, $2), error = person_text(t.error, $2)$c$),
    (16, 'configuration', 'endpoint', $f$t.identifier = $2 ->> 'endpoint'$f$, $c$identifier = 'user:' || ($2 ->> 'pseudonym'), label = ''$c$),
    (17, 'configuration', 'endpoint_transfer', $f$t.identifier = $2 ->> 'endpoint'$f$, $c$identifier = 'user:' || ($2 ->> 'pseudonym'), note = ''$c$)
$$;
GRANT EXECUTE ON FUNCTION person_places() TO patchbay_app, patchbay_wall;

-- What a person is called in the rows of one account. An identity is one of its own account alone: below it only what says
-- so, as user:bob@acc_…, means the same person. A user is who has, or is offered, a role there or below.
CREATE FUNCTION person_terms(root text, of_account text, person text, pseudonym text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  identity text := substr(person, 6);
  one record;
BEGIN
  IF NOT account_is_visible(root) OR NOT account_is_visible(of_account) THEN RETURN NULL; END IF;
  IF person LIKE 'user:%' THEN
    RETURN jsonb_build_object('pseudonym', pseudonym, 'endpointAt', person || '@' || root, 'identityAt', identity || '@' || root,
      'needles', jsonb_build_array(trim('"' FROM to_jsonb(identity)::text)))
      || CASE WHEN of_account = root THEN jsonb_build_object('identity', identity, 'endpoint', person) ELSE '{}' END;
  END IF;
  SELECT u.id, u.email, CASE WHEN g.accepted_at IS NULL THEN g.invited_name ELSE u.name END AS name INTO one
    FROM role_grant g JOIN app_user u ON u.id = g.user_id
    WHERE g.user_id = person AND account_is_visible(g.account_id) ORDER BY g.accepted_at NULLS LAST LIMIT 1;
  IF one.id IS NULL THEN RETURN NULL; END IF;
  RETURN jsonb_build_object('pseudonym', 'Erased person', 'userId', one.id, 'email', one.email, 'name', one.name,
    'needles', jsonb_build_array(trim('"' FROM to_jsonb(one.email)::text), trim('"' FROM to_jsonb(one.name)::text)));
END $$;
ALTER FUNCTION person_terms(text, text, text, text) OWNER TO patchbay_wall;

-- How many rows of a table of an account are about a person; with `erases` their names are taken out. A sum never changes:
-- totals of a session under the name that is erased become those under what stands in its place.
CREATE FUNCTION person_erase(at_place int, of_account text, terms jsonb, erases boolean) RETURNS bigint
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
    WITH taken AS (
      DELETE FROM usage_session t WHERE t.account_id = of_account AND t.endpoint_id = terms ->> 'endpoint' RETURNING t.*
    ), put AS (
      INSERT INTO usage_session AS s (account_id, session_id, credential_id, application_id, endpoint_id, meter, dimension_set_id,
        sum, first_at, last_at)
      SELECT k.account_id, k.session_id, k.credential_id, k.application_id, 'user:' || (terms ->> 'pseudonym'), k.meter,
        k.dimension_set_id, k.sum, k.first_at, k.last_at FROM taken k ORDER BY 1, 2, 3, 4, 5, 6, 7
      ON CONFLICT (account_id, session_id, credential_id, application_id, endpoint_id, meter, dimension_set_id)
      DO UPDATE SET sum = s.sum + excluded.sum, first_at = least(s.first_at, excluded.first_at), last_at = greatest(s.last_at, excluded.last_at)
    ) SELECT count(*) INTO changed FROM taken;
    RETURN changed;
  END IF;
  IF p.changes IS NULL THEN RETURN 0; END IF;
  EXECUTE format('UPDATE %I t SET %s WHERE %s AND (%s)', p.of_table, p.changes, owned, p.finds) USING of_account, terms;
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN changed;
END $$;
ALTER FUNCTION person_erase(int, text, jsonb, boolean) OWNER TO patchbay_wall;

-- What an entry of the audit log says since a name was taken out of it: over its hash as it was, so that the two belong together.
CREATE FUNCTION audit_erased_hash(entry audit_entry) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT sha256(entry.hash || audit_hash(entry)) $$;

-- Takes a person's names out of entries of an account's audit log, so many at most. The hashes that chain them stay; what
-- each entry says now is hashed beside. It answers those hashes by the number of the entry: whoever called appends them in an
-- entry of the same chain, in the same transaction, or the chain counts as broken (C53).
CREATE FUNCTION audit_erase(of_account text, terms jsonb, by_erasure text, row_max int) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  finds text := (SELECT x.finds FROM person_places() AS x WHERE x.of_table = 'audit_entry');
  numbers bigint[];
  said jsonb;
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN '{}'; END IF;
  EXECUTE format('SELECT array_agg(f.sequence) FROM (SELECT t.sequence FROM audit_entry t WHERE t.account_id = $1 AND (%s) ORDER BY 1 LIMIT $3) f', finds)
    INTO numbers USING of_account, terms, row_max;
  UPDATE audit_entry e SET
    actor_name = CASE WHEN e.actor_id = terms ->> 'userId' THEN terms ->> 'pseudonym' ELSE e.actor_name END,
    address = CASE WHEN e.actor_id = terms ->> 'userId' THEN NULL ELSE e.address END,
    before = person_scrub(e.before, '', terms), after = person_scrub(e.after, '', terms), erased_by = by_erasure
    WHERE e.account_id = of_account AND e.sequence = ANY (numbers);
  UPDATE audit_entry e SET erased_hash = audit_erased_hash(e) WHERE e.account_id = of_account AND e.sequence = ANY (numbers);
  SELECT jsonb_object_agg(e.sequence, encode(e.erased_hash, 'hex')) INTO said
    FROM audit_entry e WHERE e.account_id = of_account AND e.sequence = ANY (numbers);
  RETURN coalesce(said, '{}');
END $$;
ALTER FUNCTION audit_erase(text, jsonb, text, int) OWNER TO patchbay_wall;

-- As before; an entry that a name was taken out of says what a later entry of the same chain says that it says.
CREATE OR REPLACE FUNCTION audit_broken_at(of_account text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH base AS (
    SELECT coalesce((SELECT b.sequence FROM audit_base b WHERE b.account_id = of_account), 0) AS sequence,
      coalesce((SELECT b.hash FROM audit_base b WHERE b.account_id = of_account), '\x') AS hash
  ), entries AS (
    SELECT e.sequence, b.sequence + row_number() OVER w AS place,
      CASE WHEN e.erased_by IS NULL THEN e.hash = audit_hash(e)
        ELSE e.erased_hash = audit_erased_hash(e) AND EXISTS (SELECT 1 FROM audit_entry v WHERE v.account_id = of_account
          AND v.sequence > e.sequence AND v.erased_by IS NULL AND v.action = 'erasures.complete' AND v.target = e.erased_by
          AND v.after -> 'entries' ->> e.sequence::text = encode(e.erased_hash, 'hex')) END
      AND e.previous_hash = coalesce(lag(e.hash) OVER w, b.hash) AS is_whole, e.hash
    FROM base b CROSS JOIN audit_entry e WHERE e.account_id = of_account WINDOW w AS (ORDER BY e.sequence)),
  broken AS (
    SELECT min(place) AS at FROM entries WHERE sequence <> place OR is_whole IS NOT TRUE
    UNION ALL
    SELECT coalesce((SELECT max(place) FROM entries), (SELECT sequence FROM base)) + 1 FROM audit_head h
    WHERE h.account_id = of_account AND NOT EXISTS (
      SELECT 1 FROM entries l WHERE l.sequence = h.sequence AND l.hash = h.hash)
      AND NOT EXISTS (SELECT 1 FROM base b WHERE b.sequence = h.sequence AND b.hash = h.hash))
  SELECT min(at) FROM broken
$$;

-- Sessions that go on and that the person is in.
CREATE FUNCTION person_live(of_account text, terms jsonb) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT count(DISTINCT s.id) FROM session_leg l JOIN session s ON s.id = l.session_id
  WHERE account_is_visible(of_account) AND l.account_id = of_account AND s.ended_at IS NULL
    AND l.identity IN (terms ->> 'identity', terms ->> 'pseudonym')
$$;
ALTER FUNCTION person_live(text, jsonb) OWNER TO patchbay_wall;

-- Whether somebody of the team is the only owner of an account: then nobody could run it any more.
CREATE FUNCTION person_is_last_owner(of_account text, of_user text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT account_is_visible(of_account) AND EXISTS (SELECT 1 FROM role_grant g WHERE g.account_id = of_account AND g.user_id = of_user
      AND g.role = 'owner' AND g.accepted_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM role_grant g WHERE g.account_id = of_account AND g.user_id <> of_user AND g.role = 'owner' AND g.accepted_at IS NOT NULL)
$$;
ALTER FUNCTION person_is_last_owner(text, text) OWNER TO patchbay_wall;

-- Takes a user's roles in an account and below; who then has a role nowhere is forgotten, sign-ins and links included. What
-- they have elsewhere is not this account's to touch, or to know of.
CREATE FUNCTION person_leave(of_account text, of_user text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  gone bigint;
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN 0; END IF;
  DELETE FROM role_grant g WHERE g.user_id = of_user AND account_is_visible(g.account_id);
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM set_up_link l WHERE l.user_id = of_user AND account_is_visible(l.account_id);
  IF gone > 0 AND NOT EXISTS (SELECT 1 FROM role_grant g WHERE g.user_id = of_user) THEN
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
ALTER FUNCTION person_leave(text, text) OWNER TO patchbay_wall;

-- The next erasure that has something to be done, whose ever it is.
CREATE FUNCTION erasure_next(at timestamptz) RETURNS TABLE (id text, account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT e.id, e.account_id FROM erasure e WHERE e.state IN ('counting', 'running') AND e.next_at <= at ORDER BY e.next_at, e.id LIMIT 1
$$;
ALTER FUNCTION erasure_next(timestamptz) OWNER TO patchbay_wall;

-- One that nobody confirmed in a day names nobody any more.
CREATE FUNCTION erasure_expire(at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH over AS (
    UPDATE erasure e SET state = 'cancelled', person = NULL, pseudonym = NULL
    WHERE e.state = 'counted' AND e.created_at < at - interval '1 day' RETURNING 1)
  SELECT count(*) FROM over
$$;
ALTER FUNCTION erasure_expire(timestamptz) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['person_terms(text, text, text, text)', 'person_erase(int, text, jsonb, boolean)',
    'audit_erase(text, jsonb, text, int)', 'person_live(text, jsonb)', 'person_is_last_owner(text, text)', 'person_leave(text, text)',
    'erasure_next(timestamptz)', 'erasure_expire(timestamptz)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
