/** Hands a text to the browser as a file. */
export const downloadText = (
  fileName: string,
  text: string,
  { mediaType = 'text/csv' }: { readonly mediaType?: string } = {},
): void => download(fileName, new Blob([text], { type: `${mediaType};charset=utf-8` }));

/** Hands bytes to the browser as a file. */
export const downloadBytes = (
  fileName: string,
  { mediaType, base64 }: { readonly mediaType: string; readonly base64: string },
): void =>
  download(
    fileName,
    new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type: mediaType }),
  );

function download(fileName: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(address);
}
