'use client';

import { settingOf } from '@patchbay/domain/policy/settings';
import { Badge } from '@patchbay/ui/badge';
import { classNames } from '@patchbay/ui/class-names';
import { Field } from '@patchbay/ui/input';
import { ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { OperationName } from '../as-code/code-example.ts';
import { Changeable } from '../shell/changeable.tsx';
import { PageFilter } from '../shell/page-filter.tsx';
import { ChoiceField } from './choice-field.tsx';
import {
  choicesOf,
  isOverridable,
  type PolicyDraft,
  type PolicyName,
  type SettingDraft,
} from './policy-draft.ts';
import { type Section, type SectionName, sectionsOf } from './policy-sections.ts';
import { type Explained, settingLabel, summaryOf, unitOf, valueText } from './setting-words.ts';
import { TimesField } from './times-field.tsx';

export interface PolicyEditorProps {
  readonly draft: PolicyDraft;
  /** As it was begun from: what differs counts as changed. */
  readonly base: PolicyDraft;
  readonly onChange: (draft: PolicyDraft) => void;
  readonly effective: readonly Explained[];
  readonly refused?: PolicyName | undefined;
  /** Those that have a node now: they are ticked, where there are any. */
  readonly regions?: readonly string[];
  /** What saves it: who may not change it may look for a setting and read it all the same. */
  readonly by: OperationName;
  /** What stands around it says already that it cannot be changed. */
  readonly isNoted?: boolean;
}

/** The settings by what they are about. What says something stands open; everything else is found by its name, or unfolded. */
export function PolicyEditor({ by, isNoted, ...props }: PolicyEditorProps): ReactNode {
  const { draft, base, refused } = props;
  const [filter, setFilter] = useState('');
  const [unfolded, setUnfolded] = useState<ReadonlyMap<SectionName, boolean>>(new Map());
  const sections = sectionsOf({ draft, base }, filter);
  const isOpen = ({ name, settings, isOpenAtFirst }: Section): boolean =>
    filter.trim() !== '' ||
    (refused !== undefined && settings.includes(refused)) ||
    (unfolded.get(name) ?? isOpenAtFirst);
  const unfold = (name: SectionName, is: boolean) => setUnfolded(new Map([...unfolded, [name, is]]));
  return (
    <div className="grid gap-x-8 gap-y-3 md:grid-cols-[11rem_minmax(0,1fr)]">
      <PageFilter
        label="Find a setting"
        value={filter}
        onChange={setFilter}
        className="w-full md:col-start-2 md:max-w-72"
      />
      <nav aria-label="Sections" className="max-md:hidden md:row-start-2">
        <ul className="sticky top-16 -ml-2 grid gap-0.5">
          {sections.map(({ name, ...section }) => (
            <li key={name}>
              <a
                href={`#${sectionId(name)}`}
                onClick={() => unfold(name, true)}
                className="flex min-h-7 items-center justify-between gap-2 rounded-sm px-2 text-ink-soft hover:bg-hover hover:text-ink"
              >
                {section.title}
                <Counts {...section} />
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div className="min-w-0 self-start border-t md:row-start-2">
        <Changeable by={by} {...(isNoted === undefined ? {} : { isNoted })}>
          {sections.map((section) => (
            <SectionOfSettings
              key={section.name}
              section={section}
              isOpen={isOpen(section)}
              onToggle={(is) => unfold(section.name, is)}
              {...props}
            />
          ))}
          {sections.length === 0 ? <p className="py-6 text-ink-faint">No setting is called that.</p> : null}
        </Changeable>
      </div>
    </div>
  );
}

const sectionId = (name: SectionName): string => `policy-${name}`;

/** How many of a section are set, and that some of it differs from what is saved. */
function Counts({ setCount, changedCount }: Pick<Section, 'setCount' | 'changedCount'>): ReactNode {
  return (
    <span className="flex shrink-0 items-center gap-2 text-sm font-normal text-ink-faint tabular-nums">
      {changedCount === 0 ? null : <Badge tone="wait">{changedCount} changed</Badge>}
      {setCount === 0 ? null : `${setCount} set`}
    </span>
  );
}

interface SectionProps extends Omit<PolicyEditorProps, 'by' | 'isNoted' | 'base'> {
  readonly section: Section;
  readonly isOpen: boolean;
  readonly onToggle: (isOpen: boolean) => void;
}

/** A summary is unfolded by who may change nothing as well, which a button between disabled fields is not. */
function SectionOfSettings({ section, isOpen, onToggle, ...props }: SectionProps): ReactNode {
  const { name, title, settings } = section;
  return (
    <details
      id={sectionId(name)}
      open={isOpen}
      onToggle={({ currentTarget }) => {
        // It is told of what was opened by a search as well.
        if (currentTarget.open !== isOpen) onToggle(currentTarget.open);
      }}
      className="scroll-mt-16 border-b"
    >
      <summary className="flex min-h-10 cursor-pointer list-none items-center gap-2 font-medium hover:bg-hover [&::-webkit-details-marker]:hidden">
        <ChevronRight
          className={classNames('size-4 shrink-0 text-ink-faint', isOpen && 'rotate-90')}
          aria-hidden
        />
        <h3 className="grow">{title}</h3>
        <Counts {...section} />
      </summary>
      {isOpen ? <Settings names={settings} {...props} /> : null}
    </details>
  );
}

interface SettingsProps extends Omit<SectionProps, 'section' | 'isOpen' | 'onToggle'> {
  readonly names: readonly PolicyName[];
}

/** Each with its unit, how far a level below may widen it again, and whether it is locked for all of them. */
function Settings(props: SettingsProps): ReactNode {
  const { names, draft, onChange, effective, refused, regions = [] } = props;
  // What stands there may be of a region without a node.
  const choicesFor = (name: PolicyName) =>
    (name === 'regions' || name === 'dataRegions') && regions.length > 0
      ? [...new Set([...regions, ...itemsIn(draft[name].value), ...itemsIn(draft[name].bound)])]
      : choicesOf(name);
  const change = (name: PolicyName, more: Partial<SettingDraft>) =>
    onChange({ ...draft, [name]: { ...draft[name], ...more } });
  return (
    <ul className="divide-y border-t pl-6 max-md:pl-0">
      {names.map((name) => {
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
