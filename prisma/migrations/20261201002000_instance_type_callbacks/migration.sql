-- AlterTable
ALTER TABLE "platform_event" ADD COLUMN     "instance_type" TEXT;

-- AlterTable
ALTER TABLE "webhook" ADD COLUMN     "instance_type" TEXT;

-- An instance type is one of an application (ACC-6).
ALTER TABLE webhook ADD CONSTRAINT webhook_instance_type_is_of_an_application CHECK (instance_type IS NULL OR application_id IS NOT NULL);
GRANT SELECT (instance_type) ON webhook TO patchbay_app;
GRANT INSERT (instance_type) ON platform_event TO patchbay_app;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- As before, and each says of an event, or of a webhook, the instance type too. What a function answers changes only with the
-- function: it is written anew from its own text, with its owner and those who may call it.
DO $change$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('events_to_place(int)'::regprocedure, ARRAY[
      ['application_id text, session_id text', 'application_id text, instance_type text, session_id text'],
      ['e.application_id, e.session_id', 'e.application_id, e.instance_type, e.session_id']]),
    ('webhooks_above(text[])', ARRAY[
      ['application_id text, endpoint text', 'application_id text, instance_type text, endpoint text'],
      ['w.application_id, e.identifier', 'w.application_id, w.instance_type, e.identifier']]),
    ('replay_next(int)', ARRAY[
      ['application_id text, endpoint text', 'application_id text, instance_type text, endpoint text'],
      ['w.application_id, e.identifier', 'w.application_id, w.instance_type, e.identifier']]),
    ('replay_events(text, boolean, bigint, bigint, int)', ARRAY[
      ['application_id text, data jsonb', 'application_id text, instance_type text, data jsonb'],
      ['e.application_id, e.data', 'e.application_id, e.instance_type, e.data']])) AS c(name, parts)
  LOOP
    written := pg_get_functiondef(change.name);
    FOR part IN 1 .. array_length(change.parts, 1) LOOP
      IF position(change.parts[part][1] IN written) = 0 THEN
        RAISE EXCEPTION '% is not as this migration knows it: %', change.name, change.parts[part][1];
      END IF;
      written := replace(written, change.parts[part][1], change.parts[part][2]);
    END LOOP;
    EXECUTE format('DROP FUNCTION %s', change.name);
    EXECUTE written;
  END LOOP;
END $change$;

ALTER FUNCTION events_to_place(int) OWNER TO patchbay_wall;
ALTER FUNCTION webhooks_above(text[]) OWNER TO patchbay_wall;
ALTER FUNCTION replay_next(int) OWNER TO patchbay_wall;
ALTER FUNCTION replay_events(text, boolean, bigint, bigint, int) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION events_to_place(int), webhooks_above(text[]), replay_next(int),
  replay_events(text, boolean, bigint, bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events_to_place(int), webhooks_above(text[]), replay_next(int),
  replay_events(text, boolean, bigint, bigint, int) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
