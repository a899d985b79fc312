import { readFile } from 'node:fs/promises';
import { readVoiceWeights, VoiceNetwork, type VoiceWeights } from '@patchbay/dsp/voice-network';

const WEIGHTS = new URL('silero-vad-v5-16k.f16', import.meta.url);
let known: Promise<VoiceWeights> | undefined;

/** Of Silero VAD v5, read once for all sounds of a process. */
export async function voiceWeights(): Promise<VoiceWeights> {
  known ??= readFile(WEIGHTS).then(readVoiceWeights);
  return await known;
}

/** For one sound, from its beginning on. */
export const openVoiceNetwork = async (): Promise<VoiceNetwork> => new VoiceNetwork(await voiceWeights());
