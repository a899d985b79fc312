import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { OpenPacketLeg } from './packet-leg.ts';

/** A participant sends 50 packets a second: this holds more than the mixer would ever play of them. */
const BUFFER_BYTES = 1 << 18;

function sendOn(socket: Socket, packet: Uint8Array): void {
  try {
    socket.send(packet);
  } catch {
    // Closed meanwhile, or nobody is there any more: a packet is lost, as packets are.
  }
}

/** Plain RTP. The socket is connected: the kernel keeps out what comes from elsewhere, and has no address to look up. */
export const openUdpLeg: OpenPacketLeg = async ({ remote, localHost, localPort }, onPacket) => {
  const socket = createSocket({
    type: localHost.includes(':') ? 'udp6' : 'udp4',
    recvBufferSize: BUFFER_BYTES,
    sendBufferSize: BUFFER_BYTES,
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ port: localPort, address: localHost, exclusive: true });
    await listening;
    const connected = once(socket, 'connect');
    socket.connect(remote.port, remote.host);
    await connected;
  } catch (error) {
    socket.close();
    throw error;
  }
  // That nobody listens there yet, or no more (ECONNREFUSED), is the participant's to mend.
  socket.on('error', () => undefined);
  socket.on('message', onPacket);
  const { address, port } = socket.address();
  return {
    address: { host: address, port },
    send: (packet) => sendOn(socket, packet),
    close: () => socket.close(),
  };
};
