-- A customer at the rail is that of one account: what one is asked for is never paid by the card of another.
CREATE UNIQUE INDEX "rail_party_customer_id_key" ON "rail_party"("customer_id");
