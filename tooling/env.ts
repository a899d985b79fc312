/** The owner's URL of the database that migrations go to. */
export const databaseUrl = process.env.DATABASE_MIGRATION_URL ?? process.env.DATABASE_URL;

/** Where `npm test` wants the counts of a run. */
export const testSummaryFile = process.env.PATCHBAY_TEST_SUMMARY;
