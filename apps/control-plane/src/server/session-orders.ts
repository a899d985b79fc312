import type { ControlAnswer } from '@patchbay/domain/sessions/control';
import type { SessionsPorts } from '@patchbay/domain/sessions/ports';
import { NodeOrders, type OrderBus } from './node-orders.ts';

type Asked = Parameters<SessionsPorts['commands']['order']>[0];

/** Orders to whichever node holds a session, and its answer (LIV-1). */
export const sessionOrders = (bus: OrderBus): NodeOrders<Asked, ControlAnswer> =>
  new NodeOrders<Asked, ControlAnswer>({
    ...bus,
    messageOf: (asked, order) => ({ type: 'session.control', order: { ...asked, ...order } }),
    answerIn: (message) => (message.type === 'session.controlled' ? message : undefined),
  });
