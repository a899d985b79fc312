import type { MediaPath, MediaTransport } from './messages.ts';

/** One report of `getStats`, as any implementation gives it. */
export type StatsReport = Readonly<Record<string, unknown>>;

/** Which way the packets go, from the candidate pair in use (W3C webrtc-stats, RTCIceCandidatePairStats), or undefined without one. */
export function pathOf(
  reports: readonly StatsReport[],
): { readonly path: MediaPath; readonly transport: MediaTransport; readonly pair: StatsReport } | undefined {
  const byId = new Map(reports.map((report) => [report.id, report]));
  const transport = reports.find(
    (report) => report.type === 'transport' && report.selectedCandidatePairId !== undefined,
  );
  const selected = transport === undefined ? undefined : byId.get(transport.selectedCandidatePairId);
  const pair =
    selected ??
    reports.find(
      (report) =>
        report.type === 'candidate-pair' && report.nominated === true && report.state === 'succeeded',
    );
  if (pair === undefined) return undefined;
  const local = byId.get(pair.localCandidateId);
  const remote = byId.get(pair.remoteCandidateId);
  const isRelayed = local?.candidateType === 'relay' || remote?.candidateType === 'relay';
  const protocol = local?.relayProtocol ?? local?.protocol;
  const known: readonly MediaTransport[] = ['udp', 'tcp', 'tls'];
  return {
    path: isRelayed ? 'relay' : 'direct',
    transport: known.find((name) => name === protocol) ?? 'unknown',
    pair,
  };
}
