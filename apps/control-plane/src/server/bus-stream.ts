import type { Bus, PublishedMessage } from './bus.ts';

const KEEP_OPEN_INTERVAL_MS = 5_000;
/** What may wait for one slow reader. Past it the line is cut; the reader comes back with the last id it saw. */
const QUEUE_COUNT_MAX = 10_000;

/** The bus as server-sent events, from behind `lastEventId` on (architecture §8). It ends when the reader goes. */
export function busStream(bus: Bus, { lastEventId, signal }: { lastEventId?: string; signal: AbortSignal }): Response {
  const encoder = new TextEncoder();
  let close = () => {};
  const body = new ReadableStream<Uint8Array>(
    {
      async start(controller) {
        let lastSent = BigInt(lastEventId ?? 0);
        let isOpen = true;
        const write = (text: string) => {
          if (!isOpen) return;
          if ((controller.desiredSize ?? 0) < -QUEUE_COUNT_MAX) return close();
          controller.enqueue(encoder.encode(text));
        };
        const send = ({ id, message }: PublishedMessage) => {
          if (BigInt(id) <= lastSent) return;
          lastSent = BigInt(id);
          write(`id: ${id}\ndata: ${JSON.stringify(message)}\n\n`);
        };
        const held: PublishedMessage[] = [];
        let isReplaying = lastEventId !== undefined;
        const unsubscribe = bus.subscribe((published) => (isReplaying ? held.push(published) : send(published)));
        const timer = setInterval(() => write(': open\n\n'), KEEP_OPEN_INTERVAL_MS);
        close = () => {
          if (!isOpen) return;
          isOpen = false;
          clearInterval(timer);
          unsubscribe();
          controller.close();
        };
        signal.addEventListener('abort', () => close(), { once: true });
        write(': open\n\n');
        if (lastEventId !== undefined) for (const published of await bus.since(lastEventId)) send(published);
        isReplaying = false;
        for (const published of held) send(published);
      },
      cancel: () => close(),
    },
    new CountQueuingStrategy({ highWaterMark: 1 }),
  );
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  });
}
