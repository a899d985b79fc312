'use client';

import { policyNames } from '@patchbay/domain/policy/settings';
import { Field } from '@patchbay/ui/input';
import type { ReactNode } from 'react';
import { isOverridable, type PolicyDraft, type PolicyName, type SettingDraft } from './policy-draft.ts';
import { type Explained, settingLabel, summaryOf, unitOf, valueText } from './setting-words.ts';

export interface PolicyEditorProps {
  readonly draft: PolicyDraft;
  readonly onChange: (draft: PolicyDraft) => void;
  readonly effective: readonly Explained[];
  readonly refused?: PolicyName | undefined;
}

/** Every setting with its unit, how far a level below may widen it again, and whether it is locked for all of them. */
export function PolicyEditor({ draft, onChange, effective, refused }: PolicyEditorProps): ReactNode {
  const change = (name: PolicyName, more: Partial<SettingDraft>) =>
    onChange({ ...draft, [name]: { ...draft[name], ...more } });
  return (
    <ul className="divide-y border-y">
      {policyNames.map((name) => {
        const summary = summaryOf(name);
        const held = effective.find(({ setting }) => setting === name);
        const hint =
          held?.ceiling === undefined ? summary : `${summary} At most ${valueText(name, held.ceiling)}.`;
        const unit = unitOf(name);
        return (
          <li
            key={name}
            className="grid gap-x-6 gap-y-2 py-3 md:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_auto]"
          >
            <Field
              label={settingLabel(name)}
              name={name}
              hint={hint}
              value={draft[name].value}
              error={refused === name ? 'This is not within the bounds of the setting.' : undefined}
              unit={unit}
              onChange={({ target }) => change(name, { value: target.value })}
            />
            {isOverridable(name) ? (
              <Field
                label="Below, up to"
                aria-label={`${settingLabel(name)}: below, up to`}
                value={draft[name].bound}
                unit={unit}
                onChange={({ target }) => change(name, { bound: target.value })}
              />
            ) : (
              <span />
            )}
            <label className="flex items-center gap-2 self-start md:mt-6 md:h-8">
              <input
                type="checkbox"
                aria-label={`${settingLabel(name)}: locked for all levels below`}
                checked={draft[name].isLocked}
                onChange={({ target }) => change(name, { isLocked: target.checked })}
              />
              Locked
            </label>
          </li>
        );
      })}
    </ul>
  );
}
