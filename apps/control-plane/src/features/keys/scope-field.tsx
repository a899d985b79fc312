import type { ReactNode } from 'react';
import { scopeChoices } from './scopes.ts';

export interface ScopeFieldProps {
  readonly scopes: readonly string[];
  /** Why what is ticked is refused. */
  readonly error?: string | undefined;
  readonly onChange: (scopes: readonly string[]) => void;
}

/** All of the account, or only what is ticked: to read, or in full. */
export function ScopeField({ scopes, error, onChange }: ScopeFieldProps): ReactNode {
  const isAll = scopes.includes('*');
  const toggle = (scope: string) =>
    onChange(scopes.includes(scope) ? scopes.filter((one) => one !== scope) : [...scopes, scope]);
  return (
    <fieldset className="grid gap-2" aria-invalid={error !== undefined}>
      <legend className="mb-1 font-medium">May do</legend>
      <label className="flex items-center gap-2">
        <input
          type="radio"
          name="extent"
          className="accent-(--accent)"
          checked={isAll}
          onChange={() => onChange(['*'])}
        />
        everything in this account and below it
      </label>
      <label className="flex items-center gap-2">
        <input
          type="radio"
          name="extent"
          className="accent-(--accent)"
          checked={!isAll}
          onChange={() => onChange([])}
        />
        only what is ticked
      </label>
      {isAll ? null : (
        <table className="mt-1 w-full">
          <thead>
            <tr className="text-left text-sm text-ink-faint">
              <th className="font-medium">Of</th>
              <th className="w-16 font-medium">read</th>
              <th className="w-16 font-medium">in full</th>
            </tr>
          </thead>
          <tbody>
            {scopeChoices.map(({ name, title }) => (
              <tr key={name} className="border-t border-line">
                <td className="h-8">
                  {title} <code className="text-sm text-ink-faint">{name}</code>
                </td>
                {['read', '*'].map((verb) => (
                  <td key={verb}>
                    <input
                      type="checkbox"
                      className="accent-(--accent)"
                      aria-label={`${title}: ${verb === 'read' ? 'read' : 'in full'}`}
                      checked={scopes.includes(`${name}:${verb}`)}
                      onChange={() => toggle(`${name}:${verb}`)}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {error === undefined ? null : <p className="text-sm text-fail">{error}</p>}
    </fieldset>
  );
}
