import { readDocument } from '@patchbay/domain/logic/document';
import type { LogicPorts } from '@patchbay/domain/logic/ports';
import { documentOfTwiml, type XmlElement } from '@patchbay/domain/logic/twiml';
import { children, strictXml } from '../saml/strict-xml.ts';

/** Reads a document in either form. Of XML neither document types nor entities of its own are taken (C32). */
export const readLogicDocument: LogicPorts['documents']['read'] = (kind, text) => {
  if (kind === 'json') return readDocument(text);
  const root = strictXml(text, { mayHaveComments: true });
  return root === undefined
    ? { problem: 'It is not XML, or has a document type, an entity or an instruction, which are not read.' }
    : documentOfTwiml(toElement(root));
};

const TEXT_NODE = 3;

function toElement(element: Element): XmlElement {
  const attributes: Record<string, string> = {};
  for (let index = 0; index < element.attributes.length; index++) {
    const attribute = element.attributes.item(index);
    if (attribute !== null) attributes[attribute.name] = attribute.value;
  }
  let text = '';
  for (let node = element.firstChild; node !== null; node = node.nextSibling)
    if (node.nodeType === TEXT_NODE) text += node.nodeValue ?? '';
  return { name: element.nodeName, attributes, children: children(element).map(toElement), text };
}
