/** What is asked about: of a bearer token only what stands in front of its dot, for the rest is the password. */
export function usernameOf(pasted: string): string {
  const text = pasted.trim();
  const [, username] = /^([\w-]{40,})\.[\w-]{43}$/.exec(text) ?? [];
  return username ?? text;
}
