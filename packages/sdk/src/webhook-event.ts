import type { EventData } from './events.generated.ts';
import type { Operations } from './operations.generated.ts';

/** The name of an event, such as `signaling.session.ended`. */
export type EventType = keyof EventData;

type Envelope = Operations['events']['list'] extends (...given: never[]) => AsyncIterable<infer Item>
  ? Item
  : never;

/**
 * An event as webhooks and `pb.events.list()` hand it over. Its id is the same each time that it is told: whoever keeps ids
 * acts on each once. Comparing `type` narrows `data`.
 */
export type WebhookEvent<Type extends EventType = EventType> = Type extends EventType
  ? Omit<Envelope, 'type' | 'data'> & { readonly type: Type; readonly data: EventData[Type] }
  : never;
