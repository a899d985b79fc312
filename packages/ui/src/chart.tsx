import 'uplot/dist/uPlot.min.css';
import { type ReactNode, useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { axisWidth } from './chart-axis.ts';
import { momentOf, namedBucket, stepOf, type TimeAxis, timeLabels } from './chart-time.tsx';

export interface ChartSeries {
  readonly label: string;
  /** A custom property of tokens.css, such as '--series-1'. */
  readonly colour: `--${string}`;
  /** One for each time; null where nothing was measured. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps extends TimeAxis {
  /** What is drawn, for screen readers; a table beside it holds the figures. */
  readonly label: string;
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  /** Of bars: what all of them together were in the same place of the time before, as a faint line. */
  readonly before?: readonly number[];
  readonly heightPixels?: number;
  /** The time axis, in seconds, when it is wider than the data: several charts of one session share it. */
  readonly range?: readonly [number, number];
  /** Charts with the same key share their cursor. */
  readonly syncKey?: string;
  readonly hasLegend?: boolean;
  /** Width of the value axis in pixels: the same for charts that stand above each other. One is wider whose marks are. */
  readonly axisPixels?: number;
}

/** A time series. Bars are stacked. Thousands of points stay smooth. */
export function Chart(props: ChartProps): ReactNode {
  const {
    label,
    heightPixels = 180,
    hasLegend = props.series.length > 1 || props.before !== undefined,
    series,
  } = props;
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const plot = useRef<uPlot | undefined>(undefined);
  const shape = `${props.kind}|${namedBucket(props)}|${heightPixels}|${series.map((one) => one.label).join('|')}|${props.before !== undefined}`;

  // biome-ignore lint/correctness/useExhaustiveDependencies: rebuilt when the shape changes; data flows in below.
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const build = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        optionsOf(latest, element.clientWidth, element),
        dataOf(latest.current),
        element,
      );
    };
    build();
    const resize = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: heightPixels });
    });
    resize.observe(element);
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', build);
    const themed = new MutationObserver(build);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      resize.disconnect();
      themed.disconnect();
      scheme.removeEventListener('change', build);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData(dataOf(props));
  }, [props]);

  return (
    <figure aria-label={label} className="min-w-0">
      <div ref={host} style={{ height: heightPixels }} aria-hidden />
      {hasLegend ? (
        <figcaption className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-sm text-ink-soft">
          {series.map((one) => (
            <span key={one.label} className="inline-flex items-center gap-1.5">
              <span
                className="size-2 rounded-full"
                style={{ background: `var(${one.colour})` }}
                aria-hidden
              />
              {one.label}
            </span>
          ))}
          {props.before === undefined ? null : (
            <span className="inline-flex items-center gap-1.5 text-ink-faint">
              <span className="w-4 border-ink-faint border-t border-dashed" aria-hidden />
              {beforeLabel}
            </span>
          )}
        </figcaption>
      ) : null}
    </figure>
  );
}

/** Bars are stacked by drawing running sums, the tallest first. */
function dataOf({ times, series, kind, before }: ChartProps): uPlot.AlignedData {
  if (kind !== 'bars') return [[...times], ...series.map(({ values }) => [...values])];
  const running = times.map(() => 0);
  const sums = series.map(({ values }) =>
    times.map((_, index) => {
      running[index] = (running[index] ?? 0) + (values[index] ?? 0);
      return running[index] ?? 0;
    }),
  );
  // A bar stands in the middle of its bucket, so the pointer finds the one that it is over.
  const middles = times.map((time, index) => time + stepOf(times, index) / 2);
  return [middles, ...sums.reverse(), ...(before === undefined ? [] : [[...before]])];
}

function colourOf(property: string, element: HTMLElement): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${property})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function optionsOf(latest: { current: ChartProps }, width: number, element: HTMLElement): uPlot.Options {
  const { series, kind = 'line', heightPixels = 180, syncKey, axisPixels = 64, before } = latest.current;
  const ink = colourOf('--ink-faint', element);
  const grid = { stroke: colourOf('--line', element), width: 1 };
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const drawn = kind === 'bars' ? series.toReversed() : series;
  const bars = uPlot.paths.bars?.({ size: [0.72, 40] });
  const axis = { stroke: ink, font, ticks: { show: false } } as const;
  return {
    width,
    height: heightPixels,
    // The last mark may stand at the very end, and half of its name behind it.
    padding: [8, DATE_PIXELS / 2 - 12, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      ...(syncKey === undefined ? {} : { sync: { key: syncKey } }),
    },
    scales: {
      x: {
        range: (_self, min, max) => {
          const { range } = latest.current;
          return range === undefined ? spread(min, max) : [range[0], range[1]];
        },
      },
      y: { range: (_self, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 90,
        values: ({ scales: { x } }, splits) =>
          timeLabels(latest.current, splits, (x?.max ?? 0) - (x?.min ?? 0)),
        ...(namedBucket(latest.current) === undefined ? {} : { splits: namedSplits }),
      },
      {
        ...axis,
        grid,
        size: (self, marks) =>
          axisWidth(marks ?? [], { least: axisPixels, widthOf: (text) => widthIn(self.ctx, font, text) }),
        space: heightPixels < 120 ? 22 : 36,
        values: (_self, splits) => splits.map((value) => round(latest.current.format(value))),
      },
    ],
    series: [
      {},
      ...drawn.map(({ label, colour }): uPlot.Series => {
        const stroke = colourOf(colour, element);
        return kind === 'bars'
          ? { label, fill: stroke, width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) }
          : { label, stroke, width: 1.5, spanGaps: true, points: { show: false } };
      }),
      ...(before === undefined
        ? []
        : [{ label: beforeLabel, stroke: ink, width: 1.5, dash: [4, 4], points: { show: false } }]),
    ],
    plugins: [tooltip(latest, ink)],
  };
}

