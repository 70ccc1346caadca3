import { MediaError } from '@reelay/media';
import { readXml, type XmlElement } from './xml.js';

/** A media playlist, as it reads. */
export interface ReadPlaylist {
  readonly type: string | null;
  readonly target: number;
  readonly ended: boolean;
  readonly map: string | null;
  readonly entries: readonly { readonly name: string; readonly seconds: number; readonly range: string | null }[];
}

/** What a master playlist leads to: addresses relative to it, with their attributes. */
export interface ReadMaster {
  readonly variants: readonly { readonly uri: string; readonly attributes: ReadonlyMap<string, string> }[];
  readonly keys: readonly { readonly uri: string; readonly attributes: ReadonlyMap<string, string> }[];
  readonly audio: readonly { readonly uri: string; readonly attributes: ReadonlyMap<string, string> }[];
}

/** One track of a DASH manifest. */
export interface ReadRepresentation {
  readonly id: string;
  readonly codecs: string;
  readonly bandwidth: number;
  /** Seconds of each segment. */
  readonly seconds: readonly number[];
}

const broken = (what: string): MediaError =>
  new MediaError('OUTPUT_INVALID', `the manifests are wrong: ${what}`, { facts: { check: 'manifest' } });

/** @throws {MediaError} OUTPUT_INVALID when it is no media playlist */
export function readPlaylist(text: string): ReadPlaylist {
  const [first, ...lines] = text.trimEnd().split('\n');
  if (first !== '#EXTM3U') throw broken('a playlist does not begin with #EXTM3U');
  const tags = new Map<string, string>();
  const entries: { name: string; seconds: number; range: string | null }[] = [];
  for (const line of lines) {
    if (line.startsWith('#')) {
      const [tag = '', ...value] = line.split(':');
      tags.set(tag, value.join(':'));
      continue;
    }
    const seconds = Number.parseFloat(tags.get('#EXTINF') ?? 'NaN');
    if (Number.isNaN(seconds)) throw broken(`${line} has no length`);
    entries.push({ name: line, seconds, range: tags.get('#EXT-X-BYTERANGE') ?? null });
    tags.delete('#EXTINF');
    tags.delete('#EXT-X-BYTERANGE');
  }
  const target = Number(tags.get('#EXT-X-TARGETDURATION') ?? 'NaN');
  if (!Number.isInteger(target)) throw broken('a playlist has no target duration');
  return {
    type: tags.get('#EXT-X-PLAYLIST-TYPE') ?? null,
    target,
    ended: tags.has('#EXT-X-ENDLIST'),
    map: attributesOf(tags.get('#EXT-X-MAP') ?? '').get('URI') ?? null,
    entries,
  };
}

/** @throws {MediaError} OUTPUT_INVALID when it is no master playlist */
export function readMaster(text: string): ReadMaster {
  const [first, ...lines] = text.trimEnd().split('\n');
  if (first !== '#EXTM3U') throw broken('the master playlist does not begin with #EXTM3U');
  const tagged = (tag: string) =>
    lines.flatMap((line, index) => {
      if (!line.startsWith(`${tag}:`)) return [];
      const attributes = attributesOf(line.slice(tag.length + 1));
      const uri = attributes.get('URI') ?? lines[index + 1];
      if (uri === undefined || uri.startsWith('#')) throw broken(`${tag} leads nowhere`);
      return [{ uri, attributes }];
    });
  return {
    variants: tagged('#EXT-X-STREAM-INF'),
    keys: tagged('#EXT-X-I-FRAME-STREAM-INF'),
    audio: tagged('#EXT-X-MEDIA'),
  };
}

/** Attributes of a tag, without the quotes of their values. */
const attributesOf = (list: string): ReadonlyMap<string, string> =>
  new Map(
    [...list.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^",]*)/g)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll('"', ''),
    ]),
  );

/** @throws {MediaError} OUTPUT_INVALID when it is no manifest of DASH with numbered segments */
export function readDash(text: string): ReadRepresentation[] {
  const root = readXml(text);
  if (root?.name !== 'MPD') throw broken('the DASH manifest is no MPD');
  return below(root, 'Representation').map((representation) => {
    const { id = '', codecs = '', bandwidth = '' } = representation.attributes;
    const [template] = below(representation, 'SegmentTemplate');
    const timescale = Number(template?.attributes.timescale ?? 'NaN');
    if (template === undefined || !(timescale > 0)) throw broken(`${id} has no segments`);
    const seconds = below(template, 'S').flatMap(({ attributes: { d = 'NaN', r = '0' } }) =>
      Array.from({ length: Number(r) + 1 }, () => Number(d) / timescale),
    );
    return { id, codecs, bandwidth: Number(bandwidth), seconds };
  });
}

const below = (parent: XmlElement, name: string): XmlElement[] =>
  parent.children.flatMap((child) => (child.name === name ? [child] : below(child, name)));
