// Starts a stack in a process of its own, which a test may kill: node stack-runner.mjs DATA_DIR
import { startStack } from '../../tools/lib/stack.mjs';

const stack = await startStack({
  dataDir: process.argv[2],
  replicas: { 'worker-analyze': 0, 'worker-compile': 0, 'worker-encode': 0 },
  env: { AMQP_URL: '', DATABASE_URL: '', LOG_LEVEL: 'warn' },
});
process.send?.(stack.processes());
setInterval(() => undefined, 60_000);
