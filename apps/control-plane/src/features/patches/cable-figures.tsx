import type { PatchCable, PatchFigures } from '@patchbay/domain/hooks/patch-graph';
import { classNames } from '@patchbay/ui/class-names';
import type { ReactNode } from 'react';
import { showCount } from '../../formats/quantity.ts';

/** How a cable does: red where its last requests failed or were given up, amber where something waits. */
export type CableTone = 'fail' | 'wait' | 'flow' | 'idle' | 'off';

export function toneOf({ flow, lastHour }: PatchCable): CableTone {
  if (flow.state === 'disabled') return 'off';
  if (flow.health === 'failing' || lastHour.failed > 0) return 'fail';
  if (lastHour.waiting > 0) return 'wait';
  return lastHour.delivered > 0 ? 'flow' : 'idle';
}

/** The same in words, so that a colour is never the only sign of it. */
export const toneWords: Readonly<Record<CableTone, string>> = {
  fail: 'failing',
  wait: 'waiting',
  flow: 'flowing',
  idle: 'quiet',
  off: 'disabled',
};

export const toneColours: Readonly<Record<CableTone, `--${string}`>> = {
  fail: '--fail',
  wait: '--wait',
  flow: '--accent',
  idle: '--line-strong',
  off: '--line-strong',
};

const marks = [
  ['delivered', 'delivered', ''],
  ['waiting', 'waiting', 'text-wait'],
  ['failed', 'failed', 'text-fail'],
] as const;

/** What went a way: what is nought is left out, but that nothing went at all. */
export function Figures({
  figures,
  isBounded = false,
}: {
  readonly figures: PatchFigures;
  /** There were more than are counted. */
  readonly isBounded?: boolean;
}): ReactNode {
  const shown = marks.filter(([name]) => name === 'delivered' || figures[name] > 0);
  return (
    <span className="inline-flex flex-wrap gap-x-2 whitespace-nowrap tabular-nums">
      {shown.map(([name, word, className]) => (
        <span key={name} className={classNames(className, figures[name] === 0 && 'text-ink-faint')}>
          {showCount(figures[name])}
          {isBounded ? '+' : ''} <span className="text-sm">{word}</span>
        </span>
      ))}
    </span>
  );
}

/** What went the way of a cable, in a sentence. */
export const figuresText = ({ delivered, failed, waiting }: PatchFigures): string =>
  `${showCount(delivered)} delivered, ${showCount(failed)} failed, ${showCount(waiting)} waiting`;
