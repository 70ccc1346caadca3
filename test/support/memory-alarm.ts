import { NODE_NAME, nodeEnv } from '../../tools/lib/rabbitmq-config.mjs';
import { resolveRabbitmq } from '../../tools/lib/rabbitmq-programs.mjs';
import { callNode } from '../../tools/lib/rabbitmq-rpc.mjs';
import type { startRabbitmq } from '../../tools/lib/rabbitmq.mjs';
import { eventually } from './eventually.js';

/** Raises or lifts a private broker's memory alarm by its limit, and waits until it holds. */
export async function setMemoryAlarm(
  broker: Awaited<ReturnType<typeof startRabbitmq>>,
  dir: string,
  raised: boolean,
): Promise<void> {
  const programs = await resolveRabbitmq();
  if (programs.kind === 'docker') throw new Error('this test needs a RabbitMQ that runs without Docker');
  const env = { PATH: process.env.PATH, ...nodeEnv(dir, broker.ports), ...programs.env };
  const limit = raised ? '0' : '{absolute, 1000000000}';
  await callNode(
    { erl: programs.erl, env },
    `rpc:call('${NODE_NAME}', vm_memory_monitor, set_vm_memory_high_watermark, [${limit}], 3000), halt().`,
  );
  const authorization = `Basic ${Buffer.from(`${broker.user}:${broker.password}`).toString('base64')}`;
  await eventually(`the alarm is ${raised ? 'raised' : 'lifted'}`, async () => {
    const check = await fetch(`${broker.managementUrl}/api/health/checks/alarms`, { headers: { authorization } });
    return check.ok !== raised;
  });
}
