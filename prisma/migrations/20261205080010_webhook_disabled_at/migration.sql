-- Events of a time in which a webhook was disabled are sent by a replay from there alone, so it says since when it was (HKS-2). Whoever
-- disables it, an account or the platform, the row is told here.
ALTER TABLE "webhook" ADD COLUMN "disabled_at" TIMESTAMPTZ(3);
GRANT SELECT (disabled_at) ON webhook TO patchbay_app;

CREATE FUNCTION webhook_disabled_at() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  NEW.disabled_at := now();
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION webhook_disabled_at() FROM PUBLIC;
CREATE TRIGGER disabled_at BEFORE UPDATE OF state ON webhook FOR EACH ROW
  WHEN (NEW.state = 'disabled' AND OLD.state <> 'disabled') EXECUTE FUNCTION webhook_disabled_at();
