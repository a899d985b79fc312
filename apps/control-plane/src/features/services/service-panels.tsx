import type { ServiceKey } from '@patchbay/faces/mounted';
import type { ComponentType } from 'react';
import { NotificationPanel } from '../notices/notification-panel.tsx';
import { PresencePanel } from '../presence/presence-panel.tsx';
import { RoomsPanel } from '../rooms/rooms-panel.tsx';
import { SpeechPanel } from '../speech/speech-panel.tsx';
import { SpeechDetectionPanel } from '../speech-detection/speech-detection-panel.tsx';
import { TranscodingPanel } from '../transcoding/transcoding-panel.tsx';

/** What the page of a service shows besides what all of them have. */
export const servicePanels: { readonly [Service in ServiceKey]?: ComponentType } = {
  conferencing: RoomsPanel,
  notification: NotificationPanel,
  presence: PresencePanel,
  speechDetection: SpeechDetectionPanel,
  textToSpeech: SpeechPanel,
  transcoding: TranscodingPanel,
};
