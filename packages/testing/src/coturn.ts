import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { accessSync, constants } from 'node:fs';
import { freeUdpPort } from './free-port.ts';

const path = '/usr/bin/turnserver';

export function isCoturnInstalled(): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The one user that it knows. */
export const coturnCredential = { username: 'test', credential: 'test-password' };

/** A relay that we did not write, on a port of loopback. */
export class Coturn {
  readonly port: number;
  #process: ChildProcess | undefined;

  constructor(port: number) {
    this.port = port;
  }

  static async onFreePort(): Promise<Coturn> {
    return new Coturn(await freeUdpPort());
  }

  get url(): string {
    return `turn:127.0.0.1:${this.port}?transport=udp`;
  }

  /** Resolves when it answers a Binding request (RFC 8489 §5). */
  async start(): Promise<void> {
    const { username, credential } = coturnCredential;
    const login = ['--lt-cred-mech', '--realm=test', `--user=${username}:${credential}`];
    const options = ['-n', '--no-cli', '--no-tls', '--no-dtls', '--allow-loopback-peers', ...login];
    const addresses = ['--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${this.port}`];
    const files = ['--log-file=stdout', '--simple-log', '--pidfile=', '--userdb=/dev/null'];
    this.#process = spawn(path, [...options, ...addresses, ...files], { stdio: 'ignore' });
    for (let attempt = 0; attempt < 50; attempt++) if (await this.#answers()) return;
    throw new Error('coturn does not answer.');
  }

  kill(): void {
    this.#process?.kill('SIGKILL');
  }

  async #answers(): Promise<boolean> {
    const request = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
    const socket = createSocket('udp4');
    try {
      return await new Promise<boolean>((resolve) => {
        setTimeout(() => resolve(false), 100);
        socket.once('message', () => resolve(true));
        socket.once('error', () => resolve(false));
        socket.send(request, this.port, '127.0.0.1');
      });
    } finally {
      socket.close();
    }
  }
}
