/**
 * What the platform knows of itself at a moment, in words. Only triggers of its own account count it, by the highest reading of
 * a window (TRG-1): no customer is told a reading, or that there is one. `platform_measures` of the database reads them.
 */
export const measures: Readonly<Record<string, string>> = {
  'relays.allocations': 'Allocations of the busiest relay',
  'nodes.silentSeconds': 'Seconds since the longest silent node was heard',
  'deliveries.waiting': 'Webhook deliveries that are due',
  'deliveries.delaySeconds': 'Seconds that the oldest due delivery waits',
  'actions.waiting': 'Actions of triggers that are not done',
  'mails.waiting': 'Mails that are due',
  'billing.differing': 'Lines of closed months that differ from their recomputation',
  'audit.broken': 'Audit logs in which an entry is missing or not as it was written',
  'usage.lagMedianMs': 'Milliseconds from use to its being counted, for half of what was counted lately',
  'usage.lagP99Ms': 'Milliseconds from use to its being counted, for 99 of 100',
  'usage.refused': 'Usage records of the last hour that were not counted',
};
