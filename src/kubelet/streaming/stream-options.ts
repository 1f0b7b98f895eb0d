/** Which streams a client of exec or attach asks for. */
export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export const undecodable = 'the query is not UTF-8 in percent encoding';

/** The query of a request; undefined when it cannot be decoded without loss (a command must not be run altered). */
export function queryOf(url: string): URLSearchParams | undefined {
  const query = url.slice(url.indexOf('?') + 1 || url.length);
  try {
    decodeURIComponent(query);
  } catch {
    return undefined;
  }
  return new URLSearchParams(query);
}

/** As the kubelet reads it (cri-streaming/pkg/streaming/remotecommand, NewOptions): a terminal has no stderr. */
export function streamOptions(query: URLSearchParams): StreamOptions | undefined {
  const [stdin, stdout, error, tty] = ['input', 'output', 'error', 'tty'].map(
    (name) => query.get(name) === '1',
  );
  const options = {
    stdin: stdin === true,
    stdout: stdout === true,
    stderr: error === true && tty !== true,
    tty: tty === true,
  };
  return options.stdin || options.stdout || options.stderr ? options : undefined;
}
