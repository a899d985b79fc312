'use client';

import { Chart } from '@patchbay/ui/chart';
import { classNames } from '@patchbay/ui/class-names';
import { type ReactNode, useMemo } from 'react';
import { showBitRate, textOf } from '../../../formats/quantity.ts';
import { showClock } from '../../../formats/time.ts';
import type { LogEntry, Session } from '../session.ts';
import { lineTitle } from './log-words.ts';
import {
  eventsOf,
  hookKind,
  type Lane,
  legLanes,
  modeLane,
  type Span,
  samplesOf,
  seriesOf,
} from './timeline.ts';

/** The names at the left of the lanes and the value axes of the charts have one width: all share one time axis. */
const GUTTER_PIXELS = 104;

export interface SessionTimelineProps {
  readonly session: Session;
  readonly log: readonly LogEntry[];
  readonly endMs: number;
  readonly selected: number | undefined;
  readonly onSelect: (sequence: number) => void;
}

/** Who, how, how well and what happened, on one time axis. */
export function SessionTimeline({
  session,
  log,
  endMs,
  selected,
  onSelect,
}: SessionTimelineProps): ReactNode {
  const startMs = Date.parse(session.startedAt);
  const spanMs = Math.max(1_000, endMs - startMs);
  const place = (atMs: number): number => Math.min(100, Math.max(0, ((atMs - startMs) / spanMs) * 100));
  const lanes = [modeLane(session, log, endMs), ...legLanes(session, log, endMs)];
  return (
    <section aria-label="Time axis">
      <div className="border-b pb-2">
        {lanes.map((lane) => (
          <LaneRow key={lane.key} lane={lane} place={place} />
        ))}
        <Row label="Events">
          {eventsOf(log).map(({ sequence, at, kind, data }) => (
            <button
              key={sequence}
              type="button"
              aria-label={`${lineTitle({ kind })} at ${showClock(at)}`}
              title={`${lineTitle({ kind })} · ${showClock(at)}`}
              onClick={() => onSelect(sequence)}
              style={{ left: `${place(Date.parse(at))}%` }}
              className={classNames(
                'absolute top-1/2 size-2.5 -translate-x-1/2 -translate-y-1/2 rounded-full border-2 border-canvas after:absolute after:-inset-2',
                isTroubling({ kind, data }) ? 'bg-wait' : 'bg-ink-soft',
                sequence === selected && 'size-3.5 bg-accent',
              )}
            />
          ))}
        </Row>
      </div>
      <QualityCharts session={session} log={log} range={[startMs / 1_000, (startMs + spanMs) / 1_000]} />
    </section>
  );
}

/** What is looked for first by who asks why a session went badly. */
const isTroubling = ({ kind, data }: Pick<LogEntry, 'kind' | 'data'>): boolean =>
  /^(limit|recovery)|refus/.test(kind) || (kind === hookKind && data.outcome === 'failed');

function Row({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="flex h-8 items-center pr-2">
      <span className="shrink-0 truncate pr-3 text-ink-soft" style={{ width: GUTTER_PIXELS }}>
        {label}
      </span>
      <div className="relative h-full min-w-0 flex-1">{children}</div>
    </div>
  );
}

function LaneRow({
  lane,
  place,
}: {
  readonly lane: Lane;
  readonly place: (atMs: number) => number;
}): ReactNode {
  return (
    <Row label={lane.label}>
      {lane.spans.map((span) => (
        <SpanBar key={span.key} span={span} left={place(span.fromMs)} right={place(span.toMs)} />
      ))}
    </Row>
  );
}

interface SpanBarProps {
  readonly span: Span;
  /** Percent of the axis. */
  readonly left: number;
  readonly right: number;
}

function SpanBar({ span, left, right }: SpanBarProps): ReactNode {
  const { label, colour } = span;
  return (
    <span
      title={`${label} · ${showClock(span.fromMs)} to ${showClock(span.toMs)}`}
      style={{
        left: `${left}%`,
        width: `max(3px, calc(${right - left}% - 1px))`,
        background: `color-mix(in oklch, var(${colour}) 16%, transparent)`,
        borderColor: `var(${colour})`,
      }}
      className="absolute top-1 bottom-1 flex items-center overflow-hidden rounded-sm border-l-2 px-1.5 text-sm whitespace-nowrap"
    >
      <span className="truncate">{label}</span>
    </span>
  );
}

interface QualityChartsProps {
  readonly session: Session;
  readonly log: readonly LogEntry[];
  readonly range: readonly [number, number];
}

function QualityCharts({ session, log, range }: QualityChartsProps): ReactNode {
  const charts = useMemo(() => {
    const samples = samplesOf(log);
    return {
      isEmpty: samples.length === 0,
      rate: seriesOf(session, samples, ({ sentBitsPerSecond }) => sentBitsPerSecond),
      rtt: seriesOf(session, samples, ({ rttMs }) => rttMs),
      loss: seriesOf(session, samples, ({ lossRatio }) => (lossRatio === null ? null : lossRatio * 100)),
      // A relay sees bytes, and not how long they take.
      isRateAlone: samples.every(({ rttMs, lossRatio }) => rttMs === null && lossRatio === null),
    };
  }, [session, log]);
  if (charts.isEmpty) {
    return <p className="py-6 text-center text-ink-faint">No quality was reported by its participants.</p>;
  }
  const rows = [
    { title: 'Sent', label: 'Bit rate that each participant sent', data: charts.rate, format: bitRate },
    { title: 'Round trip', label: 'Round trip of each participant', data: charts.rtt, format: milliseconds },
    {
      title: 'Loss',
      label: 'Packets lost on the way to each participant',
      data: charts.loss,
      format: percent,
    },
  ];
  return (
    <div className="mt-4 grid gap-3">
      {(charts.isRateAlone ? rows.slice(0, 1) : rows).map(({ title, label, data, format }, index) => (
        <div key={title}>
          <h2 className="text-sm text-ink-faint">{title}</h2>
          <Chart
            label={label}
            heightPixels={index === 0 ? 150 : 96}
            times={data.times}
            series={data.series}
            format={format}
            range={range}
            syncKey={session.id}
            axisPixels={GUTTER_PIXELS}
            hasLegend={index === rows.length - 1}
          />
        </div>
      ))}
    </div>
  );
}

const bitRate = (value: number): string => textOf(showBitRate(value));
const milliseconds = (value: number): string => `${value.toFixed(0)} ms`;
const percent = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} %`;
