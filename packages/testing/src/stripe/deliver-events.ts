import type { FakeStripe } from './fake-stripe.ts';

const EVERY_MS = 100;

export interface Delivery {
  stop(): Promise<void>;
}

/**
 * Tells a control plane what happens at the fake, signed, as Stripe does: each event twice, of several the newest first, and
 * again until it is taken.
 * @param to The address of its endpoint.
 */
export function deliverEvents(stripe: FakeStripe, to: string): Delivery {
  let takenCount = 0;
  let isStopped = false;
  const tell = async () => {
    const { events } = stripe.state;
    const untold = events.slice(takenCount).reverse();
    for (const event of [...untold, ...untold]) {
      const { body, signature } = stripe.signed(event);
      const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
      const answer = await fetch(to, { method: 'POST', body, headers });
      if (!answer.ok) return;
    }
    takenCount += untold.length;
  };
  const work = async () => {
    while (!isStopped) {
      await tell().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  };
  const running = work();
  return {
    stop: async () => {
      isStopped = true;
      await running;
    },
  };
}
