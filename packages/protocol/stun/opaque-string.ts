const controls = /\p{Cc}/u;
const otherSpaces = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu;

/**
 * RFC 8265 §4.2: the OpaqueString form of a password or username, so that composed and decomposed letters
 * log in alike. Undefined when the text is empty or holds a control character.
 */
export function toOpaqueString(text: string): string | undefined {
  const mapped = text.replace(otherSpaces, ' ').normalize('NFC');
  return mapped === '' || controls.test(mapped) ? undefined : mapped;
}
