"""Runs a command on a pseudo-terminal of 24 x 80, and tells what it said: argv is the command.

Lines on stdin: `type TEXT` writes the text and a newline; `size ROWS COLUMNS` resizes the terminal. Everything the
command writes goes to stdout. Exits as the command does.
"""
import fcntl, os, pty, select, struct, sys, termios

def resize(rows, columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

child, master = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
resize(24, 80)
inputs, pending = [master, 0], b""
while master in inputs:
    for ready in select.select(inputs, [], [])[0]:
        try:
            data = os.read(ready, 65536)
        except OSError:
            data = b""
        if not data:
            inputs.remove(ready)
        elif ready == master:
            os.write(1, data)
        else:
            *lines, pending = (pending + data).split(b"\n")
            for verb, _, rest in (line.partition(b" ") for line in lines):
                if verb == b"type":
                    os.write(master, rest + b"\n")
                else:
                    resize(*map(int, rest.split()))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
