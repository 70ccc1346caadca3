/** A picture as it is stored, in the order in which pictures are decoded. */
export interface PicturePacket {
  /** When it is shown, in seconds from the start of the film. */
  readonly seconds: number;
  /** How long it is shown; null where the file does not say. */
  readonly durationSeconds: number | null;
  /** Whether decoding can start here. */
  readonly isKey: boolean;
  /** It is decoded for others only: the file's edit list leaves it out. */
  readonly isHidden?: true;
}

/** What joining pieces of a stream needs to know of it, which no player shows. */
export interface PictureHeader {
  /** When the film starts by its own clock, in seconds. */
  readonly startSeconds: number;
  /** `progressive`, `tt`, and so on; null where nothing says so. */
  readonly fieldOrder: string | null;
  /** Pictures that are decoded ahead of those that are shown; 0 without bidirectional ones. */
  readonly reorderedFrames: number;
  /** The decoder's set-up (parameter sets), as hexadecimal digits. */
  readonly extradata: string;
}
