import { NODE_NAME } from './rabbitmq-config.mjs';
import { tryRun } from './run.mjs';

/** How to reach a private node from Erlang. @typedef {{ erl: string, env: NodeJS.ProcessEnv }} NodeAccess */

/**
 * Finds quorum queues without a leader and has them elect one; then writes the list of queues to disk. RabbitMQ 3.10
 * keeps that list in memory for up to three seconds: a broker that is killed sooner after a declaration forgets the
 * queue's log, and leaves the queue without a leader for good when it starts again.
 * @param {NodeAccess} access
 */
export const settleQueues = (access) =>
  callNode(
    access,
    `Call = fun(M, F, A) -> rpc:call('${NODE_NAME}', M, F, A, 3000) end,
    Queues = Call(rabbit_amqqueue, list_by_type, [rabbit_quorum_queue]),
    Ids = [Call(amqqueue, get_pid, [Queue]) || Queue <- Queues],
    [Call(ra, trigger_election, [Id]) || {Name, _} = Id <- Ids,
      Call(ra_leaderboard, lookup_leader, [Name]) =:= undefined],
    [Call(dets, sync, [Table]) || Table <- Call(dets, all, [])], halt().`,
  );

/**
 * Takes away the management plugin's event handler before the broker is asked to stop: at a stop, that handler of
 * RabbitMQ 3.10 waits five seconds for an answer from a process that waits for it.
 * @param {NodeAccess} access
 */
export const quietenPlugin = (access) =>
  callNode(
    access,
    `rpc:call('${NODE_NAME}', gen_event, delete_handler, [rabbit_event, rabbit_mgmt_db_handler, []], 3000), halt().`,
  );

let calls = 0;

/**
 * Evaluates Erlang beside a node; ends with `halt().`. It never throws: the tools' own calls are improvements only,
 * and that one fails, as it may with another version of RabbitMQ, is no harm.
 * @param {NodeAccess} access @param {string} expression
 */
export async function callNode({ erl, env }, expression) {
  calls += 1;
  const args = [
    '-noinput',
    '-hidden',
    '-boot',
    'no_dot_erlang',
    '-start_epmd',
    'false',
    '-sname',
    `tool-${process.pid}-${calls}@localhost`,
    '-kernel',
    'inet_dist_use_interface',
    '{127,0,0,1}',
    '-eval',
    expression.replace(/\s+/g, ' '),
  ];
  await tryRun(erl, args, { env: { ...env, ERL_CRASH_DUMP: '/dev/null' }, timeoutMs: 10_000 });
}
