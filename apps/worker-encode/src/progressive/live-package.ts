import { link, lstat, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MASTER_PLAYLIST } from '@reelay/contracts';
import {
  INIT_FILE,
  linkOrCopy,
  MediaError,
  readInit,
  readSegmentFile,
  segmentName,
  systemErrorCode,
  type TrackHeader,
} from '@reelay/media';
import { AUDIO_FOLDER, FFMPEG_PLAYLIST } from '../encode-rendition/encode-rendition.plan.js';
import { masterPlaylist, mediaPlaylist, type MasterVariant, type PlaylistEntry } from '../package-hls-dash/hls.plan.js';
import { readPlaylist } from '../package-hls-dash/manifest-reader.js';
import { MEDIA_PLAYLIST } from '../package-hls-dash/package-model.js';
import { valueOf } from '../plan-ladder/ladder.plan.js';
import { ClaimedFolder, tracksOfClaim, type Claim } from './claims.js';

/** How often is looked for segments that are complete: far less than a segment lasts. */
const LOOK_EVERY_MS = 400;

/** What a playlist says of bitrates before they are known: what segments take beside pictures and sound. */
const OVERHEAD = 1.05;

/** A packet of AAC. */
const AAC_SAMPLES = 1024;

/** What was published of one track. */
interface LiveTrack {
  readonly name: string;
  header: TrackHeader | null;
  readonly entries: PlaylistEntry[];
  /** How many segments the playlist names that is there: it never names fewer. */
  listed: number;
}

/**
 * Publishes segments of one encode as they are completed. What an earlier run of the job published stays as it is:
 * players may have it.
 */
export class LivePackage {
  private readonly tracks: readonly LiveTrack[];
  private readonly failing = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  /** One look at a time. */
  private looking: Promise<void> = Promise.resolve();

  private constructor(
    private readonly folder: ClaimedFolder,
    private readonly claim: Claim,
  ) {
    this.tracks = tracksOfClaim(claim).map((name) => ({ name, header: null, entries: [], listed: 0 }));
  }

  /** @throws {MediaError} OUTPUT_EXISTS */
  static async join(absolute: string, path: string, claim: Claim): Promise<LivePackage> {
    const live = new LivePackage(await ClaimedFolder.join(absolute, path, claim), claim);
    for (const track of live.tracks) {
      await mkdir(live.at(track), { recursive: true });
      const text = await readOrNull(join(live.at(track), MEDIA_PLAYLIST));
      track.listed = text === null ? 0 : readPlaylist(text).entries.length;
    }
    return live;
  }

  /** Aborted with what went wrong: the encode is of no use then. */
  get failed(): AbortSignal {
    return this.failing.signal;
  }

