/** The last paragraph of a mail that leads somewhere: what it is called, and the path of its page. */
export function linkOf(text: string): { readonly label: string; readonly path: string } | undefined {
  const [, label, url] = /^(.+): (https?:\/\/\S+)$/.exec(text.split('\n\n').at(-1) ?? '') ?? [];
  return label === undefined || url === undefined ? undefined : { label, path: new URL(url).pathname };
}
