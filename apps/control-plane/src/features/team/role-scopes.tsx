'use client';

import { mountedOperations } from '@patchbay/faces/mounted';
import type { ReactNode } from 'react';

interface Subject {
  readonly name: string;
  readonly title: string;
  /** Operations that change something. */
  readonly verbs: readonly string[];
}

const subjects: readonly Subject[] = [
  ...Map.groupBy(
    mountedOperations.filter(({ mount }) => mount === 'account'),
    ({ scopeName }) => scopeName,
  ),
].map(([name, operations]) => ({
  name,
  title: operations[0]?.title ?? name,
  verbs: operations.filter(({ operation }) => operation.method !== 'GET').map((each) => each.name),
}));

export interface RoleScopesProps {
  readonly scopes: readonly string[];
  /** Absent: they are only shown. */
  readonly onChange?: (scopes: readonly string[]) => void;
  /** Why what is ticked is refused. */
  readonly error?: string | undefined;
}

/** What a role may do: each service and resource with its verbs, as boxes to tick. */
export function RoleScopes({ scopes, onChange, error }: RoleScopesProps): ReactNode {
  const isTicked = (name: string, verb: string) =>
    scopes.includes('*') || scopes.includes(`${name}:*`) || scopes.includes(`${name}:${verb}`);
  const toggle = (name: string, verb: string) => onChange?.(toggled(scopes, name, verb));
  const box = ({ name, title }: Subject, verb: string, label: string) => (
    <input
      type="checkbox"
      className="accent-(--accent)"
      aria-label={`${title}: ${label}`}
      checked={isTicked(name, verb)}
      disabled={onChange === undefined}
      onChange={() => toggle(name, verb)}
    />
  );
  return (
    <fieldset className="grid gap-1" aria-invalid={error !== undefined}>
      <legend className="mb-1 font-medium">May</legend>
      <table className="w-full">
        <thead>
          <tr className="text-left text-sm text-ink-faint">
            <th className="font-medium">Of</th>
            <th className="w-12 font-medium">read</th>
            <th className="w-12 font-medium">all</th>
          </tr>
        </thead>
        <tbody>
          {subjects.map((subject) => (
            <tr key={subject.name} className="border-t border-line align-top">
              <td className="py-1.5">
                {subject.title}
                {subject.verbs.length === 0 ? null : (
                  <span className="mt-0.5 flex flex-wrap gap-x-3 gap-y-0.5 text-sm text-ink-soft">
                    {subject.verbs.map((verb) => (
                      <span key={verb} className="flex items-center gap-1">
                        {box(subject, verb, words(verb))}
                        <span aria-hidden>{words(verb)}</span>
                      </span>
                    ))}
                  </span>
                )}
              </td>
              <td className="py-1.5">{box(subject, 'read', 'read')}</td>
              <td className="py-1.5">{box(subject, '*', 'all')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {error === undefined ? null : <p className="text-sm text-fail">{error}</p>}
    </fieldset>
  );
}

/** What is covered by a wider scope is not said twice; who unticks one verb of all is left with the others. */
function toggled(scopes: readonly string[], name: string, verb: string): readonly string[] {
  const isOwn = (scope: string) => scope.startsWith(`${name}:`);
  const others = scopes.flatMap((scope) =>
    scope === '*' ? subjects.map((subject) => `${subject.name}:*`) : [scope],
  );
  const rest = others.filter((scope) => !isOwn(scope));
  const own = others.filter(isOwn);
  const all = `${name}:*`;
  if (verb === '*') return own.includes(all) ? rest : [...rest, all];
  const scope = `${name}:${verb}`;
  if (own.includes(all)) {
    const verbs = subjects.find((subject) => subject.name === name)?.verbs ?? [];
    return [...rest, ...['read', ...verbs].filter((one) => one !== verb).map((one) => `${name}:${one}`)];
  }
  return own.includes(scope) ? others.filter((one) => one !== scope) : [...others, scope];
}

/** `rotateSecret` as `rotate secret`. */
const words = (verb: string): string => verb.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
