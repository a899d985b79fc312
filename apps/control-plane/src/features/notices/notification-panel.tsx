'use client';

import type { ReactNode } from 'react';
import { ChannelsPanel } from '../channels/channels-panel.tsx';
import { NoticesPanel } from './notices-panel.tsx';
import { TargetsPanel } from './targets-panel.tsx';
import { WaysPanel } from './ways-panel.tsx';

/** What endpoints are told and how, and the channels of the account. */
export function NotificationPanel(): ReactNode {
  return (
    <>
      <NoticesPanel />
      <WaysPanel />
      <TargetsPanel />
      <ChannelsPanel />
    </>
  );
}
