/** Pictures of a film that follow each other, counted in the frame rate of what is made of them. */
export interface FrameSpan {
  readonly from: number;
  /** The first picture after it. */
  readonly to: number;
}

/** What of a film is shown, in order. */
export interface Selection {
  readonly spans: readonly FrameSpan[];
  /** The film is no longer than was asked for. */
  readonly whole: boolean;
}
