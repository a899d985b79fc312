'use client';

import { perLabel, writeHumanPrice } from '@patchbay/domain/billing/price-text';
import { Badge } from '@patchbay/ui/badge';
import { Callout } from '@patchbay/ui/callout';
import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { showMoney } from '../../formats/money.ts';
import { showClock } from '../../formats/time.ts';
import type { Outputs } from '../../trpc/client.ts';
import { counted } from '../overview/attention.ts';
import { useAccountNames } from '../shell/account.ts';
import { dimensionText, meterOf, serviceTitle, unitOf } from '../usage/meters.ts';

type Preview = Outputs['accounts']['previewMove'];
type Price = Preview['prices'][number];
type Held = Preview['policy'][number]['before'];

/** What a move would change, before anything happens: who pays whom, what holds, and for whom it begins and ends. */
export function MoveEffects({ preview }: { readonly preview: Preview }): ReactNode {
  const { from, to, accountCount, liveSessionCount, startsAt, counts } = preview;
  const names = useAccountNames();
  const settings = [
    ...preview.policy.map(({ setting, ...held }) => ({ key: setting, label: words(setting), ...held })),
    ...preview.configuration.map(({ service, field, ...held }) => ({
      key: `${service} ${field}`,
      label: `${serviceTitle(service)}: ${words(field).toLowerCase()}`,
      ...held,
    })),
  ];
  const reach = [
    ...preview.people.map(({ userId, name, email, role, accountId, change }) => ({
      key: `${userId} ${accountId}`,
      text: `${name}, ${email}`,
      note: role,
      change,
    })),
    ...keyLines(counts),
  ];
  const rules = [
    ...preview.triggers.map(({ id, name, change }) => ({ key: id, text: name, note: 'trigger', change })),
    ...preview.webhooks.map(({ id, url, change }) => ({ key: id, text: url, note: 'webhook', change })),
  ];
  const leftOut =
    counts.people +
    counts.triggers +
    counts.webhooks -
    (preview.people.length + preview.triggers.length + preview.webhooks.length);
  return (
    <div className="grid gap-5" aria-live="polite">
      <Callout title={`${counted(accountCount, 'account')} from ${from.name} to ${to.name}`}>
        Rights and rules follow at once
        {liveSessionCount === 0 ? '' : `; ${counted(liveSessionCount, 'live session')} will go on under them`}
        . What is used from {showClock(startsAt)} on is paid along the new way; all before stays as it is.
      </Callout>
      {preview.heldAbove ? (
        <Callout tone="wait" title="An account above yours has said something here">
          It would be out of reach of that, so you cannot move it there. Whoever said it, or somebody above
          them, can.
        </Callout>
      ) : null}
      {preview.withheld.length === 0 ? null : (
        <Callout title="Not all of it is shown">
          You may not read here: {preview.withheld.join(', ')}. Ask somebody who may before you move it.
        </Callout>
      )}
      {preview.brand.before === preview.brand.after ? null : (
        <Callout title={`Its people see ${preview.brand.after} from then on`}>
          Pages, mails and addresses are those of {preview.brand.before} until the move.
        </Callout>
      )}
      <Group
        title="Who pays whom"
        none="The same prices, between the same accounts."
        isEmpty={preview.prices.length === 0}
      >
        {preview.prices.map((price) => (
          <li
            key={`${price.service} ${price.meter} ${dimensionText(price.where)}`}
            className="grid gap-1 py-2"
          >
            <PriceChange price={price} />
          </li>
        ))}
      </Group>
      <Group
        title="What holds"
        none="Nothing else holds than now."
        isEmpty={settings.length + preview.plans.length + preview.words.length === 0}
      >
        {settings.map(({ key, label, before, after }) => (
          <li key={key} className="grid gap-0.5 py-2">
            <span className="font-medium">{label}</span>
            <span className="flex flex-wrap items-center gap-x-2 text-ink-soft">
              {heldText(before)} <ArrowRight className="size-3.5 shrink-0" aria-label="becomes" />{' '}
              {heldText(after)}
            </span>
          </li>
        ))}
        {preview.plans.map(({ accountId, planId, name }) => (
          <li key={`${accountId} ${planId}`} className="py-2">
            The plan “{name}” is taken off: it is of an account that is above no more.
          </li>
        ))}
        {preview.words.map(({ accountId, setById }) => (
          <li key={`${accountId} ${setById}`} className="py-2">
            What {names.get(setById) ?? setById} set for {names.get(accountId) ?? accountId} falls away: it is
            above no more.
          </li>
        ))}
      </Group>
      <Group
        title="What accounts above no more had said"
        none="Nothing that ends."
        isEmpty={preview.resumed.length + preview.limits.length === 0}
      >
        {preview.resumed.map(({ accountId, name }) => (
          <li key={accountId} className="py-2">
            {name} is stopped now, and works from then on.
          </li>
        ))}
        {preview.limits.map(({ accountId, per, action, amount, currency }) => (
          <li key={`${accountId} ${per} ${action} ${amount}`} className="py-2">
            A limit on what {accountId === preview.accountId ? 'it' : accountId} spends ends:{' '}
            {showMoney(amount, currency)} {currency} {per === 'total' ? 'in all' : `a ${per}`}.
          </li>
        ))}
      </Group>
      <Group title="Who reaches it" none="The same people and keys as now." isEmpty={reach.length === 0}>
        {reach.map(({ key, ...line }) => (
          <Change key={key} {...line} />
        ))}
      </Group>
      <Group title="Triggers and webhooks above it" none="The same as now." isEmpty={rules.length === 0}>
        {rules.map(({ key, ...line }) => (
          <Change key={key} {...line} />
        ))}
      </Group>
      {leftOut > 0 ? <p className="text-ink-faint">And {leftOut} more that are not named here.</p> : null}
    </div>
  );
}

