-- AlterTable
ALTER TABLE "service_config" DROP CONSTRAINT "service_config_pkey",
ADD COLUMN     "instance_type" TEXT NOT NULL DEFAULT '',
ADD CONSTRAINT "service_config_pkey" PRIMARY KEY ("account_id", "application_id", "instance_type", "service");

ALTER TABLE service_config ADD CONSTRAINT service_config_instance_type_is_of_an_application
  CHECK (instance_type = '' OR application_id <> '');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What is set for the account and for those above it, and for one application of the account with its instance types. What
-- is above is out of the account's scope, and yet holds for it: a level can only narrow what the levels above allow.
CREATE FUNCTION service_config_chain(of_account text, of_application text)
RETURNS TABLE (account_id text, application_id text, instance_type text, service text, config jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT s.account_id, s.application_id, s.instance_type, s.service, s.config
  FROM account_closure c JOIN service_config s ON s.account_id = c.ancestor_id
  WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to
    AND (s.application_id = '' OR (c.depth = 0 AND s.application_id = of_application))
$$;
ALTER FUNCTION service_config_chain(text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION service_config_chain(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION service_config_chain(text, text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
