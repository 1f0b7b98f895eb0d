const program = (port: number): string =>
  `net.createServer({ allowHalfOpen: true }, (one) => one.pipe(one)).listen(${port}, process.env.POD_IP)`;

/** What a container of the process provider needs to give back whatever comes to a port of its Pod. */
export function echoServer(port: number) {
  return {
    command: ['sh', '-c', `exec '${process.execPath}' -e '${program(port)}'`],
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    ...readyAt(port),
  };
}

/** A program that runs may not listen yet. */
export function readyAt(port: number) {
  return { readinessProbe: { tcpSocket: { port }, periodSeconds: 1 } };
}
