/** An element of an XML document; text is not among what it holds. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
}

/** An element. */
export const element = (
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  children: readonly XmlElement[] = [],
): XmlElement => ({ name, attributes, children });

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** A text as the value of an attribute. */
const escapeXml = (text: string): string => text.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);

/** A whole document, each element on a line of its own. */
export const xmlDocument = (root: XmlElement): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${linesOf(root, '').join('\n')}\n`;

function linesOf({ name, attributes, children }: XmlElement, indent: string): string[] {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  const open = `${indent}<${name}${pairs.join('')}`;
  if (children.length === 0) return [`${open}/>`];
  return [`${open}>`, ...children.flatMap((child) => linesOf(child, `${indent}  `)), `${indent}</${name}>`];
}

/** One tag: its slash, name, attributes, and the slash of an empty one. */
const TAG = /<(\/?)([A-Za-z][\w.-]*)((?:\s+[A-Za-z][\w:.-]*="[^"<]*")*)\s*(\/?)>/y;

/**
 * Reads a document of the kind that `xmlDocument` writes: elements and attributes, no text.
 * @returns null when it is none
 */
export function readXml(text: string): XmlElement | null {
  const root = { name: '', attributes: {}, children: [] as XmlElement[] };
  const open: { name: string; attributes: Record<string, string>; children: XmlElement[] }[] = [root];
  let at = text.startsWith('<?xml') ? text.indexOf('?>') + 2 : 0;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at += 1;
    if (at >= text.length) break;
    TAG.lastIndex = at;
    const [whole, slash, name = '', pairs = '', empty] = TAG.exec(text) ?? [];
    if (whole === undefined) return null;
    at += whole.length;
    if (slash === '/') {
      if (open.length < 2 || open.pop()?.name !== name) return null;
      continue;
    }
    const read = { name, attributes: attributesIn(pairs), children: [] };
    open.at(-1)?.children.push(read);
    if (empty !== '/') open.push(read);
  }
  const [only, ...others] = root.children;
  return open.length === 1 && only !== undefined && others.length === 0 ? only : null;
}

const attributesIn = (pairs: string): Record<string, string> =>
  Object.fromEntries(
    [...pairs.matchAll(/([A-Za-z][\w:.-]*)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, unescapeXml(value)]),
  );

const unescapeXml = (text: string): string =>
  text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (entity) => LETTERS[entity] ?? entity);

const LETTERS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ENTITIES).map(([letter, entity]) => [entity, letter]),
);
