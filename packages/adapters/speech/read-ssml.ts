import type { ReadMarkup } from '@patchbay/domain/speech/speech-order';
import { type MarkupElement, SSML_DEPTH_MAX } from '@patchbay/domain/speech/ssml';
import { strictXml } from '../saml/strict-xml.ts';

const ELEMENT_NODE = 1;
const TEXT_NODE = 3;

/** Reads SSML. Document types, entities of its own, character data sections and instructions are no part of it (C32). */
export const readSsml: ReadMarkup = (text) => {
  const root = strictXml(text, { mayHaveComments: true });
  return root === undefined ? undefined : toElement(root, 1);
};

/** Deeper than is carried out nothing is read: what is there is refused for its depth, and not for what it is. */
function toElement(element: Element, depth: number): MarkupElement {
  const attributes: Record<string, string> = {};
  for (let index = 0; index < element.attributes.length; index++) {
    const attribute = element.attributes.item(index);
    if (attribute !== null) attributes[attribute.name] = attribute.value;
  }
  const content: (MarkupElement | string)[] = [];
  for (let node = element.firstChild; node !== null && depth <= SSML_DEPTH_MAX + 1; node = node.nextSibling) {
    if (node.nodeType === TEXT_NODE) content.push(node.nodeValue ?? '');
    else if (node.nodeType === ELEMENT_NODE) content.push(toElement(node as Element, depth + 1));
  }
  return { name: element.nodeName, attributes, content };
}
