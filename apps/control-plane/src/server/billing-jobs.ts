import type { ClosedMonth } from '@patchbay/adapters/billing/closing';
import type { RailNotices } from '@patchbay/adapters/billing/collection-store';
import type { Job } from '@patchbay/adapters/postgres/job-runs';
import { type CollectPorts, collectDocument } from '@patchbay/domain/billing/collection/collect';
import { RailError, type RailNotice } from '@patchbay/domain/billing/collection/rail';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** In one round; the rest waits for the next. */
const DOCUMENT_COUNT_MAX = 500;
const NOTICE_COUNT_MAX = 500;
/** Invoices first, then the payouts that they fund; a third finds nothing. */
const PASS_COUNT_MAX = 3;
/** Of questions to the rail in one round that fail: it is away, and each would be waited for. */
const FAILURE_COUNT_MAX = 5;
/** A rail tells a thing for three days. */
const NOTICES_KEPT_MS = 30 * DAY_MS;

export const CLOSE_JOB = 'billing-close';
export const COLLECT_JOB = 'billing-collect';
export const COLLECT_TESTS_JOB = 'billing-collect-tests';
export const TEST_CLOCK_JOB = 'test-clocks';
/** What a process that was killed has left is gone on with after so long. */
const TEST_CLOCKS_EVERY_MS = 10_000;

export interface BillingJobPorts {
  readonly closeMonths: () => Promise<readonly ClosedMonth[]>;
  /** Of test accounts with a clock, those that it went over (PRD-1). */
  readonly closeClockedMonths: () => Promise<readonly ClosedMonth[]>;
  readonly collecting: CollectPorts & { readonly notices: RailNotices };
  /** Of the books of tests, once there are any (PRD-1). Left out: nobody is asked for what is on them. */
  readonly collectingTests?:
    | (CollectPorts & { readonly notices: RailNotices; isThere(): Promise<boolean> })
    | undefined;
  readonly isStopped: () => boolean;
}

/** What closes months, and what brings their documents on at the rail. */
export function billingJobs({
  closeMonths,
  closeClockedMonths,
  collecting,
  collectingTests,
  isStopped,
}: BillingJobPorts): readonly Job[] {
  const said = (closed: readonly ClosedMonth[]): string =>
    closed.length === 0
      ? 'no month was due'
      : closed
          .map(
            ({ treeId, period, accountCount, documentCount }) =>
              `${treeId === undefined ? '' : `${treeId} `}${period}: ${accountCount} accounts, ${documentCount} documents`,
          )
          .join('; ');
  const closing: Job = {
    name: CLOSE_JOB,
    everyMs: 5 * MINUTE_MS,
    run: async () => said(await closeMonths()),
  };
  const clocks: Job = {
    name: TEST_CLOCK_JOB,
    everyMs: TEST_CLOCKS_EVERY_MS,
    run: async () => said(await closeClockedMonths()),
  };
  return [
    closing,
    clocks,
    { name: COLLECT_JOB, everyMs: MINUTE_MS / 2, run: () => collect(collecting, isStopped) },
    ...(collectingTests === undefined
      ? []
      : [
          {
            name: COLLECT_TESTS_JOB,
            everyMs: MINUTE_MS / 2,
            run: async () =>
              (await collectingTests.isThere())
                ? await collect(collectingTests, isStopped)
                : 'there are no test accounts',
          },
        ]),
  ];
}

async function collect(
  ports: CollectPorts & { readonly notices: RailNotices },
  isStopped: () => boolean,
): Promise<string> {
  const { store, notices, nowMs } = ports;
  const told = await notices.waiting(NOTICE_COUNT_MAX);
  // One that cannot be looked up now waits for the next round, and holds up no other and no document, whatever is wrong.
  const failures: RailError[] = [];
  const faults: unknown[] = [];
  for (const notice of told) {
    if (isStopped()) break;
    if (failures.length >= FAILURE_COUNT_MAX && isAskedAbout(notice)) continue;
    try {
      await notices.handled(notice, await subjectOf(ports, notice));
    } catch (cause) {
      if (cause instanceof RailError) failures.push(cause);
      else faults.push(cause);
    }
  }
  let dueCount = 0;
  // What a payment pays out is due by it.
  for (let pass = 0; pass < PASS_COUNT_MAX; pass++) {
    const due = await store.due(nowMs(), DOCUMENT_COUNT_MAX);
    for (const documentId of due) {
      if (isStopped()) break;
      await collectDocument(documentId, { ...ports, onFault: (cause) => faults.push(cause) });
    }
    dueCount += due.length;
    if (due.length === 0 || isStopped()) break;
  }
  await notices.forget(nowMs() - NOTICES_KEPT_MS);
  // Once all else is done: whoever runs the platform sees that the task failed, and why.
  const [fault] = [...faults, ...failures];
  if (fault !== undefined) throw fault;
  return `${told.length} notices, ${dueCount} documents were due`;
}

/** Whether the rail has to be asked what it is about. */
const isAskedAbout = ({ subject }: RailNotice): boolean =>
  subject.kind === 'payee' || subject.kind === 'payment';

/**
 * What a notice is about. Of something that the rail does not have any more, nothing. Where the rail of a seller fails, whatever
 * is wrong with it, nothing as well: the regular round looks, and no other waits for it.
 */
async function subjectOf({ rail: ofPlatform, ownRailOf }: CollectPorts, notice: RailNotice) {
  const { collectorId, subject } = notice;
  const rail = collectorId === undefined ? ofPlatform : await ownRailOf?.(collectorId);
  if (rail === undefined) return {};
  try {
    if (subject.kind === 'payee') return await rail.readPayee(subject.id);
    const invoiceId = await rail.invoiceOf(notice);
    return invoiceId === undefined ? {} : { invoiceId };
  } catch (cause) {
    if (cause instanceof RailError && (cause.failure === 'refused' || collectorId !== undefined)) return {};
    throw cause;
  }
}
