-- What an account above says about one of an account's endpoints is not that account's to erase: with the name it lost its hold, and the
-- name was free again without it. It stays under the name that it is about, until whoever said it takes it back (POL-2, PRD-4).
ALTER TABLE "erasure" ADD COLUMN "words_above_count" INTEGER NOT NULL DEFAULT 0;

DO $change$
DECLARE
  written text := pg_get_functiondef('person_places()'::regprocedure);
  was text := $s$'policy', $f$t.endpoint = $2 ->> 'endpoint'$f$$s$;
BEGIN
  IF position(was IN written) = 0 THEN RAISE EXCEPTION 'person_places is not as this migration knows it.'; END IF;
  EXECUTE replace(written, was, $s$'policy', $f$t.endpoint = $2 ->> 'endpoint' AND t.set_by = ''$f$$s$);
END $change$;
