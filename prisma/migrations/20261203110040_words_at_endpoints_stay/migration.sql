-- What an account above configured of an endpoint ended when the endpoint was released or went to another account: who held it lifted
-- it by releasing it and taking it again. It waits by the endpoint's identifier now, which stands in the place of the id, until the
-- account has the endpoint again. Where the endpoint goes to an account which the speaker stands above as well, it goes along (POL-2).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

CREATE OR REPLACE FUNCTION endpoint_left() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM service_config s WHERE s.account_id = OLD.account_id AND s.endpoint_id = OLD.id AND s.set_by = '';
  IF TG_OP = 'UPDATE' THEN
    -- What rests keeps its id for the account that held it.
    IF NEW.account_id = OLD.account_id THEN RETURN NULL; END IF;
    IF NEW.id = OLD.id THEN
      UPDATE service_config s SET account_id = NEW.account_id WHERE s.account_id = OLD.account_id AND s.endpoint_id = OLD.id
        AND EXISTS (SELECT 1 FROM account_closure c WHERE c.descendant_id = NEW.account_id AND c.ancestor_id = s.set_by
          AND c.depth > 0 AND c.valid_to = 'infinity');
    END IF;
  END IF;
  DELETE FROM service_config w USING service_config s WHERE s.account_id = OLD.account_id AND s.endpoint_id = OLD.id
    AND w.account_id = s.account_id AND w.endpoint_id = OLD.identifier AND w.set_by = s.set_by AND w.service = s.service;
  UPDATE service_config s SET endpoint_id = OLD.identifier WHERE s.account_id = OLD.account_id AND s.endpoint_id = OLD.id;
  RETURN NULL;
END $$;

-- An account has an endpoint, again perhaps. What came along with it is newer than what waited.
CREATE FUNCTION endpoint_came() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM service_config w USING service_config s WHERE w.account_id = NEW.account_id AND w.endpoint_id = NEW.identifier
    AND s.account_id = w.account_id AND s.endpoint_id = NEW.id AND s.set_by = w.set_by AND s.service = w.service;
  UPDATE service_config w SET endpoint_id = NEW.id WHERE w.account_id = NEW.account_id AND w.endpoint_id = NEW.identifier;
  RETURN NULL;
END $$;
ALTER FUNCTION endpoint_came() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION endpoint_came() FROM PUBLIC;
-- Triggers of one event run in the order of their names: this one after left_account.
CREATE TRIGGER was_taken AFTER INSERT ON endpoint FOR EACH ROW EXECUTE FUNCTION endpoint_came();
CREATE TRIGGER taken_over AFTER UPDATE OF account_id ON endpoint FOR EACH ROW
  WHEN (NEW.account_id <> OLD.account_id) EXECUTE FUNCTION endpoint_came();

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
