import { INIT_FILE, secondsOf, type CmafTrack } from '@reelay/media';
import {
  bandwidthOf,
  targetDuration,
  tracksOf,
  type PackagedRendition,
  type PackagedTrack,
  type PackageModel,
} from './package-model.js';
import { element, xmlDocument, type XmlElement } from './xml.js';

/** The pattern of the names of segments, as DASH has it. */
const NUMBERED = '$Number%05d$.m4s';

/** The DASH manifest of a complete package: the segments that the playlists name, at the same places. */
export function dashManifest(model: PackageModel): string {
  const target = targetDuration(model);
  const seconds = Math.max(...tracksOf(model).map(({ track }) => secondsOf(track)));
  const { renditions, audio } = model;
  return xmlDocument(
    element(
      'MPD',
      {
        xmlns: 'urn:mpeg:dash:schema:mpd:2011',
        profiles: 'urn:mpeg:dash:profile:isoff-live:2011',
        type: 'static',
        mediaPresentationDuration: duration(seconds),
        maxSegmentDuration: duration(target),
        minBufferTime: duration(target),
      },
      [
        element('Period', { id: '0', start: 'PT0S' }, [
          ...(renditions.length === 0 ? [] : [pictures(renditions, target)]),
          ...(audio === null ? [] : [sound(audio, target)]),
        ]),
      ],
    ),
  );
}

const duration = (seconds: number): string => `PT${String(Number(seconds.toFixed(3)))}S`;

const pictures = (renditions: readonly PackagedRendition[], target: number): XmlElement =>
  element(
    'AdaptationSet',
    {
      ...{ id: '0', contentType: 'video', mimeType: 'video/mp4', segmentAlignment: 'true', startWithSAP: '1' },
      maxWidth: String(Math.max(...renditions.map(({ size }) => size.width))),
      maxHeight: String(Math.max(...renditions.map(({ size }) => size.height))),
    },
    renditions.map(({ name, size, frameRate, track }) =>
      element(
        'Representation',
        {
          ...{ id: name, codecs: track.header.codec, bandwidth: String(bandwidthOf(track, target).peak) },
          ...{ width: String(size.width), height: String(size.height), frameRate: wholeRate(frameRate), sar: '1:1' },
        },
        [template(track)],
      ),
    ),
  );

const sound = ({ name, track }: PackagedTrack, target: number): XmlElement =>
  element(
    'AdaptationSet',
    { id: '1', contentType: 'audio', mimeType: 'audio/mp4', segmentAlignment: 'true', startWithSAP: '1' },
    [
      element(
        'Representation',
        {
          ...{ id: name, codecs: track.header.codec, bandwidth: String(bandwidthOf(track, target).peak) },
          audioSamplingRate: String(track.header.sound?.sampleRate ?? 0),
        },
        [
          element('AudioChannelConfiguration', {
            schemeIdUri: 'urn:mpeg:dash:23003:3:audio_channel_configuration:2011',
            value: String(track.header.sound?.channels ?? 0),
          }),
          template(track),
        ],
      ),
    ],
  );

/** DASH takes fractions of whole numbers only. */
function wholeRate(frameRate: string): string {
  const [over = '', under = '1'] = frameRate.split('/');
  const [, decimals = ''] = over.split('.');
  if (decimals === '') return frameRate;
  const factor = 10 ** decimals.length;
  return `${String(Math.round(Number(over) * factor))}/${String(Number(under) * factor)}`;
}

const template = ({ header, segments }: CmafTrack): XmlElement =>
  element(
    'SegmentTemplate',
    {
      timescale: String(header.timescale),
      initialization: `$RepresentationID$/${INIT_FILE}`,
      media: `$RepresentationID$/${NUMBERED}`,
      startNumber: '1',
    },
    [element('SegmentTimeline', {}, timeline(segments.map((each) => each.duration)))],
  );

/** Equal segments in a row take one element. */
function timeline(durations: readonly number[]): XmlElement[] {
  const runs: { duration: number; count: number }[] = [];
  for (const each of durations) {
    const last = runs.at(-1);
    if (last?.duration === each) last.count += 1;
    else runs.push({ duration: each, count: 1 });
  }
  return runs.map(({ duration: d, count }, index) =>
    element('S', {
      ...(index === 0 ? { t: '0' } : {}),
      d: String(d),
      ...(count === 1 ? {} : { r: String(count - 1) }),
    }),
  );
}
