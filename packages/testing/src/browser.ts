import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where a Chromium is on this machine, or undefined. `CHROMIUM_PATH` comes first. */
export function findChromium(preferred?: string): string | undefined {
  return [preferred, ...places].find((place) => place !== undefined && existsSync(place));
}

/** Pages that it keeps ready behind its address bar, two for each window: nobody types there, and a second of processor each. */
const ofTheAddressBar = [
  'WebUIOmniboxPopup',
  'WebUIOmniboxFullPopup',
  'WebUIOmniboxAimPopup',
  'OmniboxAimPopup',
  'AiModeOmniboxEntryPoint',
];

/**
 * A headless Chromium with a fake camera and microphone that are always allowed.
 * @param more further flags.
 */
export function launchBrowser(executablePath: string, more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      // Pages of a machine without a graphics card are drawn by the processor: in one process less that is a sixth cheaper.
      '--in-process-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
      `--disable-features=${['WebRtcHideLocalIpsWithMdns', ...ofTheAddressBar].join()}`,
      ...more,
    ],
  });
}
