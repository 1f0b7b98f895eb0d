export interface BadPorts {
  readonly text: string;
}

/** Two channels each, and a channel is one byte; some encodings have fewer. */
const maxPorts = 32;

/**
 * The ports in the query of a port-forward over WebSocket: `port=80&port=81,82`
 * (cri-streaming/pkg/streaming/portforward/websocket.go, NewV4Options).
 */
export function queryPorts(query: URLSearchParams): readonly number[] | BadPorts {
  const values = query.getAll('port');
  if (values.length === 0) return { text: 'query parameter "port" is required' };
  if (values.includes('')) return { text: 'query parameter "port" cannot be empty' };
  const texts = values.flatMap((value) => value.split(','));
  const wrong = texts.find((text) => !/^\d{1,5}$/.test(text) || Number(text) > 65_535);
  if (wrong !== undefined) return { text: `unable to parse ${JSON.stringify(wrong)} as a port` };
  const ports = texts.map(Number);
  if (ports.includes(0)) return { text: 'port "0" must be > 0' };
  return ports.length <= maxPorts ? ports : { text: `at most ${maxPorts} ports can be forwarded at once` };
}

export function isBadPorts(ports: readonly number[] | BadPorts): ports is BadPorts {
  return 'text' in ports;
}
