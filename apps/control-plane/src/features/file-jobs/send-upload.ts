/** The page may be at another host of the platform: a path leads there from each. */
export function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}

/** Sends a file that somebody chose to where its job awaits it. Nothing is sent where none is awaited. */
export async function sendUpload(uploadUrl: string | undefined, file: File): Promise<void> {
  if (uploadUrl === undefined) return;
  const headers = { 'content-type': 'application/octet-stream' };
  const sent = await fetch(pathOf(uploadUrl), { method: 'PUT', headers, body: file });
  if (!sent.ok) throw new Error('The file was not taken. Choose it again.');
}
