import type { PictureSize } from '@reelay/media';

/** Where something is: pixels of the model's input, from its upper left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Something that a model sees in a picture. */
export interface Detection {
  readonly label: string;
  /** 0 to 1, as the model means it. */
  readonly confidence: number;
  /** Null for what is said of the whole picture. */
  readonly box: Box | null;
}

/** A model that names what it sees in a picture. */
export interface VisionModel {
  readonly name: string;
  /** The size of the pictures that it takes. */
  readonly input: PictureSize;
  /** All that it can name. */
  readonly labels: readonly string[];
  /**
   * Looks at a picture of the input's size.
   * @param rgb three bytes a pixel, row by row; it is given away, and empty afterwards
   * @throws {JobError} VISION_FAILED
   */
  detect(rgb: Uint8Array<ArrayBuffer>): Promise<Detection[]>;
}
