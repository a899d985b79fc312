import { mountedOperations } from '@patchbay/faces/mounted';

const owners = new Map(
  mountedOperations
    .filter(({ mount }) => mount === 'account')
    .map(({ scopeName, title }) => [scopeName, title] as const),
);

/** What a key can be narrowed to: every service and resource, to read or in full. */
export const scopeChoices: readonly { readonly title: string; readonly name: string }[] = [...owners].map(
  ([name, title]) => ({ name, title }),
);
