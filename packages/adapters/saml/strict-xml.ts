/** XML of strangers, of which only elements, attributes and text are taken. */
import { DOMParser } from '@xmldom/xmldom';

export const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
export const ENCRYPTION = 'http://www.w3.org/2001/04/xmlenc#';
export const SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#';

/** So deep does no document of SAML go; what walks down a tree calls itself. */
const DEPTH_MAX = 60;
const ELEMENT_COUNT_MAX = 5_000;

export interface StrictOptions {
  /** In metadata people write comments. In what is signed one could part a name (CVE-2017-11427 and others). */
  readonly mayHaveComments?: boolean;
}

const comment = /<!--(?:(?!-->).)*-->/gs;

/**
 * The root of a document, or undefined. A document type, entities of its own, sections of character data and processing
 * instructions are no part of any message of SAML: whatever has one is refused before it is parsed.
 */
export function strictXml(
  text: string,
  { mayHaveComments = false }: StrictOptions = {},
): Element | undefined {
  const plain = mayHaveComments ? text.replace(comment, '') : text;
  const body = plain.replace(/^\uFEFF?\s*<\?xml\s[^?<>]*\?>/, '');
  if (/<[!?]/.test(body)) return undefined;
  let isBroken = false;
  const fail = () => {
    isBroken = true;
  };
  const parser = new DOMParser({ errorHandler: { warning: fail, error: fail, fatalError: fail } });
  try {
    const root = parser.parseFromString(body.trim(), 'text/xml').documentElement;
    return isBroken || root === null || !isWithinBounds(root) ? undefined : root;
  } catch {
    return undefined;
  }
}

function isWithinBounds(root: Element): boolean {
  let count = 0;
  const ahead = [{ element: root, depth: 1 }];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    count += 1;
    if (count > ELEMENT_COUNT_MAX || next.depth > DEPTH_MAX) return false;
    const depth = next.depth + 1;
    for (const element of children(next.element)) ahead.push({ element, depth });
  }
  return true;
}

const ELEMENT_NODE = 1;

/** Elements right below one, all of them or those of a name. */
export function children(parent: Element, namespace?: string, localName?: string): readonly Element[] {
  const found: Element[] = [];
  for (let node = parent.firstChild; node !== null; node = node.nextSibling) {
    const element = node as Element;
    const isNamed =
      namespace === undefined || (element.namespaceURI === namespace && element.localName === localName);
    if (node.nodeType === ELEMENT_NODE && isNamed) found.push(element);
  }
  return found;
}

/** An element, and all that are within it, in the order of the document. */
export function everyElement(root: Element): readonly Element[] {
  const found: Element[] = [];
  const ahead = [root];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    found.push(next);
    ahead.push(...[...children(next)].reverse());
  }
  return found;
}

/** Those of a name, in whichever namespace. */
export const anywhere = (root: Element, localName: string): readonly Element[] =>
  everyElement(root).filter((element) => element.localName === localName);

export const isElement = (element: Element, namespace: string, localName: string): boolean =>
  element.namespaceURI === namespace && element.localName === localName;

export const textOf = (element: Element | undefined): string | undefined =>
  element?.textContent?.trim() || undefined;

/** Undefined where it is not there, which an empty one is not. */
export const attributeOf = (element: Element, name: string): string | undefined =>
  element.hasAttribute(name) ? (element.getAttribute(name) ?? undefined) : undefined;
