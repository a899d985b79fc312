/** Why an account may not move under another, or undefined. Both chains run from the platform down to the account. */
export function refuseMove(
  chain: readonly string[],
  parentChain: readonly string[],
): 'cycle' | 'other_tree' | undefined {
  const accountId = chain.at(-1);
  if (accountId === undefined || parentChain.includes(accountId)) return 'cycle';
  // A tree has one currency, fixed at its top account, which itself stays where it is.
  if (chain.length <= 2 || chain[1] !== parentChain[1]) return 'other_tree';
  return undefined;
}
