/** The owner's URL of the database that migrations go to. */
export const databaseUrl = process.env.DATABASE_URL;
