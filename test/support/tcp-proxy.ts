import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Something that goes by on a connection. */
export interface Passing {
  readonly to: 'server' | 'client';
  readonly bytes: string | Buffer;
}

/** What was caught on its way: nothing follows it in its direction until it is released. */
export interface Held {
  release(): void;
}

/** Bytes kept of each direction, so that what is looked for is found across two reads. */
const TAIL_BYTES = 256;

/** What is waited for, and how far each connection is. */
class Trap {
  private readonly states = new WeakMap<Link, { step: number; tails: Record<Passing['to'], Buffer> }>();

  constructor(
    private readonly steps: readonly Passing[],
    readonly spring: (held: Held) => void,
  ) {}

  /** Where in the chunk the last of the steps begins; null while it did not come by. */
  find(link: Link, to: Passing['to'], chunk: Buffer): number | null {
    const state = this.states.get(link) ?? { step: 0, tails: { server: Buffer.alloc(0), client: Buffer.alloc(0) } };
    this.states.set(link, state);
    const before = state.tails[to].length;
    const seen = Buffer.concat([state.tails[to], chunk]);
    let from = 0;
    for (let step = this.steps[state.step]; step?.to === to; step = this.steps[state.step]) {
      const at = seen.indexOf(step.bytes, from);
      if (at < 0) break;
      if (state.step === this.steps.length - 1) return Math.max(0, at - before);
      from = at + step.bytes.length;
      state.step++;
    }
    state.tails[to] = seen.subarray(Math.max(from, seen.length - TAIL_BYTES));
    return null;
  }
}

/** One connection of a client, with the one to the server that belongs to it. */
class Link {
  private dark = false;
  private held: { to: Passing['to']; chunks: Buffer[] } | null = null;
  private readonly ends: Record<Passing['to'], Socket>;

  constructor(
    client: Socket,
    server: Socket,
    private readonly trap: () => Trap | null,
    onGone: () => void,
  ) {
    this.ends = { client, server };
    for (const [from, to] of [
      ['client', 'server'],
      ['server', 'client'],
    ] as const) {
      const [source, target] = [this.ends[from], this.ends[to]];
      source.setNoDelay(true);
      source.on('error', () => undefined);
      source.on('data', (chunk) => {
        this.take(to, chunk);
      });
      target.on('drain', () => {
        if (!this.dark) source.resume();
      });
      source.on('close', () => {
        if (this.dark) return;
        target.end();
        if (target.destroyed) onGone();
      });
    }
  }

  /** Both ends see a reset. */
  cut(): void {
    this.dark = false;
    for (const end of [this.ends.client, this.ends.server]) end.resetAndDestroy();
  }

  /** From here on nothing passes, not even that an end closed. */
  darken(): void {
    this.dark = true;
    for (const end of [this.ends.client, this.ends.server]) end.pause();
  }

  destroy(): void {
    for (const end of [this.ends.client, this.ends.server]) end.destroy();
  }

  private take(to: Passing['to'], chunk: Buffer): void {
    if (this.held?.to === to) {
      this.held.chunks.push(chunk);
      return;
    }
    const trap = this.trap();
    const at = trap?.find(this, to, chunk) ?? null;
    if (!trap || at === null) {
      this.send(to, chunk);
      return;
    }
    this.send(to, chunk.subarray(0, at));
    const held = { to, chunks: [chunk.subarray(at)] };
    this.held = held;
    trap.spring({
      release: () => {
        this.held = null;
        for (const waiting of held.chunks) this.send(to, waiting);
      },
    });
  }

  private send(to: Passing['to'], chunk: Buffer): void {
    if (chunk.length > 0 && !this.ends[to].write(chunk)) this.ends[to === 'server' ? 'client' : 'server'].pause();
  }
}

/** Stands between a process and its broker or database, and does to their connections what networks do. */
export class TcpProxy {
  private readonly links = new Set<Link>();
  /** Clients that came while it was dark: nobody answers them. */
  private readonly unanswered = new Set<Socket>();
  private dark = false;
  private trap: Trap | null = null;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    /** The server's URL, by way of this proxy. */
    readonly url: string,
  ) {
    server.on('connection', (client) => {
      this.accept(client);
    });
  }

  /** Starts one on a free port. @param url of the server behind it, with a port */
  static async to(url: string): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const own = new URL(url);
    own.host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    return new TcpProxy(server, new URL(url), own.href);
  }

  /** Resets every connection. New ones pass. */
  cut(): void {
    for (const link of this.links) link.cut();
    this.links.clear();
  }

  /** Nothing gets through any more and no end is told, until `pass`. The connections that were there stay dead. */
  blackhole(): void {
    this.dark = true;
    for (const link of this.links) link.darken();
  }

  /** Lets new connections pass again. */
  pass(): void {
    this.dark = false;
  }

  /**
   * Waits until all of these have come by in this order on one connection, and holds the last of them,
   * with all that follows it in its direction.
   */
  hold(...steps: Passing[]): Promise<Held> {
    return new Promise((resolve) => {
      this.trap = new Trap(steps, (held) => {
        this.trap = null;
        resolve(held);
      });
    });
  }

  async close(): Promise<void> {
    for (const link of this.links) link.destroy();
    for (const client of this.unanswered) client.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    if (this.dark) {
      client.on('error', () => undefined);
      this.unanswered.add(client);
      return;
    }
    const server = connect(Number(this.target.port), this.target.hostname);
    const link = new Link(
      client,
      server,
      () => this.trap,
      () => this.links.delete(link),
    );
    this.links.add(link);
  }
}
