import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A way to the broker that can swallow what is sent, and be cut. */
export class CuttingProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private swallowing = false;
  /** Bytes from the client that never arrived. */
  swallowed = 0;

  private constructor(
    private readonly server: Server,
    /** The broker's URL, by way of this proxy. */
    readonly url: string,
  ) {}

  static async open(amqpUrl: string): Promise<CuttingProxy> {
    const target = new URL(amqpUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(amqpUrl);
    url.host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const proxy = new CuttingProxy(server, url.href);
    server.on('connection', (client) => {
      proxy.join(client, connect(Number(target.port), target.hostname));
    });
    return proxy;
  }

  /** From now on nothing reaches the broker, and nobody is told. */
  swallow(): void {
    this.swallowing = true;
  }

  /** Ends all connections; new ones are whole again. */
  cut(): void {
    this.swallowing = false;
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, broker: Socket): void {
    const pair = [client, broker] as const;
    this.pairs.add(pair);
    client.on('data', (data) => {
      if (this.swallowing) this.swallowed += data.length;
      else broker.write(data);
    });
    broker.on('data', (data) => client.write(data));
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  }
}
