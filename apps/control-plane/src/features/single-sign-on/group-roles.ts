interface GroupRole {
  readonly group: string;
  readonly role: string;
}

interface NamedRole {
  readonly id: string;
  readonly name: string;
}

/** Groups and their roles as somebody writes them: `engineering = developer`, a line each, the first that fits first. */
export const toText = (pairs: readonly GroupRole[], roles: readonly NamedRole[]): string =>
  pairs
    .map(({ group, role }) => `${group} = ${roles.find(({ id }) => id === role)?.name ?? role}`)
    .join('\n');

/** What was written, or which line is wrong and why. */
export function readText(
  text: string,
  roles: readonly NamedRole[],
): { readonly pairs: readonly GroupRole[] } | { readonly wrong: string } {
  const pairs: GroupRole[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '') continue;
    // A group may have the sign in its name, a role may not be last of two.
    const at = line.lastIndexOf('=');
    const [group, name] = [line.slice(0, Math.max(at, 0)).trim(), line.slice(at + 1).trim()];
    if (at < 0 || group === '') return { wrong: `“${line}”: write a group, =, and a role.` };
    const role = roles.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (role === undefined) return { wrong: `“${line}”: there is no role ${name} that a provider may give.` };
    pairs.push({ group, role: role.id });
  }
  return { pairs };
}
