/** Why an account may not move under another, or undefined. Both chains run from the platform down to the account. */
export function refuseMove(
  chain: readonly string[],
  parentChain: readonly string[],
): 'cycle' | 'other_tree' | 'there_already' | undefined {
  const accountId = chain.at(-1);
  if (accountId === undefined || parentChain.includes(accountId)) return 'cycle';
  // A tree has one currency, fixed at its top account, which itself stays where it is.
  if (chain.length <= 2 || chain[1] !== parentChain[1]) return 'other_tree';
  if (chain.at(-2) === parentChain.at(-1)) return 'there_already';
  return undefined;
}
