'use client';

import { Badge, LiveDot } from '@patchbay/ui/badge';
import { Breadcrumb } from '@patchbay/ui/breadcrumb';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Chart, Sparkline } from '@patchbay/ui/chart';
import { CodePanel } from '@patchbay/ui/code-panel';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Fact, Facts } from '@patchbay/ui/facts';
import { ShownOnce } from '@patchbay/ui/shown-once';
import { Skeleton, TableSkeleton } from '@patchbay/ui/skeleton';
import { Quantity, Stat } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import { CircleCheck, CirclePause, CircleX, HandCoins, Inbox, Info } from 'lucide-react';
import type { ReactNode } from 'react';
import { Section } from './section.tsx';

interface Sample {
  readonly name: string;
  readonly bytes: string;
  readonly isLive: boolean;
}

const rows: readonly Sample[] = [
  { name: 'Acme Clinics', bytes: '869.5', isLive: true },
  { name: 'Bluebird Taxi', bytes: '176.5', isLive: false },
];
const columns: readonly Column<Sample>[] = [
  { key: 'name', header: 'Account', isTitle: true, cell: ({ name }) => name },
  {
    key: 'state',
    header: 'State',
    cell: ({ isLive }) =>
      isLive ? (
        <Badge tone="live" icon={<LiveDot />}>
          live
        </Badge>
      ) : (
        <Badge>ended</Badge>
      ),
  },
  {
    key: 'bytes',
    header: 'Relayed',
    isNumber: true,
    cell: ({ bytes }) => <Quantity value={bytes} unit="GB" />,
  },
];
/** A fixed shape: a picture of this page is compared with the one before. */
const START_SECONDS = 1_795_000_000;
const times = Array.from({ length: 48 }, (_, index) => START_SECONDS + index * 1_800);
const wave = (phase: number) => times.map((_, index) => 60 + 40 * Math.sin(index / 6 + phase));

/** All that shows something, in each of its states. */
export function Displays(): ReactNode {
  return (
    <>
      <Section title="Badge">
        <Badge tone="live" icon={<LiveDot />}>
          live
        </Badge>
        <Badge tone="wait" icon={<CirclePause aria-hidden />}>
          limited
        </Badge>
        <Badge tone="fail" icon={<CircleX aria-hidden />}>
          refused
        </Badge>
        <Badge tone="info" icon={<Info aria-hidden />}>
          relayed
        </Badge>
        <Badge tone="money" icon={<HandCoins aria-hidden />}>
          margin
        </Badge>
        <Badge tone="accent">for this account</Badge>
        <Badge icon={<CircleCheck aria-hidden />}>closed</Badge>
      </Section>
      <Section title="Stat">
        <Stat label="Relayed today" value="28.02" unit="GB" note="down 5 % on yesterday by now" />
        <Stat label="Margin" value="358.61" unit="EUR" tone="money" note="of children’s use" />
        <Stat label="Subsidy" value="2.94" unit="EUR" tone="wait" />
      </Section>
      <Section title="Breadcrumb">
        <Breadcrumb
          label="Example"
          items={['Patchbay', 'Northwind Voice', 'Acme Clinics'].map((name) => ({
            key: name,
            node: <span className="px-1">{name}</span>,
          }))}
        />
      </Section>
      <Section title="Callout">
        <div className="grid w-full gap-2">
          <Callout title="This is a local start.">Nothing leaves this machine.</Callout>
          <Callout tone="wait" title="Cedar School is suspended.">
            Its keys are refused and nothing new starts.
          </Callout>
          <Callout
            tone="fail"
            title="A limit of this account is reached."
            action={<Button size="small">Try again</Button>}
          >
            Wait for the time in Retry-After, or raise the limit that the rule names.
          </Callout>
        </div>
      </Section>
      <Section title="Table">
        <div className="w-full">
          <Table
            label="Example"
            columns={columns}
            rows={rows}
            rowKey={({ name }) => name}
            onOpen={() => {}}
          />
        </div>
      </Section>
      <Section title="Facts, and what is shown once">
        <div className="grid w-full gap-4">
          <Facts className="max-w-md">
            <Fact term="Currency">EUR</Fact>
            <Fact term="Created">29 Nov 2026</Fact>
          </Facts>
          <ShownOnce label="Password" text="not-a-secret-but-as-long-as-one" copyLabel="Copy the password" />
        </div>
      </Section>
      <Section title="Chart">
        <div className="grid w-full gap-4">
          <Chart
            label="Lines"
            times={times}
            series={[
              { label: 'alice', colour: '--series-1', values: wave(0) },
              { label: 'bob', colour: '--series-2', values: wave(2) },
            ]}
            format={(value) => `${value.toFixed(0)} ms`}
          />
          <Chart
            label="Stacked bars"
            kind="bars"
            times={times}
            series={([1, 2, 3, 4, 5, 6] as const).map((index) => ({
              label: `group ${index}`,
              colour: `--series-${index}`,
              values: wave(index),
            }))}
            format={(value) => `${value.toFixed(0)} GB`}
          />
          <div className="w-40">
            <Sparkline label="A day" values={wave(1)} />
          </div>
        </div>
      </Section>
      <Section title="Code panel">
        <div className="w-full">
          <CodePanel
            title="Read one session"
            snippets={[
              { name: 'SDK', code: "const session = await pb.sessions.get('acc_…', { sessionId });" },
              { name: 'curl', code: 'curl "$PATCHBAY_URL/v1/accounts/acc_…/sessions/ses_…"' },
            ]}
          />
        </div>
      </Section>
      <Section title="Skeleton">
        <div className="w-full">
          <Skeleton className="mb-3 h-6 w-48" />
          <TableSkeleton rows={3} />
        </div>
      </Section>
      <Section title="Empty state">
        <EmptyState
          icon={<Inbox />}
          title="Nothing here yet"
          action={<Button variant="primary">The next step</Button>}
        >
          What this is, and how something gets here.
        </EmptyState>
      </Section>
    </>
  );
}
