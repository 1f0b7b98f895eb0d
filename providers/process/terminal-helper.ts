import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/**
 * Node.js can open a new terminal but can neither unlock it nor set its size: both take an ioctl. A few lines of Perl or
 * Python do, whichever the machine has; one of them is part of the base system of nearly every distribution. They take the
 * terminal as descriptor 3; arguments are its rows and columns and, unless only its size is to be set, the file to
 * execute and its argv. The process is the leader of a session without a terminal: the first that it opens becomes its own.
 * What goes wrong is told on stderr, `exec <errno> <text>` when it is the command's fault; a command that has started
 * closes it in silence. Numbers: asm-generic/ioctls.h of Linux.
 */
export interface TerminalHelper {
  readonly file: string;
  /** What comes before the arguments above. */
  readonly args: readonly string[];
}

const perl = `
my ($rows, $columns, $file, @argv) = @ARGV;
open(my $told, '>&', *STDERR) or exit 126;
sub fail { print $told "@_\\n"; exit 126 }
open(my $master, '+<&=', 3) or fail("open: $!");
my $size = pack('S4', $rows, $columns, 0, 0);
ioctl($master, 0x5414, $size) or fail("TIOCSWINSZ: $!");
exit 0 unless defined $file;
my $number = pack('i', 0);
ioctl($master, 0x40045431, $number) or fail("TIOCSPTLCK: $!");
ioctl($master, 0x80045430, $number) or fail("TIOCGPTN: $!");
my $name = '/dev/pts/' . unpack('i', $number);
open(my $slave, '+<', $name) or fail("$name: $!");
close($master);
open(STDIN, '<&', $slave) && open(STDOUT, '>&', $slave) && open(STDERR, '>&', $slave) or fail("dup: $!");
exec { $file } @argv;
fail('exec', $! + 0, $!);
`;

const python = `
import fcntl, os, struct, sys
rows, columns, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
told = os.dup(2)
try:
    fcntl.ioctl(3, 0x5414, struct.pack('4H', rows, columns, 0, 0))
    if not command: sys.exit(0)
    fcntl.ioctl(3, 0x40045431, struct.pack('i', 0))
    number = struct.unpack('i', fcntl.ioctl(3, 0x80045430, struct.pack('i', 0)))[0]
    slave = os.open('/dev/pts/%d' % number, os.O_RDWR)
    os.close(3)
    for fd in 0, 1, 2: os.dup2(slave, fd)
    entries = open('/proc/self/environ', 'rb').read().split(b'\\0')
except OSError as error:
    os.write(told, str(error).encode())
    sys.exit(126)
try:
    os.execve(command[0], command[1:], dict(entry.split(b'=', 1) for entry in entries if b'=' in entry))
except OSError as error:
    os.write(told, ('exec %d %s' % (error.errno, error.strerror)).encode())
    sys.exit(126)
`;

const folders = ['/usr/bin', '/bin', '/usr/local/bin', '/usr/libexec'];

/** In order of preference: Perl starts faster. */
const candidates: readonly { readonly name: string; readonly args: readonly string[] }[] = [
  { name: 'perl', args: ['-e', perl] },
  { name: 'python3', args: ['-I', '-S', '-c', python] },
  { name: 'platform-python', args: ['-I', '-S', '-c', python] },
];

/** Undefined where there is none, and on other systems than Linux. `only` = nothing but that one. */
export function findTerminalHelper(only?: string): TerminalHelper | undefined {
  if (process.platform !== 'linux') return undefined;
  for (const { name, args } of candidates) {
    if (only !== undefined && only !== name) continue;
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (isExecutable(file)) return { file, args };
    }
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
