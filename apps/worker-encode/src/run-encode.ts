import { blamesDevice, quoteCommand, type Ffmpeg, type RunOptions, type RunResult } from '@reelay/media';

/** What one encode runs. */
export interface EncodeCommand {
  /** From the input's options to the output's name. */
  readonly args: readonly string[];
  /** Of the picture, by ffmpeg's name; null where it is copied or left out. */
  readonly encoder: string | null;
  /** Device files of the GPU that it uses. */
  readonly devices: readonly string[];
}

/** How an encode went, and by which of the commands. */
export interface EncodeRun<C extends EncodeCommand> {
  readonly run: RunResult;
  readonly command: C;
}

/**
 * Runs an encode. One that fails since the GPU does runs again on the CPU, in the same attempt.
 * @param onCpu makes the same encode's command for the CPU
 */
export async function runEncode<C extends EncodeCommand>(
  ffmpeg: Pick<Ffmpeg, 'argv' | 'run'>,
  command: C,
  onCpu: () => C,
  log: (line: string) => void,
  options: RunOptions,
): Promise<EncodeRun<C>> {
  const start = async (one: C): Promise<EncodeRun<C>> => {
    log(`$ ${quoteCommand(ffmpeg.argv(one.args))}`);
    return { run: await ffmpeg.run(one.args, { ...options, devices: one.devices }), command: one };
  };
  try {
    return await start(command);
  } catch (error) {
    if (!blamesDevice(error)) throw error;
    const instead = onCpu();
    if (instead.encoder === command.encoder) throw error;
    log(`${String(command.encoder)} failed, so the CPU encodes: ${error instanceof Error ? error.message : ''}`);
    return start(instead);
  }
}
