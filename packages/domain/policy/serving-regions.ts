import type { EffectivePolicy } from './effective-policy.ts';

/** What stands in both lists of regions. A list that is not there names all of them. */
export function regionsInBoth(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.filter((region) => other.includes(region));
}

/** The regions whose nodes may serve by a policy. Undefined: all of them. */
export const servingRegions = ({
  regions,
  dataRegions,
}: Pick<EffectivePolicy, 'regions' | 'dataRegions'>): readonly string[] | undefined =>
  regionsInBoth(regions?.value, dataRegions?.value);

/** For the refusal of who finds no node. */
export const regionsText = (regions: readonly string[] | undefined): string => {
  if (regions === undefined) return '';
  return regions.length === 0 ? ' that may serve: no region is left' : ` in ${regions.join(' or ')}`;
};
