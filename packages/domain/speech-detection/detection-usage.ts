import type { CountedUse } from '../metering/use-counter.ts';
import type { DetectionKind } from './detection-order.ts';
import type { Findings } from './detection-record.ts';

/** What listens, and by which of its versions: Silero's network as it is carried out here. */
export const VOICE_ENGINE = 'silero-vad-5';

/** What listening to a file counts as (part C). */
export function usesOfDetection({
  kind,
  findings: { durationMs, segmentCount, answering },
  processMs,
}: {
  readonly kind: DetectionKind;
  readonly findings: Pick<Findings, 'durationMs' | 'segmentCount' | 'answering'>;
  readonly processMs: number;
}): readonly CountedUse[] {
  const dimensions = { kind, engine: VOICE_ENGINE };
  const use = (meter: string, quantity: number): CountedUse => ({
    meter: `speech-detection.${meter}`,
    quantity,
    dimensions,
  });
  return [
    use('requests', 1),
    use('soundMs', durationMs),
    ...(segmentCount === 0 ? [] : [use('detections', segmentCount)]),
    ...(answering === undefined ? [] : [use('decisions', 1)]),
    use('processMs', Math.ceil(processMs)),
  ];
}
