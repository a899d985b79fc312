import { createSocket } from 'node:dgram';
import { freePort, isFreePort } from '@patchbay/adapters/postgres/free-port';
import { Refusal } from '../refusal.ts';
import { flagOf, type SettingName } from '../settings.ts';

const attemptCountMax = 20;

function isFreeUdpPort(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    probe.once('error', () => resolve(false));
    probe.bind({ port, address: host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** @throws Refusal when this machine does not have the address: nothing could be bound to it. */
export async function refuseForeignHost(host: string): Promise<void> {
  try {
    await freePort(host);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal(
      `${flagOf('host')} ${host} is no address of this machine (${reason}): set one that it has, or 0.0.0.0 for all of them.`,
    );
  }
}

export interface PortWish {
  readonly name: SettingName;
  readonly transport: 'tcp' | 'udp';
  readonly host: string;
  /** What was set: taken, or the start is refused. */
  readonly set: number | undefined;
  /** What is taken if it is free and nothing was set. */
  readonly preferred?: number;
}

/** The port to use. @throws Refusal when the one that was set is taken. */
export async function choosePort({ name, transport, host, set, preferred }: PortWish): Promise<number> {
  const isFree = transport === 'tcp' ? isFreePort : isFreeUdpPort;
  if (set !== undefined) {
    if (await isFree(set, host)) return set;
    throw new Refusal(
      `${flagOf(name)} ${set} is taken by another program: stop that one, or choose another port, or none for a free one.`,
    );
  }
  if (preferred !== undefined && (await isFree(preferred, host))) return preferred;
  for (let attempt = 0; attempt < attemptCountMax; attempt += 1) {
    const port = await freePort(host);
    if (await isFree(port, host)) return port;
  }
  throw new Refusal(`No free port was found for ${flagOf(name)}: set one.`);
}
