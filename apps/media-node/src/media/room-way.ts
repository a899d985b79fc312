import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { MediaAddress } from '../mixer/mixer-port.ts';
import { RoomFrames } from './room-frames.ts';

/** The mixer sends 50 packets a second to a leg: this holds more than are ever played late. */
const BUFFER_BYTES = 1 << 18;

/** The way of a leg's sound to the mixer of its machine and back, over loopback. Nothing of it blocks. */
export interface RoomWay {
  /** Goes to this address of the mixer from now on, and hears nobody else. A room that had to begin anew has another one. */
  connect(address: MediaAddress): void;
  /** 10 ms of what the leg says. */
  say(frame: Int16Array): void;
  /** 10 ms of what it hears; undefined where nothing is said. */
  next(): Int16Array | undefined;
  close(): void;
}

/** Opens one. @param onOpen is told the port that the mixer sends to. */
export type OpenRoomWay = (onOpen: (port: number) => void, onFailed: (detail: string) => void) => RoomWay;

export const openRoomWay: OpenRoomWay = (onOpen, onFailed) => {
  const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES });
  const random = randomBytes(10);
  const frames = new RoomFrames({
    ssrc: random.readUInt32BE(0),
    sequence: random.readUInt16BE(4),
    timestamp: random.readUInt32BE(6),
  });
  let mixer: MediaAddress | undefined;
  let isClosed = false;
  let isOpen = false;
  socket.on('listening', () => {
    isOpen = true;
    if (!isClosed) onOpen(socket.address().port);
  });
  // Once it is open, an error is of a packet: one is lost, as packets are.
  socket.on('error', (error) => {
    if (!isOpen && !isClosed) onFailed(error.message);
  });
  socket.on('message', (bytes, { address, port }) => {
    if (address === mixer?.host && port === mixer.port) frames.hear(bytes);
  });
  socket.bind({ port: 0, address: '127.0.0.1', exclusive: true });
  return {
    connect(address) {
      mixer = address;
    },
    say(frame) {
      const packet = frames.say(frame);
      if (packet !== undefined && mixer !== undefined && !isClosed)
        socket.send(packet, mixer.port, mixer.host, () => undefined);
    },
    next: () => frames.next(),
    close() {
      if (isClosed) return;
      isClosed = true;
      socket.close();
    },
  };
};
