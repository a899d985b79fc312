/** The fixed meanings of colour: green live, amber limited or waiting, red refused, blue informational, violet money. */
export type Tone = 'neutral' | 'accent' | 'live' | 'wait' | 'fail' | 'info' | 'money';

/** Text in the colour of a meaning. */
export const toneText: Readonly<Record<Tone, string>> = {
  neutral: 'text-ink-soft',
  accent: 'text-accent',
  live: 'text-live',
  wait: 'text-wait',
  fail: 'text-fail',
  info: 'text-info',
  money: 'text-money',
};

/** A quiet ground in the colour of a meaning; its text keeps AA contrast on it in both themes. */
export const toneGround: Readonly<Record<Tone, string>> = {
  neutral: 'bg-hover',
  accent: 'bg-accent/10',
  live: 'bg-live/10',
  wait: 'bg-wait/10',
  fail: 'bg-fail/8',
  info: 'bg-info/10',
  money: 'bg-money/10',
};
