import type { CmafTrack, TrackSegment } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { dashManifest } from './dash.plan.js';
import { entriesOf, keyPlaylist, masterOf, masterPlaylist, mediaPlaylist } from './hls.plan.js';
import { readDash, readMaster, readPlaylist } from './manifest-reader.js';
import { bandwidthOf, targetDuration, type PackageModel } from './package-model.js';
import { element, readXml, xmlDocument } from './xml.js';

const segments = (parts: readonly [duration: number, bytes: number][]): TrackSegment[] =>
  parts.map(([duration, sizeBytes], index) => ({
    ...{ name: `${String(index + 1).padStart(5, '0')}.m4s`, start: 0, duration, samples: 1, firstShown: 0 },
    ...{ startsWithKey: true, first: { offset: 76, length: sizeBytes / 10 }, sizeBytes },
  }));

const picture = (width: number, height: number, parts: readonly [number, number][]): CmafTrack => ({
  header: {
    ...{ kind: 'video', timescale: 30_000, codec: 'avc1.64001f', sound: null },
    ...{ size: { width, height }, defaults: { duration: 0, size: 0, flags: 0 } },
  },
  segments: segments(parts),
  initBytes: 800,
});
const sound: CmafTrack = {
  header: {
    ...{ kind: 'audio', timescale: 48_000, codec: 'mp4a.40.2', size: null },
    ...{ sound: { channels: 2, sampleRate: 48_000 }, defaults: { duration: 0, size: 0, flags: 0 } },
  },
  segments: segments([
    [192_512, 64_000],
    [191_488, 64_000],
    [48_128, 16_000],
  ]),
  initBytes: 700,
};

const frameRate = '30000/1001';
const LARGE: readonly [number, number][] = [
  [120_120, 1_001_000],
  [120_120, 2_002_000],
  [30_030, 250_000],
];
const SMALL: readonly [number, number][] = [
  [120_120, 100_000],
  [120_120, 200_000],
  [30_030, 20_000],
];
const model: PackageModel = {
  renditions: [
    { name: '720p', size: { width: 1280, height: 720 }, frameRate, track: picture(1280, 720, LARGE) },
    { name: '360p', size: { width: 640, height: 360 }, frameRate, track: picture(640, 360, SMALL) },
  ],
  audio: { name: 'audio', track: sound },
};
const silent: PackageModel = { ...model, audio: null };
const [large, small] = model.renditions;

