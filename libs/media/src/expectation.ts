/** What a finished video must be. */
export interface VideoExpectation {
  readonly kind: 'video';
  /** One of the container names that ffprobe gives. */
  readonly container: string;
  readonly videoCodec: string;
  /** Null when there must be no sound. */
  readonly audioCodec: string | null;
  readonly width: number;
  readonly height: number;
  /** Null when it could not be planned. */
  readonly durationSeconds: number | null;
}

/** What a finished file must be that has sound only. */
export interface SoundExpectation {
  readonly kind: 'sound';
  /** One of the container names that ffprobe gives. */
  readonly container: string;
  readonly audioCodec: string;
  /** Null when it could not be planned. */
  readonly durationSeconds: number | null;
}

/** What a finished still picture must be. */
export interface PictureExpectation {
  readonly kind: 'picture';
  readonly videoCodec: string;
  readonly width: number;
  readonly height: number;
}

export type OutputExpectation = VideoExpectation | SoundExpectation | PictureExpectation;
