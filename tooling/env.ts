/** The owner's URL of the database that migrations go to. */
export const databaseUrl = process.env.DATABASE_MIGRATION_URL ?? process.env.DATABASE_URL;

/** Where `npm test` wants the counts of a run. */
export const testSummaryFile = process.env.PATCHBAY_TEST_SUMMARY;

/**
 * In CI, whose machine is shared, a test that fails is tried once more. What passed then alone is said at the end of the run:
 * it is a fault of the test or of the product, and a second failure is one of the run.
 */
export const triesAgain = process.env.CI === 'true' ? 1 : 0;
