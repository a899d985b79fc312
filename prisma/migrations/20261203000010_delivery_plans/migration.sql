-- What places events and delivers them finds each row by a key, whatever the statistics say: a plan that was made while the tables
-- were small reads all of them for every lane, and holds the lanes meanwhile. Whoever places events waits for those lanes, so that
-- one tenant with much that fails delayed all others (C37).
ALTER FUNCTION events_to_place(int) SET enable_seqscan = off;
ALTER FUNCTION events_place(jsonb) SET enable_seqscan = off;
ALTER FUNCTION deliveries_begin(text[]) SET enable_seqscan = off;
ALTER FUNCTION deliveries_claim(jsonb, jsonb) SET enable_seqscan = off;
ALTER FUNCTION deliveries_finish(jsonb, jsonb) SET enable_seqscan = off;
ALTER FUNCTION sessions_go_on(text, text[]) SET enable_seqscan = off;
ALTER FUNCTION lanes_slow(text[], int) SET enable_seqscan = off;