  /** Publishes what ffmpeg completes, until `stop`. @param work the folder of all tracks */
  start(work: string): void {
    const look = (): void => {
      this.looking = this.looking
        .then(() => this.lookOnce(work))
        .catch((error: unknown) => {
          this.failing.abort(error);
        });
      void this.looking.then(() => {
        if (this.timer !== undefined) this.timer = setTimeout(look, LOOK_EVERY_MS);
      });
    };
    this.timer = setTimeout(look, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.looking;
  }

  /**
   * Publishes all segments of an encode that ended, and has the encode's own folder hold what was published.
   * @throws {MediaError} OUTPUT_EXISTS when what was published before does not fit, or a newer run of the job took over
   */
  async publishAll(work: string): Promise<void> {
    await this.mustHold();
    for (const track of this.tracks) {
      const source = join(work, track.name);
      for (let number = 1; ; number++) {
        const name = segmentName(number);
        if (number > track.entries.length && !(await this.publishSegment(track, source, name))) break;
        await replaceByLink(join(this.at(track), name), join(source, name));
      }
      await replaceByLink(join(this.at(track), INIT_FILE), join(source, INIT_FILE));
      await this.list(track, false);
    }
    await this.writeMaster(true);
  }

  /** Says that nothing more will come. */
  async end(): Promise<void> {
    if (!(await this.folder.holds(this.claim))) return;
    for (const track of this.tracks) await this.list(track, true);
  }

  /** Takes everything back: what was promised will never come. */
  async withdraw(): Promise<void> {
    await this.stop();
    // A newer run of the job may have taken over.
    if (!(await this.folder.holds(this.claim).catch(() => false))) return;
    if (await this.folder.release(this.claim)) {
      // The whole goes in one step; players see no half of it.
      const away = join(dirname(this.folder.absolute), awayName(this.folder.absolute, this.claim));
      await rename(this.folder.absolute, away);
      await rm(away, { recursive: true, force: true });
      return;
    }
    await this.writeMaster(true);
    for (const track of this.tracks) await rm(this.at(track), { recursive: true, force: true });
  }

  private async lookOnce(work: string): Promise<void> {
    await this.mustHold();
    for (const track of this.tracks) {
      const source = join(work, track.name);
      // ffmpeg names a segment when it is complete.
      const text = await readOrNull(join(source, FFMPEG_PLAYLIST));
      const complete = text === null ? [] : text.split('\n').filter((line) => line.endsWith('.m4s'));
      for (const name of complete.slice(track.entries.length)) await this.publishSegment(track, source, name);
      await this.list(track, false);
    }
    await this.writeMaster(false);
  }

  /** What an older run adds would be ahead of what the newer one knows of. */
  private async mustHold(): Promise<void> {
    if (await this.folder.holds(this.claim)) return;
    throw new MediaError('OUTPUT_EXISTS', 'a newer run of this job took over');
  }

  /** False when there is no such segment. */
  private async publishSegment(track: LiveTrack, source: string, name: string): Promise<boolean> {
    track.header ??= await this.publishInit(track, source);
    const own = join(source, name);
    const published = join(this.at(track), name);
    const facts = await readSegmentFile(own, track.header).catch((error: unknown) => {
      if (error instanceof MediaError && systemErrorCode(error.cause) === 'ENOENT') return null;
      throw error;
    });
    if (facts === null) return false;
    if (!(await linkUnlessThere(own, published))) {
      const earlier = await readSegmentFile(published, track.header);
      const fits = (['start', 'duration', 'samples'] as const).every((field) => earlier[field] === facts[field]);
      if (!fits) throw unfit(`${track.name}/${name}`);
    }
    track.entries.push({ name, seconds: facts.duration / track.header.timescale });
    return true;
  }

  private async publishInit(track: LiveTrack, source: string): Promise<TrackHeader> {
    const own = join(source, INIT_FILE);
    const published = join(this.at(track), INIT_FILE);
    if (!(await linkUnlessThere(own, published))) {
      const [one, other] = await Promise.all([own, published].map((file) => readFile(file)));
      if (one?.equals(other ?? Buffer.alloc(0)) !== true) throw unfit(`${track.name}/${INIT_FILE}`);
    }
    return (await readInit(source)).header;
  }

  /** Writes the playlist of a track, unless the one that is there names more. */
  private async list(track: LiveTrack, ended: boolean): Promise<void> {
    const { entries, name, listed } = track;
    if (entries.length === 0 || (!ended && entries.length <= listed)) return;
    const text = mediaPlaylist(entries, liveTarget(this.claim), { type: 'EVENT', ended });
    await this.folder.publish(`${name}/${MEDIA_PLAYLIST}`, text);
    track.listed = entries.length;
  }

  /** Names all that is there by now, whoever published it. */
  private async writeMaster(isOver: boolean): Promise<void> {
    const claims = await this.folder.claims();
    const variants: MasterVariant[] = [];
    for (const { renditions, frameRate } of claims) {
      for (const { name, width, height, maxrateKbps, videoBitrateKbps } of renditions) {
        const codec = await this.codecOf(name);
        if (codec === null) continue;
        const [peak, average] = [maxrateKbps, videoBitrateKbps].map((kbps) => Math.round(kbps * 1000 * OVERHEAD));
        variants.push({ name, codec, width, height, frameRate, peak: peak ?? 0, average: average ?? 0, keys: null });
      }
    }
    const sound = claims.find(({ audio }) => audio !== null)?.audio ?? null;
    const soundCodec = sound === null ? null : await this.codecOf(AUDIO_FOLDER);
    const bits = Math.round((sound?.bitrateKbps ?? 0) * 1000 * OVERHEAD);
    const audio =
      sound === null || soundCodec === null
        ? null
        : { name: AUDIO_FOLDER, codec: soundCodec, channels: sound.channels, peak: bits, average: bits };
    const [smallest] = [...this.claim.renditions].sort((a, b) => a.width * a.height - b.width * b.height);
    const lacksSound = this.claim.sourceHasSound && audio === null;
    const lacksPicture = smallest !== undefined && !variants.some(({ name }) => name === smallest.name);
    if ((lacksSound || lacksPicture) && !isOver) return;
    const file = join(this.folder.absolute, MASTER_PLAYLIST);
    if (variants.length === 0 && audio === null) {
      await rm(file, { force: true });
      return;
    }
    const text = masterPlaylist(variants, audio);
    if ((await readOrNull(file)) === text) return;
    await this.folder.publish(MASTER_PLAYLIST, text);
  }

  /** Of a track that players can begin with; null while they cannot. */
  private async codecOf(name: string): Promise<string | null> {
    const folder = join(this.folder.absolute, name);
    if ((await readOrNull(join(folder, MEDIA_PLAYLIST))) === null) return null;
    return (await readInit(folder)).header.codec;
  }

  private at({ name }: Pick<LiveTrack, 'name'>): string {
    return join(this.folder.absolute, name);
  }
}

/** The target duration that players are told before all segments are there: it may not change. */
export function liveTarget({ gopFrames, frameRate, audio }: Pick<Claim, 'gopFrames' | 'frameRate' | 'audio'>): number {
  const packet = audio === null ? 0 : AAC_SAMPLES / audio.sampleRate;
  return Math.ceil(Number((gopFrames / valueOf(frameRate) + packet).toFixed(6)));
}

const awayName = (absolute: string, { job, attempt }: Claim): string =>
  `.${basename(absolute)}.${job}_${String(attempt)}.partial`;

const unfit = (name: string): MediaError =>
  new MediaError('OUTPUT_EXISTS', `${name} was published by an earlier run, whose encoder made something else of it`);

/** The name appears with all of the file. @returns false when something has it already */
async function linkUnlessThere(from: string, to: string): Promise<boolean> {
  if ((await lstat(to).catch(() => null)) !== null) return false;
  const temporary = join(dirname(to), `.${basename(to)}.new`);
  await rm(temporary, { force: true });
  await linkOrCopy(from, temporary, { signal: new AbortController().signal });
  await rename(temporary, to);
  return true;
}

/** Has `to` be the same file as `from`, where the file system has hard links. */
async function replaceByLink(from: string, to: string): Promise<void> {
  const temporary = join(dirname(to), `.${basename(to)}.new`);
  await rm(temporary, { force: true });
  await link(from, temporary).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') throw error;
  });
  await rename(temporary, to).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  });
  // A rename to another name of the same file does nothing.
  await rm(temporary, { force: true });
}

async function readOrNull(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  });
}
