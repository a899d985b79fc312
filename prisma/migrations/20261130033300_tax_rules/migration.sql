-- What a seller adds by the country of its buyer, besides what it adds to all others.
ALTER TABLE "billing_party" ADD COLUMN "tax_rules" JSONB NOT NULL DEFAULT '[]';