describe('playlists of HLS', () => {
  it('name each segment with its length', () => {
    expect(mediaPlaylist(entriesOf(large!), 5, { type: 'VOD', ended: true })).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:5
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.004000,
00001.m4s
#EXTINF:4.004000,
00002.m4s
#EXTINF:1.001000,
00003.m4s
#EXT-X-ENDLIST
`);
  });

  it('have no end while they grow', () => {
    const text = mediaPlaylist(entriesOf(large!).slice(0, 1), 5, { type: 'EVENT', ended: false });
    expect(text).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
    expect(text.endsWith('00001.m4s\n')).toBe(true);
  });

  it('of key pictures name the part of each segment that shows the first one', () => {
    expect(keyPlaylist(small!, 5)).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:5
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.004000,
#EXT-X-BYTERANGE:10000@76
00001.m4s
#EXTINF:4.004000,
#EXT-X-BYTERANGE:20000@76
00002.m4s
#EXTINF:1.001000,
#EXT-X-BYTERANGE:2000@76
00003.m4s
#EXT-X-ENDLIST
`);
  });

  it('are led to by one that says what each takes', () => {
    const { variants, audio } = masterOf(model);
    expect(masterPlaylist(variants, audio)).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=527944,AVERAGE-BANDWIDTH=412124,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="audio"
360p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=4128343,AVERAGE-BANDWIDTH=3016630,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio"
720p/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=39961,AVERAGE-BANDWIDTH=28417,CODECS="avc1.64001f",RESOLUTION=640x360,URI="360p/iframes.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=400000,AVERAGE-BANDWIDTH=288867,CODECS="avc1.64001f",RESOLUTION=1280x720,URI="720p/iframes.m3u8"
`);
  });

  it('say nothing of sound where there is none', () => {
    const { variants, audio } = masterOf(silent);
    const text = masterPlaylist(variants, audio);
    expect(text).not.toContain('AUDIO');
    expect(text).toContain('BANDWIDTH=4000000,AVERAGE-BANDWIDTH=2888667,CODECS="avc1.64001f",RESOLUTION=1280x720');
  });

  it('of sound alone are one variant', () => {
    const { variants, audio } = masterOf({ renditions: [], audio: model.audio });
    const text = masterPlaylist(variants, audio);
    expect(readMaster(text).variants.map(({ uri }) => uri)).toEqual(['audio/index.m3u8']);
    expect(text).not.toContain('#EXT-X-MEDIA:');
  });

  it('have a target duration that no segment exceeds, of all tracks', () => {
    expect([targetDuration(model), targetDuration({ ...model, leastTarget: 7 })]).toEqual([5, 7]);
  });
});

describe('a bandwidth', () => {
  it('is that of the worst stretch of about a segment, so that a short last segment counts with its neighbour', () => {
    const track = picture(640, 360, [
      [120_000, 100_000],
      [120_000, 100_000],
      [3_000, 50_000],
    ]);
    expect(bandwidthOf(track, 4)).toEqual({
      peak: Math.ceil((150_000 * 8) / 4.1),
      average: Math.ceil((250_000 * 8) / 8.1),
    });
  });

  it('of one short segment is its average', () => {
    expect(bandwidthOf(picture(640, 360, [[3_000, 1_000]]), 4)).toEqual({ peak: 80_000, average: 80_000 });
  });
});

describe('the manifest of DASH', () => {
  it('names the same segments', () => {
    expect(dashManifest(model)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" mediaPresentationDuration="PT9.009S" maxSegmentDuration="PT5S" minBufferTime="PT5S">
  <Period id="0" start="PT0S">
    <AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" maxWidth="1280" maxHeight="720">
      <Representation id="720p" codecs="avc1.64001f" bandwidth="4000000" width="1280" height="720" frameRate="30000/1001" sar="1:1">
        <SegmentTemplate timescale="30000" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number%05d$.m4s" startNumber="1">
          <SegmentTimeline>
            <S t="0" d="120120" r="1"/>
            <S d="30030"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
      <Representation id="360p" codecs="avc1.64001f" bandwidth="399601" width="640" height="360" frameRate="30000/1001" sar="1:1">
        <SegmentTemplate timescale="30000" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number%05d$.m4s" startNumber="1">
          <SegmentTimeline>
            <S t="0" d="120120" r="1"/>
            <S d="30030"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
    <AdaptationSet id="1" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">
      <Representation id="audio" codecs="mp4a.40.2" bandwidth="128343" audioSamplingRate="48000">
        <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>
        <SegmentTemplate timescale="48000" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number%05d$.m4s" startNumber="1">
          <SegmentTimeline>
            <S t="0" d="192512"/>
            <S d="191488"/>
            <S d="48128"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
  </Period>
</MPD>
`);
  });

  it('has fractions of whole numbers only', () => {
    const odd = { ...large!, frameRate: '12.5' };
    expect(dashManifest({ ...silent, renditions: [odd] })).toContain('frameRate="125/10"');
  });
});

describe('the readers', () => {
  it('read what was written', () => {
    const playlist = readPlaylist(keyPlaylist(small!, 5));
    expect(playlist).toMatchObject({ type: 'VOD', target: 5, ended: true, map: 'init.mp4' });
    expect(playlist.entries[2]).toEqual({ name: '00003.m4s', seconds: 1.001, range: '2000@76' });
    const { variants, audio } = masterOf(model);
    const master = readMaster(masterPlaylist(variants, audio));
    expect(master.variants.map(({ uri }) => uri)).toEqual(['360p/index.m3u8', '720p/index.m3u8']);
    expect(master.variants[0]?.attributes.get('CODECS')).toBe('avc1.64001f,mp4a.40.2');
    expect(readDash(dashManifest(model)).map(({ id, seconds }) => [id, seconds.length])).toEqual([
      ['720p', 3],
      ['360p', 3],
      ['audio', 3],
    ]);
  });

  it('refuse what is none', () => {
    for (const text of ['', 'index.m3u8', '#EXTM3U\n00001.m4s\n', '#EXTM3U\n#EXTINF:4,\n00001.m4s\n']) {
      expect(() => readPlaylist(text)).toThrow('the manifests are wrong');
    }
    expect(() => readMaster('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-ENDLIST')).toThrow('leads nowhere');
    for (const text of ['', '<MPD>', '<a/>', '<MPD><Representation id="x"/></MPD>']) {
      expect(() => readDash(text)).toThrow('the manifests are wrong');
    }
  });
});

describe('XML', () => {
  it('keeps whatever stands in an attribute', () => {
    const name = `<a> & "b" 'c' ü ]]>`;
    const text = xmlDocument(element('x', { name }, [element('y')]));
    expect(text).toContain('name="&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos; ü ]]&gt;"');
    expect(readXml(text)).toEqual(element('x', { name }, [element('y')]));
  });

  it('that is not well formed is none', () => {
    for (const text of ['<a>', '</a>', '<a></b>', '<a/><b/>', '<a x=1/>', 'text', '<a>text</a>', '<a x="<"/>']) {
      expect(readXml(text)).toBeNull();
    }
  });
});
