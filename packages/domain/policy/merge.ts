import { intersectCidrs } from '@patchbay/kit/cidr';
import type { FieldMerge } from '@patchbay/kit/definition';
import type { SettingMerge } from './settings.ts';

/** A rule that can be undone by nobody below: what two levels say together allows no more than either. */
export type NarrowingRule = Exclude<FieldMerge, 'nearest'> | SettingMerge;

/** What both allow. The only place that knows how the words of two levels become one. */
export function narrower(above: unknown, below: unknown, rule: NarrowingRule): unknown {
  switch (rule) {
    case 'intersection':
      return isList(above) && isList(below) ? above.filter((item) => below.includes(item)) : above;
    case 'networks':
      return isList(above) && isList(below) ? sameOr(above, intersectCidrs(above, below)) : above;
    case 'union':
      return isList(above) && isList(below) ? [...new Set([...above, ...below])] : above;
    case 'everyTime':
      return isList(above) && isList(below) ? [...above, ...below] : above;
    default:
      return narrownessOf(below, rule) > narrownessOf(above, rule) ? below : above;
  }
}

/** Whether `below` allows nothing that `above` does not. */
export function isWithin(below: unknown, above: unknown, rule: NarrowingRule): boolean {
  switch (rule) {
    case 'intersection':
      return isList(above) && isList(below) && below.every((item) => above.includes(item));
    case 'networks':
      // What is in a range of the list above stays whole in what both hold.
      return (
        isList(above) &&
        isList(below) &&
        below.every((network) => intersectCidrs(above, [network]).includes(network))
      );
    case 'union':
    case 'everyTime':
      return true;
    default:
      return narrownessOf(below, rule) >= narrownessOf(above, rule);
  }
}

/** The higher, the narrower. What the rule cannot compare narrows nothing. */
function narrownessOf(value: unknown, rule: Exclude<FieldMerge, 'nearest'>): number {
  if (rule === 'narrowest') return typeof value === 'number' ? -value : Number.NEGATIVE_INFINITY;
  return typeof value === 'string' ? rule.narrowestOf.indexOf(value) : -1;
}

/** Both mean the same addresses where nothing was lost: then the level above has said it already. */
const sameOr = (above: readonly string[], both: readonly string[]) =>
  above.length === both.length && above.every((network) => both.includes(network)) ? above : both;

const isList = (value: unknown): value is readonly string[] => Array.isArray(value);
