'use client';

import { Chart } from '@patchbay/ui/chart';
import { type Column, Table } from '@patchbay/ui/table';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { Outputs } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { levelText, settingLabel } from './setting-words.ts';

type Simulated = Outputs['policy']['simulate'];
type Refused = Simulated['bySetting'][number];

const HEIGHT_PIXELS = 160;

/** What a change would have refused of the last days' real requests, before it is saved. */
export function SimulationResult({
  simulated,
  names,
}: {
  readonly simulated: Simulated;
  readonly names: ReadonlyMap<string, string>;
}): ReactNode {
  const accountId = useAccountId();
  const { days, requestCount, refusedCount, refusedNowCount, bySetting, examples, isComplete } = simulated;
  const times = days.map(({ day }) => Date.parse(day) / 1_000);
  return (
    <section aria-labelledby="simulated" className="grid grid-cols-1 gap-3">
      <h2 id="simulated" className="font-semibold">
        Of {requestCount} requests it would have refused {refusedCount}; the policy as it is refuses{' '}
        {refusedNowCount}
      </h2>
      {isComplete ? null : (
        <p className="text-ink-faint">There were more requests than are tried: these are the newest.</p>
      )}
      {requestCount === 0 ? (
        <p className="border-y py-2 text-ink-faint">Nobody asked for anything in these days.</p>
      ) : (
        <Chart
          label="Requests per day, and those that would have been refused"
          kind="bars"
          heightPixels={HEIGHT_PIXELS}
          times={times}
          timeZone="UTC"
          series={[
            { label: 'refused', colour: '--fail', values: days.map((day) => day.refusedCount) },
            {
              label: 'allowed',
              colour: '--series-1',
              values: days.map((day) => day.requestCount - day.refusedCount),
            },
          ]}
          format={(value) => String(Math.round(value))}
        />
      )}
      {bySetting.length === 0 ? null : (
        <Table
          label="Refused, by setting and level"
          columns={columnsOf(names)}
          rows={bySetting}
          rowKey={({ setting, origin }) => `${setting} ${JSON.stringify(origin)}`}
        />
      )}
      {examples.length === 0 ? null : (
        <p className="text-ink-soft">
          Among them:{' '}
          {examples.slice(0, 5).map(({ sessionId, setting }, index) => (
            <span key={sessionId}>
              {index === 0 ? '' : ', '}
              <Link
                href={pagePath(accountId, `sessions/${sessionId}`)}
                className="font-mono text-sm text-ink underline underline-offset-2"
              >
                {sessionId.slice(0, 12)}…
              </Link>{' '}
              ({settingLabel(setting)})
            </span>
          ))}
        </p>
      )}
    </section>
  );
}

const columnsOf = (names: ReadonlyMap<string, string>): readonly Column<Refused>[] => [
  { key: 'setting', header: 'Setting', isTitle: true, cell: ({ setting }) => settingLabel(setting) },
  { key: 'level', header: 'Level', cell: ({ origin }) => levelText(origin, names) },
  { key: 'count', header: 'Refused', isNumber: true, cell: ({ count }) => count },
];
