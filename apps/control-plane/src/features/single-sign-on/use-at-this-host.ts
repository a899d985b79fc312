'use client';

import { useEffect, useState } from 'react';

/**
 * An address of the platform as it is at the host that shows it: at that of a brand, nothing above the brand shows. This
 * machine has one address by which providers lead back to it, whatever the browser calls it.
 */
export function useAtThisHost(url: string): string {
  const [shown, setShown] = useState(url);
  useEffect(() => {
    const { origin, hostname } = window.location;
    const isThisMachine = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
    setShown(isThisMachine ? url : new URL(new URL(url).pathname, origin).href);
  }, [url]);
  return shown;
}
