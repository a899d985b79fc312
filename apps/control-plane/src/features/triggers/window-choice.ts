import { periods } from '@patchbay/domain/triggers/definition';
import { type Trigger, windowText } from './trigger-words.ts';

/** 'all', the name of a period, or the seconds of a span. */
export type WindowChoice = string;

const spans = { '60': 'any minute', '300': 'any 5 minutes', '900': 'any 15 minutes' } as const;

export const windowOptions: readonly { readonly value: WindowChoice; readonly label: string }[] = [
  ...periods.map((per) => ({ value: per, label: `each ${per}` })),
  ...Object.entries(spans).map(([value, label]) => ({ value, label })),
  { value: 'all', label: 'in all' },
];

/** With the span of a condition that the API set, and that is none of those. */
export const windowOptionsFor = (condition: Trigger['condition']): typeof windowOptions => {
  const value = windowOf(condition);
  return windowOptions.some((option) => option.value === value)
    ? windowOptions
    : [...windowOptions, { value, label: windowText(condition) }];
};

export function windowOf(condition: Trigger['condition']): WindowChoice {
  switch (condition.kind) {
    case 'threshold':
      return 'all';
    case 'recurring':
      return condition.per;
    case 'rate':
      return String(condition.seconds);
  }
}

/** The condition as the API takes it; a limit that is no number is refused as such. */
export function conditionOf(window: WindowChoice, limit: number | string) {
  const per = periods.find((one) => one === window);
  if (per !== undefined) return { kind: 'recurring', limit, per };
  return window === 'all' ? { kind: 'threshold', limit } : { kind: 'rate', limit, seconds: Number(window) };
}
