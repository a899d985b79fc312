-- An erasure left a person's name where the platform itself had written it: in what an entry of the audit log is about, in what came of a
-- trigger, in events of messages, and in the name of a channel that is theirs, such as inbox:bob (PRD-4).
GRANT CREATE ON SCHEMA public TO patchbay_wall;
GRANT UPDATE (outcome) ON trigger_firing TO patchbay_wall;
GRANT SELECT, UPDATE (name) ON channel TO patchbay_wall;
GRANT UPDATE (channel) ON channel_message, channel_member TO patchbay_wall;

-- The name of a channel, without the identity that it is of: what stands behind its last colon, or @. A name has 128 characters at most.
CREATE FUNCTION person_channel(said text, terms jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((
    SELECT left(left(said, length(said) - length(name)) || (terms ->> 'pseudonym'), 128)
    FROM unnest(ARRAY[terms ->> 'identityAt', terms ->> 'identity']) AS name
    WHERE right(said, length(name) + 1) IN (':' || name, '@' || name) LIMIT 1), said)
$$;
GRANT EXECUTE ON FUNCTION person_channel(text, jsonb) TO patchbay_app, patchbay_wall;

DO $change$
DECLARE
  place regprocedure;
  written text;
  change text[];
BEGIN
  FOR place, change IN VALUES
    ('person_scrub(jsonb, text, jsonb)'::regprocedure, ARRAY[
      $s$(under = 'identity' AND said = terms ->> 'identity')$s$, $s$(under IN ('identity', 'publisher') AND said = terms ->> 'identity')$s$]),
    ('person_scrub(jsonb, text, jsonb)', ARRAY[
      $s$    ELSIF under IN ('detail', 'message', 'error', 'response') THEN$s$,
      $s$    ELSIF under = 'channel' THEN
      RETURN to_jsonb(person_channel(said, terms));
    ELSIF under IN ('detail', 'message', 'error', 'response') THEN$s$]),
    ('person_places()', ARRAY[
      $s$ OR person_in(t.before, $2) OR$s$,
      $s$ OR person_channel(person_text(t.target, $2), $2) <> t.target OR person_in(t.before, $2) OR$s$]),
    ('audit_erase(text, jsonb, text, int)', ARRAY[
      $s$target = credential_target(e.target)$s$, $s$target = person_channel(person_text(credential_target(e.target), terms), terms)$s$]),
    ('person_places()', ARRAY[
      $s$person_text(t.data, $2) <> t.data$f$,
      $c$publisher =$s$, $s$person_text(t.data, $2) <> t.data OR person_channel(t.channel, $2) <> t.channel$f$,
      $c$channel = person_channel(t.channel, $2), publisher =$s$]),
    ('person_places()', ARRAY[
      $s$'channel_member', $f$t.identity = $2 ->> 'identity'$f$, $c$identity = $2 ->> 'pseudonym'$c$),$s$,
      $s$'channel_member', $f$t.identity = $2 ->> 'identity' OR person_channel(t.channel, $2) <> t.channel$f$,
      $c$channel = person_channel(t.channel, $2), identity = CASE WHEN t.identity = $2 ->> 'identity' THEN $2 ->> 'pseudonym' ELSE t.identity END$c$),
    (26, 'channelMessages', 'channel', $f$person_channel(t.name, $2) <> t.name$f$, $c$name = person_channel(t.name, $2)$c$),
    (27, 'triggerFirings', 'trigger_firing', $f$person_text(t.outcome, $2) <> t.outcome$f$, $c$outcome = person_text(t.outcome, $2)$c$),$s$])
  LOOP
    written := pg_get_functiondef(place);
    IF position(change[1] IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it: %', place, change[1]; END IF;
    EXECUTE replace(written, change[1], change[2]);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
