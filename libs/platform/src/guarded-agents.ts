import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { AddressRefusedError, withoutBrackets, type AddressGuard } from './address-guard.js';

/** Answers as `dns.lookup` does with `all`. */
type Lookup = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Beside an error there is no socket; Node's types ask for one. */
const NO_SOCKET = undefined as never;

/** Agents for requests to hosts that somebody outside named. */
export interface GuardedAgents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/**
 * Agents that connect to nothing but what a guard lets through. An address is checked where it is handed to the
 * socket, so that no later DNS answer can change it, and every hop of a redirect passes here anew. A request fails with
 * an `AddressRefusedError`.
 */
export function guardedAgents(guard: AddressGuard, lookup: Lookup = systemLookup): GuardedAgents {
  const checked = guardedLookup(guard, lookup);
  // No connection is kept: one that was checked for a host serves no other.
  const options = { keepAlive: false, lookup: checked };
  return { http: new GuardedHttpAgent(options, guard), https: new GuardedHttpsAgent(options, guard) };
}

/** A lookup that answers with those addresses only which a guard lets through. */
export function guardedLookup(guard: AddressGuard, lookup: Lookup = systemLookup): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) {
        done(error, '');
        return;
      }
      const allowed = guard.allowsHost(host)
        ? addresses
        : addresses.filter(({ address }) => guard.allowsAddress(address));
      const [first] = allowed;
      if (!first) done(new AddressRefusedError(host), '');
      else if (options.all) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

/** Sockets do not look up what is an address already: it is checked before they are made. */
function literalRefusal(guard: AddressGuard, host: string | null | undefined): AddressRefusedError | null {
  const plain = withoutBrackets(host ?? '');
  return isIP(plain) !== 0 && !guard.allowsAddress(plain) ? new AddressRefusedError(plain) : null;
}

class GuardedHttpAgent extends http.Agent {
  constructor(
    options: http.AgentOptions,
    private readonly guard: AddressGuard,
  ) {
    super(options);
  }

  override createConnection(...[options, done]: Parameters<http.Agent['createConnection']>) {
    const refusal = literalRefusal(this.guard, options.host);
    if (refusal === null) return super.createConnection(options, done);
    done?.(refusal, NO_SOCKET);
    return undefined;
  }
}

class GuardedHttpsAgent extends https.Agent {
  constructor(
    options: https.AgentOptions,
    private readonly guard: AddressGuard,
  ) {
    super(options);
  }

  override createConnection(...[options, done]: Parameters<https.Agent['createConnection']>) {
    const refusal = literalRefusal(this.guard, options.host);
    if (refusal === null) return super.createConnection(options, done);
    done?.(refusal, NO_SOCKET);
    return undefined;
  }
}
