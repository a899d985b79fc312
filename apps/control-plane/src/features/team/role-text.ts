import type { roles } from '@patchbay/domain/tenancy/role-operations';

type BuiltIn = (typeof roles)[number];

/** What a built-in role is for, in one sentence. */
const builtInTexts: Readonly<Record<BuiltIn, string>> = {
  owner: 'Everything, other owners included.',
  admin: 'Everything but the owners: accounts, team, prices, keys.',
  developer: 'Keys, applications and sessions; no prices, no team.',
  billing: 'Prices, usage and statements; no keys.',
  viewer: 'Sees, and changes nothing.',
};

interface KnownRole {
  readonly id: string;
  readonly scopes: readonly string[];
}

/** What a role is for. Of one that the account defined its scopes say it. */
export function roleText(known: readonly KnownRole[], role: string): string {
  const builtIn: Readonly<Record<string, string | undefined>> = builtInTexts;
  return builtIn[role] ?? known.find(({ id }) => id === role)?.scopes.join(', ') ?? '';
}
