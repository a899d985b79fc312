/** The spellings of one name: a property is camelCase, folders, addresses, scopes and flags are kebab-case. */

/** `textToSpeech` of `text-to-speech`. */
export const camelCase = (name: string): string =>
  name.replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());

/** `text-to-speech` of `textToSpeech`. */
export const kebabCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `TextToSpeech` of either, and of words. */
export const pascalCase = (text: string): string =>
  text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
