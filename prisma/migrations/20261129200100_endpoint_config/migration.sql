-- AlterTable
ALTER TABLE "service_config" DROP CONSTRAINT "service_config_pkey",
ADD COLUMN     "endpoint_id" TEXT NOT NULL DEFAULT '',
ADD CONSTRAINT "service_config_pkey" PRIMARY KEY ("account_id", "application_id", "instance_type", "endpoint_id", "service");

ALTER TABLE service_config ADD CONSTRAINT service_config_endpoint_is_of_the_account
  CHECK (endpoint_id = '' OR application_id = '');
-- How many endpoints of an account have settings is counted whenever one more gets some.
CREATE INDEX service_config_endpoint_idx ON service_config (account_id, service, endpoint_id) WHERE endpoint_id <> '';

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- As before, with what is set for one endpoint of the account.
DROP FUNCTION service_config_chain(text, text);
CREATE FUNCTION service_config_chain(of_account text, of_application text, of_endpoint text)
RETURNS TABLE (account_id text, application_id text, instance_type text, endpoint_id text, service text, config jsonb,
  held_by text, holder_id text, is_shown boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT s.account_id, s.application_id, s.instance_type, s.endpoint_id, s.service, s.config, NULL, NULL, NULL::boolean
  FROM account_closure c JOIN service_config s ON s.account_id = c.ancestor_id
  WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to
    AND ((s.application_id = '' AND s.endpoint_id = '')
      OR (c.depth = 0 AND s.application_id <> '' AND s.application_id = of_application)
      OR (c.depth = 0 AND s.endpoint_id <> '' AND s.endpoint_id = of_endpoint))
  UNION ALL
  SELECT h.target_id, coalesce(h.application_id, ''), '', '', h.service, h.config, h.trigger_id, h.account_id, h.is_shown
  FROM account_closure c JOIN trigger_hold h ON h.target_id = c.ancestor_id AND (h.until IS NULL OR h.until > now())
  WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to
    AND (h.application_id IS NULL OR (c.depth = 0 AND h.application_id = of_application))
    AND EXISTS (SELECT 1 FROM account_closure o WHERE o.descendant_id = h.target_id AND o.ancestor_id = h.account_id
      AND o.valid_from <= now() AND now() < o.valid_to)
$$;
ALTER FUNCTION service_config_chain(text, text, text) OWNER TO patchbay_wall;

-- What an account set for an endpoint ends when it does not hold it any more, whichever way it went.
CREATE FUNCTION endpoint_left() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM service_config s WHERE s.account_id = OLD.account_id AND s.endpoint_id = OLD.id;
  RETURN NULL;
END $$;
ALTER FUNCTION endpoint_left() OWNER TO patchbay_wall;
CREATE TRIGGER left_account AFTER UPDATE OF account_id, rests_until ON endpoint FOR EACH ROW
  WHEN (NEW.account_id <> OLD.account_id OR NEW.rests_until IS NOT NULL) EXECUTE FUNCTION endpoint_left();
CREATE TRIGGER was_released AFTER DELETE ON endpoint FOR EACH ROW EXECUTE FUNCTION endpoint_left();

REVOKE ALL ON FUNCTION service_config_chain(text, text, text), endpoint_left() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION service_config_chain(text, text, text), endpoint_left() TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