/** In CSS pixels, whatever the screen has for each. */
function widthIn(context: CanvasRenderingContext2D, font: string, text: string): number {
  context.save();
  context.font = font;
  const { width } = context.measureText(text);
  context.restore();
  return width;
}

const beforeLabel = 'in the time before';

/** The marks of an axis are round numbers: '2.000 GB' is '2 GB' there. */
const round = (text: string): string => text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '');

/** A single point has no width; give it a minute on each side. */
const spread = (min: number, max: number): [number, number] =>
  min === max ? [min - 60, max + 60] : [min, max];

/** Pixels that a date takes. */
const DATE_PIXELS = 84;

/** The names of days and months stand under their bars, as many as there is room for. */
function namedSplits(self: uPlot): number[] {
  const [times] = self.data;
  const every = Math.max(1, Math.ceil((times.length * DATE_PIXELS) / Math.max(1, self.width)));
  return [...times].filter((_, index) => (times.length - 1 - index) % every === 0);
}

type TooltipRow = readonly [name: string, value: number | undefined, colour?: `--${string}`];

/** Of stacked bars the ones that are there, the topmost first, and their sum; of lines all, in their order. */
function rowsAt({ series, kind, before }: ChartProps, index: number): readonly TooltipRow[] {
  const earlier: readonly TooltipRow[] = before === undefined ? [] : [[beforeLabel, before[index]]];
  const rows = series.map(
    ({ label, colour, values }): TooltipRow => [label, values[index] ?? undefined, colour],
  );
  if (kind !== 'bars' || rows.length === 1) return [...rows, ...earlier];
  const total = rows.reduce((sum, [, value = 0]) => sum + value, 0);
  const shown = rows.filter(([, value = 0]) => value > 0).reverse();
  return [...(shown.length === 1 ? shown : [...shown, ['together', total] as const]), ...earlier];
}

function tooltip(latest: { current: ChartProps }, ink: string): uPlot.Plugin {
  const box = document.createElement('div');
  box.className =
    'pointer-events-none absolute z-10 hidden rounded-md border border-line-strong bg-raised px-2.5 py-1.5 font-sans text-sm whitespace-nowrap';
  box.style.borderColor = ink;
  return {
    hooks: {
      init: (self) => {
        self.over.append(box);
        self.over.addEventListener('mouseleave', () => {
          box.style.display = 'none';
        });
      },
      setCursor: (self) => {
        const { idx, left = 0 } = self.cursor;
        const { times, format } = latest.current;
        const at = idx === null || idx === undefined ? undefined : times[idx];
        if (idx === null || idx === undefined || at === undefined || left < 0) {
          box.style.display = 'none';
          return;
        }
        const table = document.createElement('div');
        table.className = 'grid grid-cols-[auto_1fr_auto] items-center gap-x-2 tabular-nums';
        for (const [name, value, colour] of rowsAt(latest.current, idx)) {
          const swatch = document.createElement('span');
          swatch.className = 'size-2 rounded-full';
          if (colour !== undefined) swatch.style.background = `var(${colour})`;
          const text = document.createElement('span');
          text.className = 'max-w-56 truncate';
          text.textContent = name;
          const figure = document.createElement('span');
          figure.className = 'pl-3 text-right font-medium';
          figure.textContent = value === undefined ? '–' : format(value);
          table.append(swatch, text, figure);
        }
        const head = document.createElement('div');
        head.className = 'mb-0.5 text-ink-faint';
        head.textContent = momentOf(latest.current, idx);
        box.replaceChildren(head, table);
        box.style.display = 'block';
        const isRight = left > self.over.clientWidth / 2;
        box.style.left = isRight ? 'auto' : `${left + 12}px`;
        box.style.right = isRight ? `${self.over.clientWidth - left + 12}px` : 'auto';
        box.style.top = '4px';
      },
    },
  };
}

export interface SparklineProps {
  readonly label: string;
  readonly values: readonly number[];
}

/** The shape of a day in a line of text: no axes, and no promise of figures. */
export function Sparkline({ label, values }: SparklineProps): ReactNode {
  const top = Math.max(...values, 1e-9);
  const step = values.length > 1 ? 100 / (values.length - 1) : 100;
  const points = values.map(
    (value, index) => `${(index * step).toFixed(2)},${(23 - (value / top) * 21).toFixed(2)}`,
  );
  return (
    <svg viewBox="0 0 100 24" preserveAspectRatio="none" className="h-6 w-full" role="img" aria-label={label}>
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke="var(--accent)"
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
        strokeLinejoin="round"
      />
    </svg>
  );
}
