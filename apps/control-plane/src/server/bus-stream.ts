import type { PostgresBus, PublishedMessage } from '@patchbay/adapters/bus/postgres-bus';

const KEEP_OPEN_INTERVAL_MS = 5_000;
/** What may wait for one slow reader. Past it the line is cut; the reader comes back with the last id it saw. */
const QUEUE_COUNT_MAX = 10_000;

interface Reader {
  /** As the reader sent it; anything that is no id of a message that is kept begins at the latest. */
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
}

/**
 * The bus as server-sent events (architecture §8). The place where it begins is fixed before the answer is: whatever a
 * reader fetches once the line is open, it hears of every change to it.
 */
export async function busStream(
  bus: Pick<PostgresBus, 'latest' | 'canReadFrom' | 'subscribe'>,
  { lastEventId, signal }: Reader,
): Promise<Response> {
  const after = await beginning(bus, lastEventId);
  const encoder = new TextEncoder();
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let isOpen = true;
        const close = () => {
          if (!isOpen) return;
          stop();
          controller.close();
        };
        const write = (text: string) => {
          if (!isOpen) return;
          if ((controller.desiredSize ?? 0) < -QUEUE_COUNT_MAX) return close();
          controller.enqueue(encoder.encode(text));
        };
        const send = ({ id, message }: PublishedMessage) =>
          write(`id: ${id}\ndata: ${JSON.stringify(message)}\n\n`);
        const unsubscribe = bus.subscribe(send, after);
        const timer = setInterval(() => write(': open\n\n'), KEEP_OPEN_INTERVAL_MS);
        stop = () => {
          isOpen = false;
          clearInterval(timer);
          unsubscribe();
        };
        signal.addEventListener('abort', close, { once: true });
        if (signal.aborted) return close();
        write(': open\n\n');
      },
      cancel: () => stop(),
    },
    new CountQueuingStrategy({ highWaterMark: 1 }),
  );
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  });
}

async function beginning(
  bus: Pick<PostgresBus, 'latest' | 'canReadFrom'>,
  lastEventId: string | null,
): Promise<bigint> {
  if (lastEventId !== null && /^\d{1,18}$/.test(lastEventId)) {
    const after = BigInt(lastEventId);
    if (await bus.canReadFrom(after)) return after;
  }
  return bus.latest();
}
