import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Below the ports that a system gives to outgoing connections (RFC 6056 §2.1; Linux begins at 32768): one of those may be
 * taken by any connection of any process before the part that it was found for binds it, seconds later.
 */
const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;
const ATTEMPT_COUNT_MAX = 100;

/** A TCP port of 127.0.0.1 that is free now, and that no outgoing connection takes meanwhile. */
export const freeTcpPort = (): Promise<number> => firstFree(isFreeTcp);

/** A UDP port of 127.0.0.1 that is free now, and that no outgoing packet takes meanwhile. */
export const freeUdpPort = (): Promise<number> => firstFree(isFreeUdp);

async function firstFree(isFree: (port: number) => Promise<boolean>): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPT_COUNT_MAX; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${ATTEMPT_COUNT_MAX} ports was free.`);
}

const isFreeTcp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

const isFreeUdp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => socket.close(() => resolve(true)));
  });
