import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { ProviderClock } from '../../../providers/contract/index.ts';
import { answer } from './answer.ts';
import type { FakeEciCloud } from './cloud.ts';
import type { Fault } from './faults.ts';
import { ApiError } from './request/api-error.ts';
import type { SdkModel } from './request/sdk-model.ts';
import { verifySignature } from './request/signature.ts';
import { throttled } from './request/throttle.ts';

/** All parameters travel in the request line: 60 KB of files in base64, and more. */
const maxRequestLine = 1024 * 1024;
const version = '2018-08-08';

export interface ServerDeps {
  readonly cloud: FakeEciCloud;
  readonly clock: ProviderClock;
  readonly wall: () => number;
  readonly strict: boolean;
  readonly model: SdkModel;
}

/** The HTTP side of the fake: signature, faults, and answers as the gateway writes them. */
export function createEciServer(deps: ServerDeps): Server {
  return createServer({ maxHeaderSize: maxRequestLine }, (request, response) => {
    handle(deps, request, response).catch(() => response.destroy());
  });
}

interface Call {
  readonly action: string;
  readonly query: ReadonlyMap<string, string>;
  readonly fault: Fault | undefined;
}

async function handle(deps: ServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const { cloud, clock } = deps;
  const url = new URL(request.url ?? '/', 'http://localhost');
  const action = String(request.headers['x-acs-action'] ?? '');
  const call: Call = { action, query: new Map(url.searchParams), fault: cloud.faults.take(action) };
  const { fault } = call;
  if (fault?.kind === 'hang') return note(cloud, call, 'hang');
  if (fault?.kind === 'cut' || fault?.kind === 'late') {
    note(cloud, call, fault.kind);
    request.socket.destroy();
    if (fault.kind === 'late') clock.schedule(fault.ms, () => outcome(deps, request, url, call, body));
    return;
  }
  const { status, content, code } = outcome(deps, request, url, call, body);
  note(cloud, call, fault?.kind === 'lost' ? 'lost' : code);
  if (fault?.kind === 'lost') {
    request.socket.destroy();
    return;
  }
  if (fault?.kind === 'delay') await new Promise<void>((resolve) => clock.schedule(fault.ms, resolve));
  response.writeHead(status, { 'content-type': 'application/json;charset=utf-8' });
  response.end(JSON.stringify(content));
}

interface Outcome {
  readonly status: number;
  readonly code: string;
  readonly content: object;
}

function outcome(
  { cloud, wall, strict, model }: ServerDeps,
  request: IncomingMessage,
  url: URL,
  { action, query, fault }: Call,
  body: Uint8Array,
): Outcome {
  const RequestId = randomUUID().toUpperCase();
  try {
    const { method = 'GET', headers } = request;
    verifySignature({ method, path: url.pathname, query, headers, body }, cloud.account.keys, wall());
    const token = headers['x-acs-security-token'];
    cloud.account.checkToken(typeof token === 'string' ? token : undefined);
    if (headers['x-acs-version'] !== version)
      throw new ApiError(400, 'InvalidVersion', 'Specified parameter Version is not valid.');
    if (fault?.kind === 'throttle') throw throttled();
    if (fault?.kind === 'fail')
      throw new ApiError(fault.status, fault.code, fault.message ?? 'The request processing has failed.');
    return {
      status: 200,
      code: 'OK',
      content: { ...answer(cloud, action, query, { model, strict }), RequestId },
    };
  } catch (error) {
    const { status, code, message } =
      error instanceof ApiError ? error : new ApiError(500, 'InternalError', `fault of the fake: ${error}`);
    const HostId = `eci.${cloud.region}.aliyuncs.com`;
    const Recommend = `https://api.aliyun.com/troubleshoot?q=${code}&product=Eci&requestId=${RequestId}`;
    return { status, code, content: { RequestId, HostId, Code: code, Message: message, Recommend } };
  }
}

function note(cloud: FakeEciCloud, { action, query }: Call, result: string): void {
  cloud.book.add({ action, at: cloud.now(), outcome: result, parameters: query });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
