-- What an account above said of a region, an application, an instance type or an endpoint of one below was that one's own word, which
-- took it back. It is one by setter, as what is said of the whole account. What there is stays the account's own (decision 0021).
ALTER TABLE policy DROP CONSTRAINT policy_place_is_one;
ALTER TABLE policy ADD CONSTRAINT policy_place_is_one CHECK (
  (instance_type = '' OR application_id <> '')
  AND (application_id <> '')::int + (region <> '')::int + (endpoint <> '')::int <= 1);
