import type { Metadata } from 'next';
import { RoomPage } from '../../../../../../../features/rooms/room-page.tsx';

export const metadata: Metadata = { title: 'Room' };

export default function Page() {
  return <RoomPage />;
}
