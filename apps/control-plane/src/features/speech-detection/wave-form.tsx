import type { Findings } from '@patchbay/domain/speech-detection/detection-record';
import type { ReactNode } from 'react';

const WIDTH = 960;
const HEIGHT = 96;
/** Where silence would be, a line is still seen. */
const LEVEL_MIN = 1;

const clock = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor((ms % 60_000) / 1_000)).padStart(2, '0')}`;

/** A sound from its beginning to its end: how loud it is, where somebody speaks in it, and where it beeps. */
export function WaveForm({
  findings: { durationMs, levels, segments, beeps, answering },
}: {
  readonly findings: Findings;
}): ReactNode {
  const at = (ms: number) => (WIDTH * ms) / Math.max(1, durationMs);
  const step = WIDTH / Math.max(1, levels.length);
  const said = segments.length === 1 ? 'one stretch' : `${segments.length} stretches`;
  return (
    <figure className="m-0 grid gap-1">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-24 w-full border-y bg-surface"
        role="img"
        aria-label={`Wave form of ${clock(durationMs)} with ${said} of speech`}
      >
        {segments.map(({ startMs, endMs, confidence }) => (
          <rect
            key={startMs}
            className="fill-live"
            opacity={0.12 + 0.2 * confidence}
            x={at(startMs)}
            y={0}
            width={Math.max(1, at(endMs) - at(startMs))}
            height={HEIGHT}
          >
            <title>{`Speech, ${clock(startMs)} to ${clock(endMs)}, ${Math.round(100 * confidence)} %`}</title>
          </rect>
        ))}
        <path
          className="stroke-ink-soft"
          strokeWidth={Math.max(1, step * 0.7)}
          d={levels
            .map((level, index) => {
              const half = (Math.max(LEVEL_MIN, level) / 200) * HEIGHT;
              const x = (index + 0.5) * step;
              return `M${x.toFixed(1)} ${(HEIGHT / 2 - half).toFixed(1)}V${(HEIGHT / 2 + half).toFixed(1)}`;
            })
            .join('')}
        />
        {beeps.map(({ startMs, endMs, hertz }) => (
          <rect
            key={startMs}
            className="fill-wait"
            opacity={0.7}
            x={at(startMs)}
            y={HEIGHT - 10}
            width={Math.max(2, at(endMs) - at(startMs))}
            height={10}
          >
            <title>{`Beep of ${hertz} Hz, ${clock(startMs)}`}</title>
          </rect>
        ))}
        {answering === undefined ? null : (
          <line
            className="stroke-accent"
            strokeWidth={2}
            vectorEffect="non-scaling-stroke"
            x1={at(answering.decidedAtMs)}
            x2={at(answering.decidedAtMs)}
            y1={0}
            y2={HEIGHT}
          />
        )}
      </svg>
      <div className="flex justify-between text-sm tabular-nums text-ink-faint" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share}>{clock(share * durationMs)}</span>
        ))}
      </div>
      <figcaption className="flex flex-wrap gap-x-4 text-sm text-ink-soft">
        <Key className="bg-live/30">speech</Key>
        {beeps.length === 0 ? null : <Key className="bg-wait">beep</Key>}
        {answering === undefined ? null : <Key className="bg-accent">decided who answered</Key>}
      </figcaption>
    </figure>
  );
}

function Key({ className, children }: { readonly className: string; readonly children: string }): ReactNode {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span className={`inline-block size-2.5 ${className}`} aria-hidden="true" />
      {children}
    </span>
  );
}
