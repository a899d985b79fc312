import { Badge } from '@patchbay/ui/badge';
import { Identifier } from '@patchbay/ui/copy-button';
import { Fact, Facts } from '@patchbay/ui/facts';
import { CircleAlert, CircleCheck, CircleX } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import type { Outputs } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';
import { pathOfId } from '../shell/path-of-id.ts';

type Decision = Outputs['why']['get'];

const outcomes = {
  allowed: { tone: 'live', icon: <CircleCheck aria-hidden />, label: 'allowed' },
  refused: { tone: 'fail', icon: <CircleX aria-hidden />, label: 'refused' },
  failed: { tone: 'wait', icon: <CircleAlert aria-hidden />, label: 'failed' },
} as const;

/** One decision: what was decided, by which rule of which level, what to do, and what was known then. */
export function DecisionView({ decision }: { readonly decision: Decision }): ReactNode {
  const { tone, icon, label } = outcomes[decision.decision];
  return (
    <article aria-label="Decision" className="grid grid-cols-1 gap-6">
      <div>
        <h2 className="flex flex-wrap items-center gap-2 font-semibold">
          <Badge tone={tone} icon={icon}>
            {label}
          </Badge>
          <span className="min-w-0 wrap-anywhere">
            {decision.title ?? `This ${decision.kind} was ${label}.`}
          </span>
        </h2>
        {decision.detail === undefined ? null : (
          <p className="mt-1 text-ink-soft wrap-anywhere">{decision.detail}</p>
        )}
        {decision.remedy === undefined ? null : <p className="mt-1">{decision.remedy}</p>}
      </div>
      <div className="grid grid-cols-1 gap-x-10 gap-y-6 lg:grid-cols-2">
        <What decision={decision} />
        <Known known={decision.known} />
      </div>
      <Moments moments={decision.moments} />
    </article>
  );
}

function What({ decision }: { readonly decision: Decision }): ReactNode {
  const { at, operation, actor, code, rule, level, accountId, kind } = decision;
  return (
    <Facts label="What was decided" className="[&_dd]:wrap-anywhere">
      <Fact term={kind === 'credential' ? 'As it stands' : 'At'}>
        <time dateTime={at}>{showMoment(at)}</time>
      </Fact>
      <Fact term="Asked for">
        <code>{operation}</code>
      </Fact>
      {actor === undefined ? null : (
        <Fact term="By">
          {actor.name} <Identifier id={actor.id} isShort />
        </Fact>
      )}
      <Fact term="Account">
        <Identifier id={accountId} isShort />
      </Fact>
      {code === undefined ? null : (
        <Fact term="Code">
          <Link href={`/docs/errors/${code}`} className="underline underline-offset-2">
            <code>{code}</code>
          </Link>
        </Fact>
      )}
      {rule === undefined ? null : <Fact term="Rule">{rule}</Fact>}
      {level === undefined ? null : <Fact term="Set at">{level}</Fact>}
    </Facts>
  );
}

/** A value of a setting or a caveat, as short as it can be said. */
const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function Known({ known }: { readonly known: Decision['known'] }): ReactNode {
  const { chain, scopes, limits, policy, caveats } = known;
  return (
    <Facts label="What was known" className="[&_dd]:wrap-anywhere">
      {chain.map(({ accountId, state }, depth) => (
        // A level is its place in the chain: those above have no name here.
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is what it is.
        <Fact key={depth} term={accountId === undefined ? 'An account above' : 'Account'}>
          {accountId === undefined ? null : <Identifier id={accountId} isShort />}{' '}
          <span className={state === 'active' ? 'text-ink-soft' : 'text-fail'}>{state}</span>
        </Fact>
      ))}
      {scopes.length === 0 ? null : <Fact term="Scopes">{scopes.join(', ')}</Fact>}
      {limits.map(({ name, max, used }) => (
        <Fact key={`${name} ${max}`} term={`Limit ${name}`}>
          {used === undefined ? max : `${used} of ${max}`}
        </Fact>
      ))}
      {caveats.map(({ name, value }) => (
        <Fact key={`${name} ${valueText(value)}`} term={`Caveat ${name}`}>
          {valueText(value)}
        </Fact>
      ))}
      {policy.map(({ rule, value, level }) => (
        <Fact key={rule} term={rule}>
          {valueText(value)} <span className="text-ink-faint">{level}</span>
        </Fact>
      ))}
    </Facts>
  );
}

function Moments({ moments }: { readonly moments: Decision['moments'] }): ReactNode {
  const accountId = useAccountId();
  if (moments.length === 0) return null;
  return (
    <ol aria-label="What was decided on the way" className="divide-y divide-line border-y">
      {moments.map(({ at, kind, sessionId, code, detail }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two lines may say the same at the same time.
        <li key={place} className="flex flex-wrap items-baseline gap-x-4 py-2">
          <time dateTime={at} className="text-ink-faint tabular-nums">
            {showMoment(at)}
          </time>
          <code>{kind}</code>
          {code === undefined ? null : <code className="text-fail">{code}</code>}
          <span className="min-w-0 wrap-anywhere text-ink-soft">{detail}</span>
          {sessionId === undefined ? null : (
            <Link href={pathOfId(sessionId, accountId) ?? ''} className="underline underline-offset-2">
              its session
            </Link>
          )}
        </li>
      ))}
    </ol>
  );
}
