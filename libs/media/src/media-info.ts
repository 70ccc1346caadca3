/** The codec of a stream that does not tell what it is, or is of a kind that ffmpeg does not know. */
export const UNKNOWN_CODEC = 'unknown';

/** The picture stream of a file; cover art is none. */
export interface VideoStreamInfo {
  codec: string;
  profile: string | null;
  pixelFormat: string | null;
  /** Coded width in pixels, before rotation. */
  width: number;
  /** Coded height in pixels, before rotation. */
  height: number;
  /** Such as `16:9`, before rotation; null where pixels are square or nothing is said. */
  displayAspectRatio: string | null;
  fps: number | null;
  /** Degrees clockwise that a player turns the picture: 0, 90, 180 or 270. */
  rotation: number;
  bitrateKbps: number | null;
  /** Left out where nothing says so. */
  durationSeconds?: number | undefined;
  /** Left out where the file does not say so. */
  interlaced?: boolean | undefined;
  /** As ffprobe names it: `smpte2084` and `arib-std-b67` are HDR. Left out where the file does not say. */
  colorTransfer?: string | undefined;
  /** Where frames come at uneven times: the rate that shows them all. Left out where they come evenly. */
  peakFps?: number | undefined;
}

/** The first sound stream of a file. */
export interface AudioStreamInfo {
  codec: string;
  channels: number | null;
  /** In Hz. */
  sampleRate: number | null;
  bitrateKbps: number | null;
  /** Left out where nothing says so. */
  durationSeconds?: number | undefined;
}

/** What a probe learned of a media file. Rates in kbit/s. */
export interface MediaInfo {
  /** Container format names, as ffprobe gives them: `mov,mp4,m4a,3gp,3g2,mj2`. */
  container: string;
  /** How long the picture and the first sound play together; null where nothing says so. */
  durationSeconds: number | null;
  sizeBytes: number;
  bitrateKbps: number | null;
  video: VideoStreamInfo | null;
  audio: AudioStreamInfo | null;
}

/** Width and height in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The size of the decoded picture once it is turned upright; its pixels may not be square. */
export function uprightSize({ width, height, rotation }: VideoStreamInfo): PictureSize {
  return rotation % 180 === 0 ? { width, height } : { width: height, height: width };
}

/** The size at which the picture is seen: upright, with square pixels, its height (or width, when turned) kept. */
export function displaySize(video: VideoStreamInfo): PictureSize {
  const width = Math.max(1, Math.round(video.height * displayAspect(video)));
  return uprightSize({ ...video, width });
}

function displayAspect({ displayAspectRatio, width, height }: VideoStreamInfo): number {
  const [across = 0, down = 0] = (displayAspectRatio ?? '').split(':').map(Number);
  return across > 0 && down > 0 ? across / down : width / height;
}
