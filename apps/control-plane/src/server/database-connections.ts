/**
 * How many connections to the database one control plane opens at most, by what they are for: who opens some takes the bound
 * from here, so that the sum is what a server has to have room for (docs/database.md).
 */
export const connectionCounts = {
  /** Requests about the tree of accounts, through Prisma. */
  accounts: 10,
  /** Requests about usage and money. */
  usage: 10,
  /** Regular tasks; one holds a task's lock. */
  tasks: 2,
  exports: 3,
  collecting: 3,
  spending: 3,
  verification: 2,
  audit: 2,
  /** What other processes changed is heard on one of its own, and so is that triggers fired. */
  changes: 1,
  triggers: 1,
  /** Asks whether the database answers. */
  ping: 1,
} as const;

/** All of them together. */
export const connectionCountMax: number = Object.values(connectionCounts).reduce(
  (sum: number, count) => sum + count,
  0,
);
