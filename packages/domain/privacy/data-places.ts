import { isStoredIn } from '../policy/data-regions.ts';
import type { EffectiveSetting } from '../policy/effective-policy.ts';
import { dataClassNames, dataClassOf } from './data-classes.ts';
import type { NodePlace } from './ports.ts';

interface Known {
  readonly storageRegions: readonly string[];
  readonly nodes: readonly NodePlace[];
  readonly held: EffectiveSetting<readonly string[]> | undefined;
  /** What an account of the chain is called to whoever reads it. */
  readonly nameOf: (accountId: string) => string;
}

const inOrder = (one: NodePlace, other: NodePlace) =>
  one.role === other.role ? (one.region < other.region ? -1 : 1) : one.role < other.role ? -1 : 1;

/** What is told of where data are: as it is, and not as it was promised (PRD-4). */
export function toPlaces({ storageRegions, nodes, held, nameOf }: Known) {
  return {
    storageRegions: [...storageRegions],
    ...(held === undefined
      ? {}
      : {
          dataRegions: [...held.value],
          dataRegionsLevel: nameOf(held.origin.accountId),
          ...(held.lockedBy === undefined ? {} : { lockedByLevel: nameOf(held.lockedBy.accountId) }),
          isKept: isStoredIn(held.value, { storageRegions }),
        }),
    nodes: nodes
      .toSorted(inOrder)
      .map(({ role, region }) => ({ role, region, isServing: held?.value.includes(region) ?? true })),
    classes: dataClassNames.map((name) => {
      const { title, elsewhere } = dataClassOf(name);
      return { dataClass: name, title, ...(elsewhere === undefined ? {} : { elsewhere }) };
    }),
  };
}
