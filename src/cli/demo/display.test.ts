import { expect, test } from 'vitest';
import { changedLines, describe as described } from './change-lines.ts';
import { createDisplay } from './display.ts';
import { clipped, repaint, tableLines } from './live-table.ts';
import { notes } from './notes.ts';
import { cronJob, deployment, job, observed, refused, running } from './testing/demo-objects.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const seen = observed({
  deployments: [deployment('web', 2, 1)],
  jobs: [job('sum', 'Complete')],
  cronJobs: [cronJob('tick', '* * * * *')],
  pods: [running('web-b', 'ReplicaSet/web-1', '127.1.2.3'), refused('agent', 'Not', 'spec.x')],
});

test('the table shows workloads, Pods by name, and why Pods were refused', () => {
  expect(tableLines(seen, start + 61_000)).toEqual([
    'WORKLOAD        READY  STATUS     AGE',
    'deployment/web  1/2               61s',
    'job/sum         1/1    Complete   61s',
    'cronjob/tick           * * * * *  61s',
    '',
    'POD    READY  STATUS   RESTARTS  IP         AGE',
    'agent  0/1    Not      0                    61s',
    'web-b  1/1    Running  0         127.1.2.3  61s',
    '',
    'agent: Pod was rejected: spec.x: no',
  ]);
});

test('no more is drawn than the terminal holds', () => {
  const lines = ['1234567890', '2', '3', '4', '5'];
  expect(clipped(lines, { columns: 80, rows: 6 })).toEqual(lines);
  expect(clipped(lines, { columns: 6, rows: 4 })).toEqual(['1234…', '2', '... …']);
  expect(clipped(lines, { columns: 10, rows: 24 })[0]).toBe('12345678…');
});

test('a new table goes over the old one', () => {
  expect(repaint(0, ['a', 'b'])).toBe('\ra\u001b[K\nb\u001b[K\n\u001b[J');
  expect(repaint(2, ['a'])).toBe('\u001b[2A\ra\u001b[K\n\u001b[J');
});

test('a terminal that says it has no size is taken for one of 80 by 24', () => {
  const drawnOn = (size: { columns?: number; rows?: number }): string => {
    let written = '';
    createDisplay({ write: (text) => (written += text), isTTY: true, ...size }, start)(seen, start);
    return written;
  };
  expect(drawnOn({ columns: 0, rows: 0 })).toBe(drawnOn({ columns: 80, rows: 24 }));
});

test('without a terminal there is a line for each change', () => {
  let written = '';
  const display = createDisplay({ write: (text) => (written += text) }, start);
  display(seen, start);
  expect(written).toBe(
    `   0.0s deployment/web: 1/2 ready
   0.0s job/sum: 1/1, Complete
   0.0s cronjob/tick: * * * * *
   0.0s pod/agent: Not, Pod was rejected: spec.x: no
   0.0s pod/web-b: Running, 1/1 ready, 127.1.2.3
`,
  );
  written = '';
  display(seen, start + 5_000);
  expect(written).toBe('');
  display({ ...seen, deployments: [deployment('web', 2, 2)], pods: seen.pods.slice(0, 1) }, start + 12_345);
  expect(written).toBe('  12.3s deployment/web: 2/2 ready\n  12.3s pod/agent: gone\n');
});

test('on a terminal it is redrawn at its size', () => {
  const writes: string[] = [];
  const display = createDisplay(
    { write: (text) => writes.push(text), isTTY: true, columns: 12, rows: 4 },
    start,
  );
  display(seen, start);
  display(seen, start);
  expect(writes[1]).toBe(`\u001b[3A${writes[0]}`);
});

test('restarts are told', () => {
  const [web] = seen.pods;
  const restarted = observed({
    pods: [
      {
        ...web,
        status: {
          ...web?.status,
          containerStatuses: [
            { name: 'main', image: '', imageID: '', ready: true, restartCount: 2, state: { running: {} } },
          ],
        },
      },
    ],
  });
  expect(changedLines(described(seen), described(restarted))).toContain(
    'pod/web-b: Running, 1/1 ready, 2 restarts, 127.1.2.3',
  );
});

test('Pods that share an address are explained', () => {
  const shared = ['b', 'a'].map((name) => running(name, 'ReplicaSet/web-1', '127.0.0.1'));
  expect(notes(observed({ pods: shared }))).toEqual([
    expect.stringContaining('a, b share the address 127.0.0.1'),
  ]);
  expect(notes(seen)).toEqual([]);
  expect([...described(observed({ pods: shared })).keys()]).toContain('note');
});
