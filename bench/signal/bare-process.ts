/**
 * The least that carries messages between two clients with the same library: whoever says a name first waits for the next who says
 * it, and from then on each gets what the other sends, as it came.
 */
import process from 'node:process';
import { WebSocket, WebSocketServer } from 'ws';

const waiting = new Map<string, WebSocket>();
const others = new Map<WebSocket, WebSocket>();
const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: false,
  clientTracking: false,
});
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => {
    const other = others.get(socket);
    if (other !== undefined) {
      if (other.readyState === WebSocket.OPEN) other.send(data, { binary: isBinary });
      return;
    }
    const name = String(data);
    const first = waiting.get(name);
    waiting.delete(name);
    if (first === undefined) waiting.set(name, socket);
    else {
      others.set(first, socket).set(socket, first);
      for (const each of [first, socket]) each.send('paired');
    }
  });
});
server.on('listening', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
process.once('SIGTERM', () => process.exit(0));
