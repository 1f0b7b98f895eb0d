"""Runs `exec` with the official Python client: KUBECONFIG, then argv: NAMESPACE POD. Prints what came and the exit code."""
import sys
from kubernetes import client, config
from kubernetes.stream import stream

config.load_kube_config()
session = stream(
    client.CoreV1Api().connect_get_namespaced_pod_exec, sys.argv[2], sys.argv[1], container="main",
    command=["sh", "-c", "read line; echo got $line; echo bad >&2; exit 5"],
    stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False,
)
session.write_stdin("hello\n")
session.run_forever(timeout=30)
print(repr(session.read_stdout()), repr(session.read_stderr()), session.returncode)
