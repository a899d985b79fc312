'use client';

import { policyNames, settingOf } from '@patchbay/domain/policy/settings';
import { Field } from '@patchbay/ui/input';
import type { ReactNode } from 'react';
import { ChoiceField } from './choice-field.tsx';
import {
  choicesOf,
  isOverridable,
  type PolicyDraft,
  type PolicyName,
  type SettingDraft,
} from './policy-draft.ts';
import { type Explained, settingLabel, summaryOf, unitOf, valueText } from './setting-words.ts';
import { TimesField } from './times-field.tsx';

export interface PolicyEditorProps {
  readonly draft: PolicyDraft;
  readonly onChange: (draft: PolicyDraft) => void;
  readonly effective: readonly Explained[];
  readonly refused?: PolicyName | undefined;
  /** Those that have a node now: they are ticked, where there are any. */
  readonly regions?: readonly string[];
}

/** Every setting with its unit, how far a level below may widen it again, and whether it is locked for all of them. */
export function PolicyEditor(props: PolicyEditorProps): ReactNode {
  const { draft, onChange, effective, refused, regions = [] } = props;
  // What stands there may be of a region without a node.
  const choicesFor = (name: PolicyName) =>
    (name === 'regions' || name === 'dataRegions') && regions.length > 0
      ? [...new Set([...regions, ...itemsIn(draft[name].value), ...itemsIn(draft[name].bound)])]
      : choicesOf(name);
  const change = (name: PolicyName, more: Partial<SettingDraft>) =>
    onChange({ ...draft, [name]: { ...draft[name], ...more } });
  return (
    <ul className="divide-y border-y">
      {policyNames.map((name) => {
        const summary = summaryOf(name, choicesFor(name));
        const held = effective.find(({ setting }) => setting === name);
        const hint =
          held?.ceiling === undefined ? summary : `${summary} At most ${valueText(name, held.ceiling)}.`;
        return (
          <li
            key={name}
            className="grid gap-x-6 gap-y-2 py-3 md:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_auto]"
          >
            <SettingField
              name={name}
              choices={choicesFor(name)}
              value={draft[name].value}
              hint={hint}
              isRefused={refused === name}
              onChange={(value) => change(name, { value })}
            />
            {isOverridable(name) ? (
              <BoundField
                name={name}
                choices={choicesFor(name)}
                value={draft[name].bound}
                onChange={(bound) => change(name, { bound })}
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

const itemsIn = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

interface FieldOfSetting {
  readonly name: PolicyName;
  /** What may be ticked; undefined where it is typed. */
  readonly choices: readonly string[] | undefined;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

interface SettingFieldProps extends FieldOfSetting {
  readonly hint: string;
  readonly isRefused: boolean;
}

/** What can be ticked is ticked, times are set by their days, and everything else is typed. */
function SettingField({ name, choices, value, hint, isRefused, onChange }: SettingFieldProps): ReactNode {
  const label = settingLabel(name);
  const error = isRefused ? 'This is not within the bounds of the setting.' : undefined;
  if (choices !== undefined)
    return <ChoiceField label={label} hint={hint} choices={choices} value={value} onChange={onChange} />;
  if (settingOf(name).merge === 'everyTime')
    return <TimesField label={label} hint={hint} value={value} error={error} onChange={onChange} />;
  return (
    <Field
      label={label}
      name={name}
      hint={hint}
      value={value}
      error={error}
      unit={unitOf(name)}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}

/** How far a level below may widen it again. */
function BoundField({ name, choices, value, onChange }: FieldOfSetting): ReactNode {
  const label = 'Below, up to';
  const spoken = `${settingLabel(name)}: below, up to`;
  return choices === undefined ? (
    <Field
      label={label}
      aria-label={spoken}
      value={value}
      unit={unitOf(name)}
      onChange={({ target }) => onChange(target.value)}
    />
  ) : (
    <ChoiceField label={label} name={spoken} choices={choices} value={value} onChange={onChange} />
  );
}
