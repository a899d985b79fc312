import type { SessionSegment } from './usage-store.ts';

/**
 * One session in both ways of accounting (MET-3). Segmented: what was used, in each state of the stream for as long as it
 * lasted. Binary: which services were used at all, each on the whole session, however short its own part was.
 */
export function accountingOf(segments: readonly SessionSegment[]) {
  const used = segments.filter(({ quantity }) => quantity > 0n);
  if (used.length === 0) return undefined;
  const fromMs = Math.min(...used.map((segment) => segment.fromMs));
  const toMs = Math.max(...used.map((segment) => segment.toMs));
  const services = Map.groupBy(used, ({ meter }) => serviceOf(meter));
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    lastedMs: toMs - fromMs,
    segmented: used.map(({ segment, modality, meter, quantity, ...span }) => ({
      segment,
      modality,
      meter,
      from: new Date(span.fromMs).toISOString(),
      to: new Date(span.toMs).toISOString(),
      quantity: quantity.toString(),
    })),
    binary: [...services].map(([service, ofService]) => ({
      service,
      modalities: [...new Set(ofService.map(({ modality }) => modality))].sort(),
      lastedMs: toMs - fromMs,
    })),
  };
}

/** A meter is named `service.meter`. */
const serviceOf = (meter: string): string => meter.slice(0, meter.indexOf('.'));
