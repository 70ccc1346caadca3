import { backendBindings, backendQueues, exchanges } from '../../libs/contracts/dist/index.js';

const VHOST = '/';

/** The definitions file that a broker can load, from the topology. Users are none of its business. */
export function definitionsJson() {
  const definitions = {
    vhosts: [{ name: VHOST }],
    exchanges: exchanges.map(({ name, type, alternate }) => ({
      name,
      vhost: VHOST,
      type,
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: alternate === undefined ? {} : { 'alternate-exchange': alternate },
    })),
    queues: backendQueues.map((queue) => ({
      name: queue.name,
      vhost: VHOST,
      durable: true,
      auto_delete: false,
      arguments: queue.arguments,
    })),
    bindings: backendBindings.map((binding) => ({
      source: binding.exchange,
      vhost: VHOST,
      destination: binding.queue,
      destination_type: 'queue',
      routing_key: binding.key,
      arguments: binding.arguments ?? {},
    })),
  };
  return `${JSON.stringify(definitions, null, 2)}\n`;
}
