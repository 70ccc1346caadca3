/**
 * Cuts a stream of bytes into frames of one size. It is not read ahead of what is asked for, so that
 * whoever writes it has to wait; what is left of a frame at its end is dropped.
 */
export async function* rawFrames(
  stream: AsyncIterable<Uint8Array>,
  frameBytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let frame = new Uint8Array(frameBytes);
  let filled = 0;
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + frameBytes - filled);
      frame.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < frameBytes) continue;
      yield frame;
      // The one before was given away.
      frame = new Uint8Array(frameBytes);
      filled = 0;
    }
  }
}
