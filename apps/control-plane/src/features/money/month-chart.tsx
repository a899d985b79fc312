'use client';

import { minorUnitOf } from '@patchbay/domain/billing/money';
import { Chart, type ChartSeries } from '@patchbay/ui/chart';
import type { ReactNode } from 'react';
import { showMoney } from '../../formats/money.ts';

const HEIGHT_PIXELS = 140;
/** Months that a chart has at least, so that one bar alone does not stand for a year. */
const MONTH_COUNT_MIN = 6;

export interface MonthSeries extends Pick<ChartSeries, 'label' | 'colour'> {
  /** Nano units of a month; of one that is not here, none. */
  readonly amounts: ReadonlyMap<string, bigint>;
}

export interface MonthChartProps {
  readonly label: string;
  readonly currency: string;
  readonly series: readonly MonthSeries[];
}

const startOf = (period: string): number => Date.parse(`${period}-01T00:00:00Z`) / 1_000;

function endOf(period: string): number {
  const [year = 0, month = 1] = period.split('-').map(Number);
  return Date.UTC(year, month) / 1_000;
}

/** The months from the first to the last of those given, and before them as many as make a picture. */
export function monthsAcross(periods: readonly string[]): readonly string[] {
  const last = periods.toSorted().at(-1);
  if (last === undefined) return [];
  const monthAt = (back: number): string => {
    const [year = 0, month = 1] = last.split('-').map(Number);
    return new Date(Date.UTC(year, month - 1 - back)).toISOString().slice(0, 7);
  };
  const months: string[] = [];
  const first = periods.toSorted()[0] ?? last;
  for (let back = 0; back < MONTH_COUNT_MIN || monthAt(back) >= first; back++) months.unshift(monthAt(back));
  return months;
}

/** Money over months, its parts above each other. Drawn in whole units of the currency: the figures stand in the table. */
export function MonthChart({ label, currency, series }: MonthChartProps): ReactNode {
  const months = monthsAcross(series.flatMap(({ amounts }) => [...amounts.keys()]));
  if (months.length === 0) return null;
  const unit = minorUnitOf(currency);
  return (
    <Chart
      label={label}
      kind="bars"
      heightPixels={HEIGHT_PIXELS}
      timeZone="UTC"
      times={months.map(startOf)}
      range={[startOf(months[0] ?? ''), endOf(months.at(-1) ?? '')]}
      hasLegend
      series={series.map(({ amounts, ...shown }) => ({
        ...shown,
        values: months.map((month) => Number((amounts.get(month) ?? 0n) / unit)),
      }))}
      format={(value) => `${showMoney(BigInt(Math.round(value)) * unit, currency)} ${currency}`}
    />
  );
}
