import type { Metadata } from 'next';
import { ChannelPage } from '../../../../../../../features/channels/channel-page.tsx';

export const metadata: Metadata = { title: 'Channel' };

export default function Page() {
  return <ChannelPage />;
}