interface GroupProps {
  readonly title: string;
  /** Said where nothing changes. */
  readonly none: string;
  readonly isEmpty: boolean;
  readonly children: ReactNode;
}

function Group({ title, none, isEmpty, children }: GroupProps): ReactNode {
  return (
    <section>
      <h3 className="mb-1 font-semibold">{title}</h3>
      {isEmpty ? <p className="text-ink-faint">{none}</p> : null}
      <ul className="divide-y divide-line border-line">{children}</ul>
    </section>
  );
}

interface ChangeProps {
  readonly text: string;
  readonly note: string;
  readonly change: 'begins' | 'ends';
}

function Change({ text, note, change }: ChangeProps): ReactNode {
  return (
    <li className="flex flex-wrap items-center gap-x-2 gap-y-1 py-2">
      <Badge tone={change === 'begins' ? 'live' : 'wait'}>{change}</Badge>
      <span className="min-w-0 break-words">{text}</span>
      <span className="text-ink-faint">{note}</span>
    </li>
  );
}

function keyLines({ keysEnding, keysBeginning }: Preview['counts']) {
  const line = (count: number, change: ChangeProps['change']) =>
    count === 0 ? [] : [{ key: change, text: counted(count, 'key'), note: 'of accounts above it', change }];
  return [...line(keysBeginning, 'begins'), ...line(keysEnding, 'ends')];
}

function PriceChange({ price }: { readonly price: Price }): ReactNode {
  const { service, meter, where, currency, before, after } = price;
  const name = meterOf(`${service}.${meter}`)?.label ?? meter;
  const unit = unitOf(`${service}.${meter}`);
  const levels = (title: string, of: Price['before']) => (
    <div className="text-ink-soft">
      <span className="text-ink-faint">{title}: </span>
      {of.length === 0
        ? 'free'
        : of
            .map(
              ({ buyerName, sellerName, hasTerms, ...tariff }) =>
                `${buyerName} pays ${sellerName} ${writeHumanPrice(tariff, unit)} ${currency} ${perLabel(tariff, unit)}${hasTerms ? ', with further terms' : ''}`,
            )
            .join('; ')}
    </div>
  );
  return (
    <>
      <span className="font-medium">{[name, dimensionText(where)].filter(Boolean).join(', ')}</span>
      {levels('Now', before)}
      {levels('Then', after)}
    </>
  );
}

const levelNames: Readonly<Record<string, string>> = {
  default: 'as it comes',
  platform: 'the platform',
  plan: 'a plan',
  account: 'an account',
  region: 'a region',
  trigger: 'a trigger',
};

function heldText(held: Held): string {
  if (held === undefined) return 'no limit';
  const { value, level } = held;
  const text = Array.isArray(value) ? value.map(itemText).join(', ') || 'nothing' : itemText(value);
  return `${text} (${levelNames[level] ?? level})`;
}

const itemText = (item: unknown): string =>
  typeof item === 'object' && item !== null ? JSON.stringify(item) : String(item);

/** `sessionSecondsMax` as `Session seconds, at most`. */
function words(name: string): string {
  const spaced = name
    .replace(/Max$/, ', at most')
    .replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${spaced.charAt(0).toUpperCase()}${spaced.slice(1)}`;
}
