import type { MeterUnit } from '@patchbay/kit/definition';

export interface Shown {
  readonly value: string;
  readonly unit: string;
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const steps = ['', 'k', 'M', 'G', 'T', 'P'];

/** Four significant figures, with a prefix in powers of 1,000. For reading, never for reckoning. */
function scaled(quantity: number, unit: string): Shown {
  let value = quantity;
  let step = 0;
  while (Math.abs(value) >= 999.95 && step < steps.length - 1) {
    value /= 1_000;
    step++;
  }
  const text = step === 0 ? whole.format(value) : value.toPrecision(4);
  return { value: text, unit: `${steps[step]}${unit}` };
}

export const showBytes = (bytes: bigint | number | string): Shown => scaled(Number(bytes), 'B');
export const showBitRate = (bitsPerSecond: number): Shown => scaled(bitsPerSecond, 'bit/s');
export const showCount = (count: bigint | number | string): string => whole.format(BigInt(count));

/** A span: '4 min 05 s', '2 h 10 min', '830 ms'. */
export function showDuration(milliseconds: bigint | number | string): string {
  const ms = Number(milliseconds);
  if (ms > 0 && ms < 1_000) return `${whole.format(ms)} ms`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return `${whole.format(hours)} h ${pad(minutes % 60)} min`;
}

const pad = (value: number): string => String(value).padStart(2, '0');

/** A quantity of a meter, short enough for a table. */
export function showMetered(quantity: bigint | string, unit: MeterUnit): Shown {
  switch (unit) {
    case 'byte':
      return showBytes(quantity);
    case 'millisecond':
      return { value: showDuration(quantity), unit: '' };
    case 'packet':
    case 'character':
      return scaled(Number(quantity), '');
    case 'count':
      return { value: showCount(quantity), unit: '' };
  }
}

/** The same in one string, for axes and tooltips. */
export const textOf = ({ value, unit }: Shown): string => (unit === '' ? value : `${value} ${unit}`);

/** The exact integer with its own unit: what a statement says. */
export const showExact = (quantity: string, unit: string): Shown => ({
  value: showCount(quantity),
  unit: unit === 'byte' ? 'B' : unit === 'millisecond' ? 'ms' : unit === 'count' ? '' : `${unit}s`,
});
