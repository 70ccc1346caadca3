export * from './amqp-consumer.decorator.js';
export * from './amqp-server.js';
