import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { text } from '../../providers/contract/conformance/runtime-harness.ts';
import type { ContainerSpec, LogEntry, RuntimeContainer } from '../../providers/contract/index.ts';
import { testEngine } from './engine.ts';
import { isLacking, isPodman } from './engine-kinds.ts';
import { container, forever, Harness, never, shell } from './harness.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

describe.skipIf(typeof engine === 'string')('a container on the engine', () => {
  let harness: Harness;
  let count = 0;

  beforeEach(() => {
    count += 1;
    harness = new Harness(`node-${process.pid}-${count}`);
  });
  afterEach(() => harness.end());

  function result(run: RuntimeContainer) {
    if (run.state.kind !== 'exited') throw new Error(`${run.name} runs`);
    return run.state.result;
  }

  it('ends with its exact code and reason', async () => {
    const sandbox = await harness.sandbox('ends');
    const cases: [string, number, string][] = [
      ['true', 0, 'Completed'],
      ['exit 3', 3, 'Error'],
      ['exit 143', 143, 'Error'],
    ];
    for (const [index, [script, exitCode, reason]] of cases.entries()) {
      const run = await harness.start(sandbox, shell(`c${index}`, script));
      const ended = await harness.exit(sandbox, run);
      expect(ended).toMatchObject({ exitCode, reason, containerId: run.id });
      expect(Date.parse(ended.finishedAt)).toBeGreaterThanOrEqual(Date.parse(ended.startedAt));
    }
  });

  it.skipIf(isLacking('tells-of-oom'))('is OOMKilled when it uses more than its limit', async () => {
    const sandbox = await harness.sandbox('oom');
    const hungry = shell('main', 'x=a; while :; do x=$x$x; done', { limits: { memoryBytes: 16 * 2 ** 20 } });
    const run = await harness.start(sandbox, hungry);
    expect(await harness.exit(sandbox, run)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });

  it('that cannot be started is a run that ended with StartError, and stays one', async () => {
    const sandbox = await harness.sandbox('start-errors');
    const missing = await harness.start(sandbox, container('a', { command: ['no-such-command'] }));
    expect(result(missing)).toMatchObject({ exitCode: 128, reason: 'StartError' });
    expect(result(missing).message).toContain('exec: "no-such-command": executable file not found in $PATH');
    const folder = await harness.start(sandbox, container('b', { command: ['/tmp'] }));
    expect(result(folder).message).toContain('permission denied');
    const repeated = await harness.start(sandbox, container('a', { command: ['no-such-command'] }));
    expect(repeated).toEqual(missing);
    const [listed] = await harness.runtime.list(harness.scope, never);
    expect(listed?.containers.map(({ id }) => id)).toEqual([missing.id, folder.id]);
  });

  it('is started once, however often and from wherever it is asked for', async () => {
    const sandbox = await harness.sandbox('once');
    const runs = await Promise.all([1, 2, 3].map(() => harness.start(sandbox, shell('main', forever))));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    const second = await harness.start(sandbox, shell('main', 'exit 0'), 1);
    expect(second.id).not.toBe(runs[0]?.id);
    await harness.exit(sandbox, second);
    await harness.runtime.removeContainer(sandbox.id, second.id, never);
    await harness.runtime.removeContainer(sandbox.id, second.id, never);
    const [listed] = await harness.runtime.list(harness.scope, never);
    expect(listed?.containers.map(({ run }) => run)).toEqual([0]);
  });

  it('that needs an image it may not have says so in the words of the kubelet', async () => {
    const sandbox = await harness.sandbox('images');
    const start = (image: string, imagePullPolicy: ContainerSpec['imagePullPolicy'] = 'IfNotPresent') =>
      harness.start(sandbox, { ...shell('main', 'true'), image, imagePullPolicy });
    await expect(start('burstlet.dev/none:1', 'Never')).rejects.toMatchObject({
      reason: 'ErrImageNeverPull',
      message: 'Container image "burstlet.dev/none:1" is not present with pull policy of Never',
    });
    await expect(start('Not/Valid:Image:x')).rejects.toMatchObject({ reason: 'InvalidImageName' });
    await expect(start('127.0.0.1:1/none:1')).rejects.toMatchObject({ reason: 'ErrImagePull' });
    await expect(harness.start(sandbox, { ...container('none'), command: [] })).resolves.toBeDefined();
  });

  it('runs as whom it is told, with the groups, capabilities and rights it is given', async () => {
    const sandbox = await harness.sandbox('security', {
      securityContext: { runAsUser: 1234, runAsGroup: 2345, supplementalGroups: [3456], fsGroup: 4567 },
    });
    const script = 'id -u; id -G; grep -E "CapEff|NoNewPrivs" /proc/self/status; touch /x 2>&1';
    const confined = shell('confined', script, {
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { add: [], drop: ['ALL'] },
      },
    });
    const [user, groups, capabilities, noNewPrivileges, touch] = (
      await harness.output(sandbox, confined)
    ).split('\n');
    expect(user).toBe('1234');
    expect(groups?.split(' ').sort()).toEqual(['2345', '3456', '4567']);
    expect(capabilities).toMatch(/0000000000000000$/);
    expect(noNewPrivileges).toMatch(/1$/);
    expect(touch).toContain('Read-only file system');
    const root = shell('root', 'id -u; id -g; grep CapEff /proc/self/status', {
      securityContext: { runAsUser: 0, runAsGroup: 0, capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] } },
    });
    expect((await harness.output(sandbox, root)).split(/\s+/)).toEqual([
      '0',
      '0',
      'CapEff:',
      '0000000000001000',
    ]);
  });

  it('that must not be root is not started as root', async () => {
    const sandbox = await harness.sandbox('non-root', { securityContext: { runAsNonRoot: true } });
    await expect(harness.start(sandbox, shell('main', 'true'))).rejects.toMatchObject({
      reason: 'CreateContainerConfigError',
      message:
        'container has runAsNonRoot and image will run as root (pod: "non-root_suite(uid-non-root)", container: main)',
    });
    const asRoot = shell('other', 'true', { securityContext: { runAsUser: 0 } });
    await expect(harness.start(sandbox, asRoot)).rejects.toThrow(
      "container's runAsUser breaks non-root policy",
    );
    const allowed = shell('third', 'id -u', { securityContext: { runAsUser: 5 } });
    expect(await harness.output(sandbox, allowed)).toBe('5');
  });

  it('has the CPU and memory that it asks for, and is found by its quality of service', async () => {
    const resources = { cpuMillis: 250, memoryBytes: 64 * 2 ** 20 };
    const spec = harness.spec('resources', {
      containers: [shell('main', 'true', { requests: resources, limits: resources })],
    });
    const sandbox = await harness.runtime.createSandbox(spec, 'resources', never);
    const run = await harness.start(
      sandbox,
      shell('main', forever, { requests: resources, limits: resources }),
    );
    const files = await harness.exec(sandbox, run, [
      'sh',
      '-c',
      'cd /sys/fs/cgroup; cat cpu/cpu.shares cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes 2>/dev/null || cat cpu.max memory.max',
    ]);
    const isFirstVersion = files.output.startsWith('256\n');
    expect(files.output).toBe(isFirstVersion ? '256\n25000\n67108864\n' : '25000 100000\n67108864\n');
    const [stats] = await harness.runtime.stats(harness.scope, never);
    expect(stats?.containers[0]?.cpuNanoSeconds).toBeGreaterThan(0);
    expect(stats?.containers[0]?.memoryWorkingSetBytes).toBeGreaterThan(0);
  });

  it('is told its command, arguments, folder, environment and host name', async () => {
    const sandbox = await harness.sandbox('config', {
      hostname: 'web-0',
      fqdn: 'web-0.web.suite.svc.cluster.local',
      hostAliases: [{ ip: '10.1.2.3', hostnames: ['db', 'db.example'] }],
      dns: { nameservers: ['10.0.0.10'], searches: ['svc.local'], options: [{ name: 'ndots', value: '5' }] },
    });
    const main = container('main', {
      command: ['/bin/sh', '-c', 'echo "$0 $A"; pwd; hostname; cat /etc/hosts /etc/resolv.conf'],
      args: ['arg'],
      workingDir: '/work',
      env: [{ name: 'A', value: 'b=c', secret: false }],
    });
    const [first, folder, host, ...files] = (await harness.output(sandbox, main)).split('\n');
    expect([first, folder, host]).toEqual(['arg b=c', '/work', 'web-0']);
    expect(files).toEqual([
      '# Kubernetes-managed hosts file.',
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      'fe00::0\tip6-localnet',
      'fe00::0\tip6-mcastprefix',
      'fe00::1\tip6-allnodes',
      'fe00::2\tip6-allrouters',
      `${sandbox.ips[0]}\tweb-0.web.suite.svc.cluster.local\tweb-0`,
      '',
      '# Entries added by HostAliases.',
      '10.1.2.3\tdb\tdb.example',
      'search svc.local',
      'nameserver 10.0.0.10',
      'options ndots:5',
    ]);
    const onlyArguments = container('arguments', { args: ['/bin/echo', 'hello'] });
    expect(await harness.output(sandbox, onlyArguments)).toBe('hello');
  });

  it('shares its address and memory with the others of its Pod, and reaches other Pods', async () => {
    const one = await harness.sandbox('one');
    const other = await harness.sandbox('other');
    const server = shell('server', 'while :; do echo hello | nc -l -p 8080; done');
    await harness.start(one, server);
    const ask = (address: string) =>
      `for i in $(seq 50); do nc -w 1 ${address} 8080 && exit; sleep 0.1; done`;
    expect(await harness.output(one, shell('near', ask('127.0.0.1')))).toBe('hello');
    expect(await harness.output(other, shell('far', ask(one.ips[0] ?? '')))).toBe('hello');
  });

  it('sees the processes of its Pod where that wants it, and leaves no zombies to it', async () => {
    const sandbox = await harness.sandbox('processes', { shareProcessNamespace: true });
    const other = await harness.start(sandbox, shell('other', `: other; ${forever}`));
    const main = await harness.start(
      sandbox,
      shell('main', '(sleep 0.1 & exec true); sleep 1; ps -o pid,stat,args; sleep 600'),
    );
    const lines = await harness.log(sandbox, main, { follow: true }, /ps -o/);
    expect(lines.find((line) => line.includes('/sandbox'))).toMatch(/^ +1 /);
    expect(lines.find((line) => line.includes(': other;'))).toBeDefined();
    expect(lines.filter((line) => / Z /.test(line))).toEqual([]);
    await harness.stop(sandbox, other, 5);
    expect((await harness.exit(sandbox, other)).exitCode).toBe(0);
  });

  it('answers an exec with its code and output, and is rid of one that takes too long', async () => {
    const sandbox = await harness.sandbox('exec');
    const run = await harness.start(sandbox, shell('main', forever));
    const sh = (script: string, timeoutMs?: number) =>
      harness.exec(sandbox, run, ['sh', '-c', script], timeoutMs);
    expect(await sh('echo out; sleep 0.1; echo err >&2; exit 7')).toEqual({
      exitCode: 7,
      output: 'out\nerr\n',
      timedOut: false,
    });
    expect((await sh('yes | head -c 100000')).output).toHaveLength(1000);
    expect(await sh('echo begun; exec sleep 654', 700)).toMatchObject({ output: 'begun\n', timedOut: true });
    expect((await sh('ps | grep -c "[s]leep 654"')).output).toBe('0\n');
    // Its output is over long before it is.
    expect(await sh('exec >&- 2>&-; sleep 3; exit 4')).toMatchObject({ exitCode: 4, timedOut: false });
    const missing = await harness.exec(sandbox, run, ['no-such-command']);
    expect(missing.exitCode).toBeGreaterThan(0);
    expect(missing.output).toContain('no-such-command');
    await harness.stop(sandbox, run, 1);
    await harness.exit(sandbox, run);
    await expect(sh('true')).rejects.toMatchObject({
      kind: 'NotFound',
      message: expect.stringMatching(isPodman ? /container state improper/ : /is not running/),
    });
  });

  it('leaves a termination message: the end of its file, or of its log', async () => {
    const sandbox = await harness.sandbox('message');
    const file = await harness.start(sandbox, shell('file', 'echo hello > /dev/termination-log; exit 1'));
    expect((await harness.exit(sandbox, file)).message).toBe('hello\n');
    const elsewhere = shell('elsewhere', 'yes 1234567 | head -c 10000 > /tmp/end', {
      terminationMessagePath: '/tmp/end',
      securityContext: { runAsUser: 77 },
    });
    const long = await harness.exit(sandbox, await harness.start(sandbox, elsewhere));
    expect(long.message).toBe('1234567\n'.repeat(4096 / 8));
    const policy = { terminationMessagePolicy: 'FallbackToLogsOnError' } as const;
    const failed = await harness.start(sandbox, shell('log', 'echo one; echo two >&2; exit 1', policy));
    expect((await harness.exit(sandbox, failed)).message.split('\n').sort()).toEqual(['', 'one', 'two']);
    const fine = await harness.start(sandbox, shell('fine', 'echo one', policy));
    expect((await harness.exit(sandbox, fine)).message).toBe('');
  });

  it('has a log with exact times, of a terminal too', async () => {
    const sandbox = await harness.sandbox('logs');
    const run = await harness.start(
      sandbox,
      shell('main', 'echo a; echo b >&2; head -c 20000 /dev/zero | tr "\\0" x; echo; printf end'),
    );
    await harness.exit(sandbox, run);
    const entries: LogEntry[] = [];
    for await (const entry of harness.entries(sandbox, run)) entries.push(entry);
    const stdout = entries.filter(({ stream }) => stream === 'stdout');
    const parts = stdout.map((entry) => [text(entry).length, entry.partial]);
    // Long lines come in parts; how long those are is up to the engine.
    if (isPodman)
      expect(parts.filter(([length, partial]) => partial && Number(length) <= 16_384).length).toBeGreaterThan(
        1,
      );
    else
      expect(parts).toEqual([
        [1, false],
        [16384, true],
        [3616, false],
        [3, true],
      ]);
    const whole = stdout.map((entry) => `${text(entry)}${entry.partial ? '' : '\n'}`).join('');
    expect(whole).toBe(`a\n${'x'.repeat(20_000)}\nend`);
    for (const { time } of entries) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    const terminal = await harness.start(sandbox, shell('terminal', 'tty; echo two', { tty: true }));
    await harness.exit(sandbox, terminal);
    const lines = await harness.log(sandbox, terminal);
    expect(lines).toEqual(['/dev/pts/0\r', 'two\r']);
  });

  it('is killed at its deadline by a daemon that was started after the stop', async () => {
    const sandbox = await harness.sandbox('stubborn');
    const run = await harness.start(
      sandbox,
      shell('main', 'trap "" TERM; echo ready; while :; do sleep 1; done'),
    );
    await harness.log(sandbox, run, { follow: true }, /ready/);
    await harness.stop(sandbox, run, 2);
    await harness.close();
    const { stateDir, scope } = harness;
    harness = new Harness(scope.node, {}, stateDir);
    expect(await harness.exit(sandbox, run)).toMatchObject({ exitCode: 137 });
  });

  it('is written to by nobody: its secrets are in no label and no name', async () => {
    if (typeof engine === 'string') return;
    const sandbox = await harness.sandbox('labels');
    await harness.start(
      sandbox,
      shell('main', forever, { env: [{ name: 'P', value: 'hush', secret: true }] }),
    );
    const listed = await engine.containers({ label: [`burstlet.dev/sandbox=${sandbox.id}`] }, never);
    expect(listed).toHaveLength(2);
    expect(JSON.stringify(listed)).not.toContain('hush');
    expect(readFileSync(`${harness.stateDir}/sandboxes/${sandbox.id}/pod.json`, 'utf8')).not.toContain(
      'hush',
    );
  });
});
