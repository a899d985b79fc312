-- An account that was made while another one above it moved took the place that its parent had before: it stayed with those
-- that the move left. Whoever makes accounts waits for moves now, and moves for them.
CREATE FUNCTION account_waits_for_moves() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('patchbay.account_move', 0));
  RETURN NULL;
END
$$;
CREATE TRIGGER account_waits_for_moves BEFORE INSERT ON account FOR EACH STATEMENT EXECUTE FUNCTION account_waits_for_moves();
