import { ProviderError } from '../../contract/index.ts';

/**
 * The address of a session, checked: encrypted, or to a fake on this machine. Whoever has it has the session, so it is in
 * no error.
 */
export function sessionUrl(text: string | undefined, endpoint: URL): URL {
  if (text === undefined || !URL.canParse(text))
    throw new ProviderError('Retryable', 'execContainerCommand: the answer has no WebSocketUri');
  const url = new URL(text);
  const isLocal = endpoint.protocol === 'http:' && url.hostname === endpoint.hostname;
  if (url.protocol !== 'wss:' && !(url.protocol === 'ws:' && isLocal))
    throw new ProviderError(
      'Unsupported',
      `execContainerCommand: the session at ${url.hostname} is not encrypted (${url.protocol})`,
    );
  return url;
}
