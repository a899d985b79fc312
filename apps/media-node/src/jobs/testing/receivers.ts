/** Servers that webhooks are sent to: one that does what it should, and one of each kind that does not. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: {
    readonly id: string;
    readonly accountId: string;
    readonly sessionId?: string;
    readonly sessionSequence?: number;
    readonly data: { readonly sentAtMs?: number };
  };
  readonly atMs: number;
}

/** Packed before anybody is served: to pack it takes longer than all that is measured here. */
let bomb = Buffer.alloc(0);

const kinds = {
  hangs: () => {},
  drips: (socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 1_000);
    socket.on('close', () => clearInterval(drip));
  },
  closesMidBody: (socket: Socket) => {
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf');
  },
  redirects: (socket: Socket) => {
    socket.end(
      'HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
    );
  },
  floods: (socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    const flood = () => {
      while (!socket.destroyed && socket.write(`4000\r\n${'x'.repeat(16_384)}\r\n`));
    };
    socket.on('drain', flood);
    flood();
  },
  floodsItsHead: (socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const flood = () => {
      while (!socket.destroyed && socket.write(`x: ${'y'.repeat(1_000)}\r\n`));
    };
    socket.on('drain', flood);
    flood();
  },
  dripsItsHead: (socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const drip = setInterval(() => socket.write('x: y\r\n'), 1_000);
    socket.on('close', () => clearInterval(drip));
  },
  /** 48 KB that are 50 MB to whoever inflates them. */
  bombs: (socket: Socket) => {
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`;
    socket.end(Buffer.concat([Buffer.from(head), bomb]));
  },
  /** Takes the request, answers it well, and keeps the connection. */
  neverCloses: (socket: Socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
  },
  resets: (socket: Socket) => {
    socket.on('data', () => socket.resetAndDestroy());
  },
  babbles: (socket: Socket) => {
    socket.end('220 mail.example ESMTP\r\n');
  },
  /** Behind an https address: whoever begins with TLS gets plain words. */
  speaksNoTls: (socket: Socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  },
  /** Behind an https address: TLS never begins. */
  hangsInTls: () => {},
} satisfies Record<string, (socket: Socket) => void>;

const behindTls: readonly string[] = ['speaksNoTls', 'hangsInTls'];

export type HostileKind = keyof typeof kinds;
export const hostileKinds = Object.keys(kinds) as HostileKind[];

/** Servers of one test, which end with it. */
export class Receivers {
  readonly #servers: (Server | TcpServer)[] = [];
  readonly #sockets = new Set<Socket>();

  /** Takes what comes. It answers what `answer` says for the n-th request, from 0; at once, and 200, by default. */
  async healthy(answer: (index: number) => number | Promise<number> = () => 200) {
    const received: Received[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const body = Buffer.concat(chunks).toString();
        const index = received.push({
          headers: request.headers,
          body,
          event: JSON.parse(body) as Received['event'],
          atMs: Date.now(),
        });
        response.writeHead(await answer(index - 1)).end();
      });
    });
    return { url: await this.#listen(server), received };
  }

  async hostile(kind: HostileKind): Promise<string> {
    if (kind === 'bombs' && bomb.length === 0) bomb = gzipSync(Buffer.alloc(50_000_000));
    const url = await this.#listen(createTcpServer((socket) => kinds[kind](socket)));
    return behindTls.includes(kind) ? url.replace('http:', 'https:') : url;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
  }

  async #listen(server: Server | TcpServer): Promise<string> {
    server.on('connection', (socket: Socket) => this.#sockets.add(socket.on('error', () => {})));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hooks`;
  }
}
