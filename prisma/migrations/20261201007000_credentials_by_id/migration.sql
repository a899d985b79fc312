-- The audit log named a credential by its username, which says in clear whom it was minted for: it outlived the erasure of that
-- person (PRD-4). It is named by its id now. Who called with a credential stands as an actor by their own name, and stayed as well.
GRANT CREATE ON SCHEMA public TO patchbay_wall;
GRANT UPDATE (target) ON audit_entry TO patchbay_wall;

-- The id of the credential that a username is of (docs/credentials.md); any other text as it is.
CREATE FUNCTION credential_target(said text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN said !~ '^A[Q-Za-f][A-Za-z0-9_-]{40,}$' OR length(said) > 508 OR length(said) % 4 = 1 THEN said ELSE 'crd_' || (
    SELECT string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', substring(h.bits FROM 1 + 5 * place FOR 5)::bit(5)::int + 1, 1), '' ORDER BY place)
    FROM (SELECT ('x0' || encode(substring(sha256(decode(
        rpad(translate(said, '-_', '+/'), 4 * ((length(said) + 3) / 4), '='), 'base64')) FROM 1 FOR 18), 'hex'))::bit(148) << 3 AS bits) h,
      generate_series(0, 28) AS place) END
$$;
GRANT EXECUTE ON FUNCTION credential_target(text) TO patchbay_app, patchbay_wall;

-- Whether an actor is the person that an erasure is about: a user, or whoever holds a credential that says so.
CREATE FUNCTION person_acted(actor_id text, actor_name text, terms jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(actor_id = terms ->> 'userId', false)
    OR (actor_id LIKE 'crd\_%' AND coalesce(actor_name IN (terms ->> 'identity', terms ->> 'identityAt'), false))
$$;
GRANT EXECUTE ON FUNCTION person_acted(text, text, jsonb) TO patchbay_app, patchbay_wall;

DO $change$
DECLARE
  place regprocedure;
  written text;
  change text[];
BEGIN
  FOR place, change IN VALUES
    ('person_places()'::regprocedure, ARRAY[
      $s$(t.actor_id = $2 ->> 'userId' AND t.actor_name <> $2 ->> 'pseudonym')$s$,
      $s$(person_acted(t.actor_id, t.actor_name, $2) AND t.actor_name <> $2 ->> 'pseudonym')$s$]),
    ('person_places()', ARRAY[
      $s$CASE WHEN t.actor_id = $2 ->> 'userId' THEN$s$, $s$CASE WHEN person_acted(t.actor_id, t.actor_name, $2) THEN$s$]),
    ('audit_erase(text, jsonb, text, int)', ARRAY[
      $s$CASE WHEN e.actor_id = terms ->> 'userId' THEN$s$, $s$CASE WHEN person_acted(e.actor_id, e.actor_name, terms) THEN$s$]),
    ('audit_erase(text, jsonb, text, int)', ARRAY[
      $s$before = person_scrub(e.before, '', terms)$s$, $s$target = credential_target(e.target), before = person_scrub(e.before, '', terms)$s$])
  LOOP
    written := pg_get_functiondef(place);
    IF position(change[1] IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it: %', place, change[1]; END IF;
    EXECUTE replace(written, change[1], change[2]);
  END LOOP;
END $change$;

-- Entries that a name was taken out of before, and whose username says it still: what they say now is said in the chain anew.
DO $again$
DECLARE
  one record;
BEGIN
  FOR one IN
    WITH renamed AS (
      UPDATE audit_entry e SET target = credential_target(e.target)
      WHERE e.erased_by IS NOT NULL AND e.target <> credential_target(e.target)
      RETURNING e.account_id, e.erased_by, e.sequence, audit_erased_hash(e) AS hash
    ), hashed AS (
      SELECT r.*, (row_number() OVER (PARTITION BY r.account_id, r.erased_by ORDER BY r.sequence) - 1) / 500 AS part
      FROM renamed r
    )
    SELECT h.account_id, h.erased_by, array_agg(h.sequence) AS numbers, jsonb_object_agg(h.sequence, encode(h.hash, 'hex')) AS entries,
      ARRAY(SELECT c.ancestor_id FROM account_closure c WHERE c.descendant_id = h.account_id
        AND c.valid_from <= now() AND now() < c.valid_to ORDER BY c.depth DESC) AS path
    FROM hashed h GROUP BY h.account_id, h.erased_by, h.part ORDER BY 1, 2, min(h.sequence)
  LOOP
    UPDATE audit_entry e SET erased_hash = audit_erased_hash(e)
      WHERE e.account_id = one.account_id AND e.sequence = ANY (one.numbers);
    INSERT INTO audit_entry (id, account_id, actor_id, actor_name, action, target, request_id, after, account_path)
      VALUES (public_id('aud', now()), one.account_id, 'platform', 'Platform', 'erasures.complete', one.erased_by,
        public_id('req', now()), jsonb_build_object('entries', one.entries), one.path);
  END LOOP;
END $again$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
