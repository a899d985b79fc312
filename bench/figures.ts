import process from 'node:process';

export type Result = Readonly<Record<string, string | number>>;

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) * share)] ?? Number.NaN;

export const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** One result, as one line. */
export function say(result: Result, json: boolean): void {
  const text = json
    ? JSON.stringify(result)
    : Object.entries(result)
        .map(([name, value]) => `${name}: ${value}`)
        .join('  ');
  process.stdout.write(`${text}\n`);
}
