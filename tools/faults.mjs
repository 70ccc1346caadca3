// npm run faults: the tests that kill, cut and restart. Arguments go to vitest.
import { runNodeTool } from './lib/node-tool.mjs';
import { prepare } from './lib/prepare.mjs';
import { toStdout } from './lib/progress.mjs';
import { runMain } from './lib/tool-error.mjs';

runMain(async () => {
  await prepare({ progress: toStdout });
  // What `npm test` does with one seed is done with another each time; a failure names its seed.
  process.env.FAULT_SEED ??= String(Math.floor(Math.random() * 2 ** 31));
  // All of it, unless somebody asks for less.
  process.env.FAULT_JOBS ??= '10000';
  process.env.FAULT_COUNT ??= '20';
  process.env.FAULT_ENCODES ??= '200';
  process.env.FAULT_ENCODE_COUNT ??= '20';
  process.env.FAULT_CUTS ??= '100';
  process.env.FAULT_KILLS ??= '5';
  process.env.FAULT_STOP_MS ??= '60000';
  process.env.FAULT_OUTAGE_SUBMITS ??= '1000';
  process.env.FAULT_OUTAGE_MS ??= '60000';
  process.env.FAULT_REPEATED_JOBS ??= '100';
  process.env.FAULT_FLOOD_SECONDS ??= '30';
  // The stall watch as it is, and workers that stand still until the broker and everybody else gave them up.
  process.env.FAULT_STALL ??= 'whole';
  process.env.FAULT_FREEZE_SECONDS ??= '60';
  process.env.FAULT_ROUNDS ??= '5';
  process.env.FAULT_VRAM_JOBS ??= '334';
  process.env.FAULT_VRAM_KILLS ??= '12';
  process.env.FAULT_CANCELS ??= '1000';
  process.env.FAULT_PAUSES ??= '100';
  process.env.FAULT_NODES ??= '20';
  const args = ['run', '--project', 'faults', ...process.argv.slice(2)];
  process.exitCode = await runNodeTool('vitest/vitest.mjs', args);
});
