import type { IncomingMessage, ServerResponse } from 'node:http';
import { delay, type ProviderClock } from '../../../../providers/contract/index.ts';
import type { Action } from '../api/action.ts';
import { groupOf, type Throttles } from '../capacity/throttles.ts';
import type { Faults } from '../faults.ts';
import type { CallLog } from './call-log.ts';
import { faultError } from './fault-error.ts';
import type { Keys } from './keys.ts';
import { readBody, readJson } from './read-body.ts';
import { ServiceError, throttled } from './service-error.ts';
import { verifySignature } from './signature.ts';
import { toWire } from './to-wire.ts';

export interface ServiceTable {
  /** Of `X-Amz-Target`: `AmazonSQS` */
  readonly target: string;
  /** What signatures are made for: `sqs`. */
  readonly service: string;
  readonly contentType: string;
  readonly actions: Readonly<Record<string, Action>>;
}

export interface DoorDeps {
  readonly region: string;
  readonly account: string;
  readonly services: readonly ServiceTable[];
  readonly keys: Keys;
  readonly faults: Faults;
  readonly throttles: Throttles;
  readonly calls: CallLog;
  readonly clock: ProviderClock;
  /** The time that signatures are held against. SDKs sign with the real one, whatever the clock of the cloud says. */
  signingNow(): number;
}

/** Takes one HTTP request through signature, faults, rate and action, to its answer. Never rejects. */
export async function serve(
  deps: DoorDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const target = String(request.headers['x-amz-target'] ?? '');
  const table = deps.services.find((one) => target.startsWith(`${one.target}.`));
  const name = target.slice(target.indexOf('.') + 1);
  const call = { at: deps.clock.now(), action: name, input: undefined as unknown, result: 'ok' };
  deps.calls.add(call);
  try {
    const body = await readBody(request);
    const act = table?.actions[name];
    if (table === undefined || act === undefined)
      throw new ServiceError('UnknownOperationException', `The fake has no action ${target}`);
    checkSignature(deps, table, request, body);
    call.input = readJson(body);
    const fault = deps.faults.draw(name);
    const group = groupOf[name];
    if (group !== undefined && !deps.throttles.take(group, deps.clock.now())) throw throttled();
    const { service } = table;
    const refused = faultError(fault, { account: deps.account, service, action: name });
    if (refused !== undefined) throw refused;
    if (fault?.kind === 'delay') await delay(deps.clock, fault.ms, gone.signal);
    if (fault?.kind === 'cut') {
      call.result = 'cut';
      request.socket.destroy();
      return;
    }
    const answer = await act(call.input, { signal: gone.signal });
    if (fault?.kind === 'lose') {
      call.result = 'lost';
      request.socket.destroy();
      return;
    }
    write(response, deps, 200, table.contentType, answer, {});
  } catch (error) {
    const known = error instanceof ServiceError ? error : internal(error);
    call.result = known.code;
    const { queryCode, ...fields } = known.fields;
    const headers = queryCode === undefined ? {} : { 'x-amzn-query-error': `${String(queryCode)};Sender` };
    const content = { __type: known.code, message: known.message, ...fields };
    write(response, deps, known.status, table?.contentType ?? 'application/x-amz-json-1.1', content, headers);
  }
}

function checkSignature(
  deps: DoorDeps,
  { service }: ServiceTable,
  request: IncomingMessage,
  body: Buffer,
): void {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
  verifySignature(
    { method: request.method ?? '', url: request.url ?? '/', headers, body },
    { region: deps.region, service, now: deps.signingNow(), key: (id) => deps.keys.find(id) },
  );
}

function internal(error: unknown): ServiceError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new ServiceError('ServerException', `The fake itself failed: ${text}`, { status: 500 });
}

function write(
  response: ServerResponse,
  deps: DoorDeps,
  status: number,
  contentType: string,
  content: object,
  headers: Record<string, string>,
): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': contentType,
    'x-amzn-requestid': crypto.randomUUID(),
    // SDKs correct their clock by it.
    date: new Date(deps.signingNow()).toUTCString(),
    ...headers,
  });
  response.end(toWire(content));
}
